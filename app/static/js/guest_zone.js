// Says in a cookie which time zone a guest's browser is in. The server names UTC as long as it does not know: a page
// that did is fetched once more, but never from under somebody who reads what was wrong with what they typed.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const cookie = `zone=${zone}`;
const isKept = () => document.cookie.split("; ").includes(cookie);

if (zone && zone !== "UTC" && !isKept()) {
  document.cookie = `${cookie}; path=/; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
  const main = document.getElementById("main");
  const isAtWork = main.querySelector(".error, select[data-guess-zone]");
  if (isKept() && main.textContent.includes("UTC") && !isAtWork) location.replace(location.href);
}
