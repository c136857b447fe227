// Small comforts for forms: no double sending, copy buttons, values filled in. Every page works without this file.
document.documentElement.classList.add("js");

const said = document.getElementById("said");
const say = (text) => { said.textContent = text; };

const wordsOf = (button) => [...button.childNodes].find((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());

/** Takes a form back to rest: after "back", or when the answer takes long and one wants to try again. */
function rest(form) {
  delete form.dataset.sent;
  for (const button of document.querySelectorAll("button[aria-busy]")) {
    button.removeAttribute("aria-busy");
    if (button.dataset.words) wordsOf(button).textContent = button.dataset.words;
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "get") return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  const button = event.submitter;
  if (button) {
    button.setAttribute("aria-busy", "true");
    const words = wordsOf(button);
    const busy = button.dataset.busy ?? form.dataset.busy;
    if (busy && words) {
      button.dataset.words = words.textContent;
      words.textContent = busy;
      say(busy);
    }
  }
  setTimeout(rest, form.target === "_blank" ? 2000 : 20000, form);
});

addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[data-sent]").forEach(rest);
});

async function copy(button) {
  // Without a value of its own a button copies the first link of the card it stands in.
  const value = button.dataset.copy || button.closest("li").querySelector("a").href;
  const field = button.parentElement.querySelector("input[readonly]");
  const done = said.dataset.copied;
  try {
    await navigator.clipboard.writeText(value);
  } catch {
    // No clipboard on plain http: a field that is selected, so that Ctrl-C is enough.
    const place = field ?? button.appendChild(Object.assign(document.createElement("input"), { value }));
    place.select();
    const copied = document.execCommand("copy");
    if (!field) place.remove();
    if (!copied) return;
  }
  say(done);
  const words = wordsOf(button);
  const before = (button.dataset.words ??= words.textContent);
  words.textContent = done;
  setTimeout(() => { words.textContent = before; }, 2500);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button[type=button]");
  if (button?.dataset.copy !== undefined) copy(button);
  if (button?.dataset.fill) {
    const input = document.getElementById(button.dataset.fill);
    input.value = button.value;
    input.focus();
  }
  for (const menu of document.querySelectorAll(".menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector(".menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
