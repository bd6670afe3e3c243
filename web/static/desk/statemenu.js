// The state pill and its menu: ready, pauses with their reasons, queues, the end of the shift.

import { html, icon, keys, nothing, num } from "./dom.js";
import { t } from "./i18n.js";
import { store } from "./store.js";
import * as act from "./act.js";

let open = false;

const redraw = () => store.dispatch("choose", { id: store.state.chosen });

export function toggle(wanted = !open) {
  open = wanted;
  redraw();
  if (open) requestAnimationFrame(() => document.querySelector(".state-menu [role^=menuitem]")?.focus());
}

function close(refocus = true) {
  if (!open) return;
  toggle(false);
  if (refocus) document.querySelector("cc-callbar .state")?.focus();
}

function walk(event) {
  if (event.key === "Escape") {
    event.stopPropagation();
    return close();
  }
  const items = [...event.currentTarget.querySelectorAll("[role^=menuitem]")];
  const here = items.indexOf(document.activeElement);
  const next = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: items.length - 1 }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  items.at(next % items.length)?.focus();
}

const item = (look, text, click, { shown, checked, side } = {}) =>
  html`<button type="button" class="mi" role=${checked === undefined ? "menuitem" : "menuitemcheckbox"} aria-checked=${checked ?? nothing} tabindex="-1" @click=${click}>
    ${checked === undefined ? html`<span class="state small bare" data-s=${look}><span class="glyph"></span></span>` : icon(checked === "true" ? "check" : "minus", "s")}
    <span class="grow" dir="auto">${text}</span>${side ?? nothing}${keys(shown)}</button>`;

function choose(state, reason) {
  close();
  act.become(state, reason);
}

function menu({ me, setup }) {
  const limit = (reason) => (reason.allowed_minutes ? html`<small class="muted">${num(`${reason.allowed_minutes}:00`)}</small>` : nothing);
  return html`<div class="menu state-menu" role="menu" aria-label=${t("My state")} @keydown=${walk}>
    ${item("ready", t("Ready"), () => choose("ready"), { shown: "Alt G" })}
    <div class="menu-label" id="menu-pauses">${t("Paused")} ${keys("Alt B")}</div>
    ${setup.reasons.map((reason) => item("paused", reason.label, () => choose("paused", reason.code), { side: limit(reason) }))}
    ${setup.reasons.length ? nothing : item("paused", t("Break"), () => choose("paused", "break"))}
    ${(me.queues || []).length ? html`<div class="menu-label">${t("My queues today")}</div>` : nothing}
    ${(me.queues || []).map((queue) => item("", queue.label || queue.queue, () => act.join(queue.queue, !queue.member), { checked: String(Boolean(queue.member)) }))}
    <hr>
    ${item("offline", t("End shift"), () => choose("offline"))}</div>`;
}

export function stateMenu(state, [look, words], time) {
  return html`<div class="state-box" @focusout=${(event) => event.currentTarget.contains(event.relatedTarget) || close(false)}>
    <button type="button" class="state" data-s=${look} aria-haspopup="menu" aria-expanded=${String(open)} @click=${() => toggle()}>
      <span class="glyph"></span><span class="trunc">${words}</span>${time}${icon("chevron-down", "s")}</button>
    ${open ? menu(state) : nothing}</div>`;
}

document.addEventListener("pointerdown", (event) => {
  if (open && !event.target.closest(".state-box")) close(false);
});
