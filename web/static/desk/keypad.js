// The keypad of a running call: tones for a menu at the other end. Its keys are the keyboard's own digits, too, and digits that
// are typed while the call bar has the focus open it. Sent one after another, in the order in which they were pressed.

import { html, icon, Island, keys, nothing, num } from "./dom.js";
import { t } from "./i18n.js";
import { talking } from "./state.js";
import { store } from "./store.js";
import * as act from "./act.js";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const LONGEST = 24; // as many as are shown of what was sent

const pad = { open: false, sent: "", before: null, line: Promise.resolve() };
const redraw = () => store.dispatch("choose", { id: store.state.chosen });

export const isOpen = () => pad.open;

export function toggle(wanted = !pad.open) {
  if (wanted === pad.open) return;
  if (wanted) Object.assign(pad, { sent: "", before: document.activeElement });
  pad.open = wanted;
  redraw();
  if (wanted) requestAnimationFrame(() => document.querySelector(".keypad")?.focus());
  else if (pad.before?.isConnected) pad.before.focus();
}

export function press(digit) {
  const card = talking(store.state);
  if (!card) return;
  pad.line = pad.line.then(async () => {
    if (await act.digit(card, digit)) pad.sent = (pad.sent + digit).slice(-LONGEST);
    redraw();
  });
}

// A digit that is typed here; true when it was one.
export function typed(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || !KEYS.includes(event.key)) return false;
  event.preventDefault();
  event.stopPropagation();
  press(event.key);
  return true;
}

function key(event) {
  if (typed(event) || event.key !== "Escape") return;
  event.stopPropagation();
  toggle(false);
}

class Keypad extends Island {
  draw() {
    if (pad.open && !talking(store.state)) pad.open = false;
    super.draw();
    const box = this.querySelector(".pop");
    const button = document.querySelector("cc-callbar [data-keypad]");
    if (!box || !button?.offsetParent || matchMedia("(max-width: 899px)").matches) return;
    const at = button.getBoundingClientRect();
    const start = document.dir === "rtl" ? innerWidth - at.right : at.left;
    box.style.insetInlineStart = `${Math.max(8, Math.min(start, innerWidth - 256))}px`;
  }

  view(state) {
    if (!pad.open || !talking(state)) return nothing;
    return html`<div class="pop keypad" role="dialog" tabindex="-1" aria-label=${t("Keypad")} @keydown=${key}>
      <output class="sent" aria-label=${t("Sent digits")}>${num(pad.sent || "–")}</output>
      <div class="tones" dir="ltr">${KEYS.map((digit) => html`<button type="button" class="btn l" @click=${() => press(digit)}>${digit}</button>`)}</div>
      <div class="pager"><button type="button" class="btn quiet s push" @click=${() => toggle(false)}>${icon("x", "s")}${t("Close")} ${keys("Esc")}</button></div></div>`;
  }
}
customElements.define("cc-keypad", Keypad);
