// Short messages at the foot, the one sentence that announces a call, and lasting troubles under the bar.

import { html, icon, Island, nothing, num } from "./dom.js";
import { parts, t } from "./i18n.js";
import { clock } from "./time.js";
import { pbxDown } from "./state.js";
import { store } from "./store.js";
import { nameOf } from "./card.js";
import { problem } from "./words.js";

const GLYPH = { info: "info", warn: "triangle-alert", bad: "circle-x" };
const STAY = { info: 5_000, warn: 8_000, bad: 12_000 };
const timed = new Set();

function trouble(state) {
  if (state.link === "refused") {
    return html`<div class="callout warn" role="status">${icon("log-in")}<span class="grow">${t("The session has ended. Sign in to continue; the call is not affected.")}</span><a class="btn s" href="/signin?next=${encodeURIComponent(location.pathname)}">${t("Sign in")}</a></div>`;
  }
  if (state.link === "offline" && state.everOnline) {
    return html`<div class="callout warn" role="status">${icon("refresh-cw")}<span class="grow">${t("Reconnecting… Calls still reach the phone.")} <span class="muted">${parts(t("As of {time}"), { time: num(clock(state.linkAt + state.skew)) })}</span></span></div>`;
  }
  if (pbxDown(state)) {
    return html`<div class="callout warn" role="status">${icon("triangle-alert")}<span class="grow">${t("The link to the PBX is down. Calls still ring on the phones; cards do not open.")}</span></div>`;
  }
  const mine = document.documentElement.dataset.version;
  if (mine && state.version && state.version !== mine) {
    // Never by itself: whoever writes or talks reloads when they are done.
    return html`<div class="callout info" role="status">${icon("refresh-cw")}<span class="grow">${t("A new version is here. What is typed on this page is not sent yet; reload when you are done.")}</span><button type="button" class="btn s" @click=${() => location.reload()}>${t("Reload")}</button></div>`;
  }
  return nothing;
}

function sentence(state) {
  const card = state.calls.find((one) => one.id === state.announced);
  if (!card) return "";
  const queue = card.why?.label || card.why?.queue;
  return queue ? t("Incoming call, {name}, {queue}", { name: nameOf(card), queue }) : t("Incoming call, {name}", { name: nameOf(card) });
}

class Toasts extends Island {
  draw() {
    super.draw();
    document.documentElement.toggleAttribute("data-trouble", Boolean(this.querySelector(".troubles .callout")));
  }

  view(state) {
    for (const { id, level } of state.toasts) {
      if (timed.has(id)) continue;
      timed.add(id);
      setTimeout(() => store.dispatch("untoast", { id }), STAY[level] ?? 5_000);
    }
    return html`<div class="sr" aria-live="assertive" aria-atomic="true">${sentence(state)}</div>
      <div class="troubles">${trouble(state)}</div>
      <div class="toasts" role="status" aria-live="polite">${state.toasts.map(({ id, level, code, text }) => html`<div class="toast ${level}">${icon(GLYPH[level] ?? "info")}<span class="grow" dir="auto">${text || problem(code) || t("The command did not get through. Try again.")}</span>
        <button type="button" aria-label=${t("Close")} @click=${() => store.dispatch("untoast", { id })}>${icon("x")}</button></div>`)}</div>`;
  }
}
customElements.define("cc-toasts", Toasts);
