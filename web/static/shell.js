// The frame around the pages. htmx exchanges `main` and leaves the bar and the rail alone; what the exchange does not
// bring is done here: title, current place in the rail, focus for the keyboard, forms that send themselves.

import "./fresh.js";
import "./order.js";
import "./player.js";
import "./waiting.js";

const main = () => document.getElementById("main");

function markPlace() {
  const here = location.pathname;
  for (const link of document.querySelectorAll(".rail a")) {
    const at = link.pathname;
    if (here === at || here.startsWith(`${at}/`)) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

function arrived() {
  const title = main()?.dataset.title;
  if (title) document.title = title;
  markPlace();
}

document.addEventListener("htmx:after:swap", arrived);
document.addEventListener("htmx:after:push:into:history", arrived);
window.addEventListener("popstate", () => setTimeout(arrived));

// What is exchanged takes the focus with it. The same field, button or tab of the new page has it then, so that a filter can be
// changed by arrows, one step after the other; htmx itself does this for what has an id.
let kept = "";
const named = (name, value) => `[${name}="${CSS.escape(value)}"]`;

function place(element) {
  if (!element || element === main() || !main()?.contains(element)) return "";
  if (element.id) return `#${CSS.escape(element.id)}`;
  if (element.closest(".tabs") && element.matches("a[href]")) return `.tabs a${named("href", element.getAttribute("href"))}`;
  if (!element.name || !element.form) return "";
  const which = element.matches("button, [type=radio], [type=checkbox]") ? named("value", element.value) : "";
  return `form${named("action", element.form.getAttribute("action") ?? "")} ${named("name", element.name)}${which}`;
}

function back(wanted) {
  const found = wanted && main()?.querySelector(wanted);
  if (!found) return false;
  found.focus({ preventScroll: true });
  if (found.matches("[type=search], [type=text]")) found.setSelectionRange(found.value.length, found.value.length);
  return true;
}

document.addEventListener("htmx:before:swap", () => {
  kept = place(document.activeElement);
});

// A new page begins at its top, and the keyboard goes on from its content.
document.addEventListener("htmx:after:swap", () => {
  const shown = main();
  if (!shown || shown.dataset.seen) return;
  shown.dataset.seen = "1";
  const active = document.activeElement;
  if ((!active || active === document.body) && !back(kept)) shown.focus({ preventScroll: true });
  shown.scrollTop = 0;
});

// Filters answer at once; without scripts the button beside them sends the form.
document.addEventListener("change", (event) => {
  const form = event.target.closest?.("form[data-auto]");
  if (form) form.requestSubmit();
});

// The account's menu closes where a menu should: outside, on Esc, after a choice.
document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll("details.me[open]")) {
    if (!open.contains(event.target) || event.target.closest("a")) open.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const open of document.querySelectorAll("details.me[open]")) {
    open.open = false;
    open.querySelector("summary").focus();
  }
});

// Copying a number: the button says so for a moment.
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  await navigator.clipboard?.writeText(button.dataset.copy);
  button.classList.add("done");
  setTimeout(() => button.classList.remove("done"), 1500);
});

markPlace();

// A page about work that goes on (an import) is read again until the work has ended.
setInterval(async () => {
  const shown = document.querySelector("[data-again]");
  if (!shown || document.hidden) return;
  const answer = await fetch(location.href).catch(() => null);
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#main > .page");
  if (!page || !shown.isConnected) return;
  const here = place(document.activeElement);
  const within = shown.contains(document.activeElement);
  shown.replaceWith(document.importNode(page, true));
  if (within && !back(here)) main().focus({ preventScroll: true });
}, 1500);
