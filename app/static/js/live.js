// Keeps a page fresh: <main data-live="/events/…"> names the stream of events. On news the page is fetched again quietly
// and every [data-region] whose HTML changed is replaced, never while somebody writes in it.
const main = document.querySelector("main[data-live]");
const regions = (root) => root.querySelectorAll("[data-region]");
// Hidden inputs carry tokens that differ every time; they say nothing about news.
const plain = (region) => region.outerHTML.replace(/<input[^>]*type="hidden"[^>]*>/g, "");
const seen = new Map([...regions(document)].map((region) => [region.dataset.region, plain(region)]));
const patient = () => document.querySelector("form[data-go-when]");
// A stream that went dead without a word tells nothing: whoever listens looks by itself too, now and then, not all at once.
const SLOWLY = 60_000 + 30_000 * Math.random();
const looks = () => !document.hidden || patient();
let source, poll, retry, due, wait = 1000, fetching = false, again = false, since = performance.now();

/** Whether somebody is at work in this region: writes, ticks, opened or sent something, or reads what was wrong. */
const touched = (region) =>
  region.querySelector(".error, [data-sent], details[open], :is(input:not([type=hidden], [readonly]), textarea, select):focus")
  || [...region.querySelectorAll("input:not([type=hidden]), textarea")].some(
    (field) => field.value !== field.defaultValue || field.checked !== field.defaultChecked,
  );

const stops = (region) => [...region.querySelectorAll("a[href], button, summary, [tabindex]")];

function replace(region, fresh) {
  const at = stops(region).indexOf(document.activeElement);
  const before = region.dataset.state;
  region.replaceWith(fresh);
  if (at >= 0) (stops(fresh)[at] ?? document.getElementById("main")).focus({ preventScroll: true });
  for (const form of fresh.querySelectorAll("form[data-go-when]")) {
    if (before !== fresh.dataset.state && form.dataset.goWhen === fresh.dataset.state) form.requestSubmit();
  }
}

/** Fetch at a moment of our own within `spread` milliseconds: a thousand pages hear the same news. */
function soon(spread, after = 0) {
  due ??= setTimeout(() => {
    due = undefined;
    refresh();
  }, after + spread * Math.random());
}

/** The server has no time now. News is not lost: the page asks again, and not at the same moment as all others. */
function later(answer) {
  const seconds = Math.min(60, Number(answer.headers.get("Retry-After")) || 5);
  soon(1000 * seconds, 1000 * seconds);
}

async function refresh() {
  if (fetching) return void (again = true);
  fetching = true;
  try {
    const answer = await fetch(main.dataset.page ?? location.href, { headers: { "X-Quiet": "1" } });
    if (answer.ok && answer.redirected) return location.assign(answer.url);
    if (answer.status === 429 || answer.status === 503) return later(answer);
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    since = performance.now();
    for (const region of regions(document)) {
      const fresh = [...regions(page)].find((one) => one.dataset.region === region.dataset.region);
      if (!fresh || touched(region)) continue;
      const html = plain(fresh);
      if (seen.get(region.dataset.region) === html) continue;
      seen.set(region.dataset.region, html);
      replace(region, document.adoptNode(fresh));
    }
  } catch {
    // The network is away; the next round asks again.
  } finally {
    fetching = false;
    if (again) again = false, refresh();
  }
}

function listen() {
  clearTimeout(retry);
  source?.close();
  source = new EventSource(main.dataset.live);
  source.onopen = () => {
    wait = 1000;
    poll = clearInterval(poll);
    soon(1000);
  };
  // The server says how many hear it, by the time within which all of them are to look.
  source.onmessage = (news) => soon(JSON.parse(news.data).spread ?? 1000);
  source.onerror = () => {
    source.close();
    // Also where there are too many streams already: then this page looks by itself.
    poll ??= setInterval(() => looks() && refresh(), 15_000 + 10_000 * Math.random());
    // Not all at once, when a process stops and its streams end.
    retry = setTimeout(listen, wait * (0.5 + Math.random()));
    wait = Math.min(wait * 2, 60_000);
  };
}

function rest() {
  clearTimeout(retry);
  due = clearTimeout(due);
  poll = clearInterval(poll);
  source?.close();
}

/** Counts down "24 min left"; starts from what the server said, so a wrong clock here does no harm. */
function tick() {
  const gone = Math.floor((performance.now() - since) / 1000);
  for (const left of document.querySelectorAll("[data-left]")) {
    const minutes = Math.max(0, Math.floor((left.dataset.left - gone) / 60));
    const hours = Math.floor(minutes / 60);
    const time = [hours && `${hours} h`, (minutes % 60 || !hours) && `${minutes % 60} min`].filter(Boolean).join(" ");
    left.textContent = left.dataset.words.replace("{}", time);
  }
}

if (main) {
  listen();
  setInterval(tick, 15_000);
  setInterval(() => looks() && refresh(), SLOWLY);
  addEventListener("pagehide", rest);
  addEventListener("pageshow", (event) => event.persisted && listen());
  // Who waits for a meeting may look elsewhere meanwhile: that page keeps listening.
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) listen();
    else if (!patient()) rest();
  });
}
