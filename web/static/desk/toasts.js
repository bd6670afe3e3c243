// Short messages at the foot, and the one sentence that announces a call.

import { html, icon, Island } from "./dom.js";
import { t } from "./i18n.js";
import { store } from "./store.js";
import { nameOf } from "./card.js";
import { problem } from "./words.js";

const GLYPH = { info: "info", warn: "triangle-alert", bad: "circle-x" };
const STAY = { info: 5_000, warn: 8_000, bad: 12_000 };
const timed = new Set();

function sentence(state) {
  const card = state.calls.find((one) => one.id === state.announced);
  if (!card) return "";
  const queue = card.why?.label || card.why?.queue;
  return queue ? t("Incoming call, {name}, {queue}", { name: nameOf(card), queue }) : t("Incoming call, {name}", { name: nameOf(card) });
}

class Toasts extends Island {
  view(state) {
    for (const { id, level } of state.toasts) {
      if (timed.has(id)) continue;
      timed.add(id);
      setTimeout(() => store.dispatch("untoast", { id }), STAY[level] ?? 5_000);
    }
    return html`<div class="sr" aria-live="assertive" aria-atomic="true">${sentence(state)}</div>
      <div class="toasts" role="status" aria-live="polite">${state.toasts.map(({ id, level, code, text }) => html`<div class="toast ${level}">${icon(GLYPH[level] ?? "info")}<span class="grow" dir="auto">${text || problem(code) || t("The command did not get through. Try again.")}</span>
        <button type="button" aria-label=${t("Close")} @click=${() => store.dispatch("untoast", { id })}>${icon("x")}</button></div>`)}</div>`;
  }
}
customElements.define("cc-toasts", Toasts);
