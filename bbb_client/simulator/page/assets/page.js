// Keeps the page fresh and tells the simulator that it is open; everything works without it.
const token = new URLSearchParams(location.search).get("sessionToken");
const query = `?sessionToken=${encodeURIComponent(token)}`;
const live = document.getElementById("live");
let shown = null;

async function look() {
  try {
    const answer = await fetch(`/html5client/live${query}`, { cache: "no-store" });
    if (answer.status === 409) {
      location.replace(await answer.text());
      return;
    }
    if (answer.status === 200) show(await answer.text());
  } catch {
    // The server does not answer just now: what is shown stays, the next look may succeed.
  }
  setTimeout(look, 2000);
}

function show(text) {
  if (text === shown) return;
  shown = text;
  const focused = document.activeElement?.id;
  live.innerHTML = text;
  if (focused) document.getElementById(focused)?.focus();
}

addEventListener("pagehide", () => navigator.sendBeacon(`/html5client/closed${query}`));
addEventListener("pageshow", (event) => event.persisted && location.reload());
look();
