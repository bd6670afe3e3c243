// Wrap-up: the outcome by a digit, a time to call back, what comes next. It can be filled in while the call still goes on.

import { html, icon, keys, nothing, num } from "./dom.js";
import { parts, t } from "./i18n.js";
import { fromField, now, toField } from "./time.js";
import { picks } from "./callback.js";
import { store } from "./store.js";
import * as act from "./act.js";
import * as api from "./api.js";
import * as lead from "./lead.js";
import * as note from "./note.js";

const forms = new Map(); // by call: {outcome, callback, other, next, error, saving}
const redraw = () => store.dispatch("patch", { id: "", card: {} });

export const form = (id) =>
  forms.get(id) ?? forms.set(id, { outcome: null, callback: null, other: false, next: "ready", error: "", saving: false }).get(id);

// What can be said of a call: of a lead's, what its campaign offers.
const offered = (card) => lead.ofCall(card)?.outcomes ?? store.state.setup.outcomes;
const chosen = (card, filled) => offered(card).find((outcome) => outcome.id === filled.outcome);

export function choose(card, outcome) {
  const filled = form(card.id);
  filled.outcome = outcome.id;
  filled.error = "";
  redraw();
}

function problem(card, filled) {
  if (!offered(card).length) return "";
  if (!filled.outcome) return t("Choose an outcome");
  if (chosen(card, filled)?.callback && !filled.callback) return t("Choose when to call back");
  if (filled.callback && filled.callback <= now()) return t("The date must be in the future");
  return "";
}

export async function save(card) {
  if (!card || card.state !== "wrapup") return;
  const filled = form(card.id);
  if (filled.saving) return;
  filled.error = problem(card, filled);
  if (filled.error) {
    redraw();
    return requestAnimationFrame(() => document.querySelector(filled.outcome ? ".picks .filter" : ".outcome")?.focus());
  }
  filled.saving = true;
  redraw();
  await note.flush(card.id);
  const [next, reason] = filled.next.split(":");
  const body = { next, ...(reason && { reason }), ...(filled.outcome && { outcome_id: filled.outcome }), ...(filled.callback && { callback_at: filled.callback }) };
  const done = await act.attempt(`wrapup ${card.id}`, () => api.post(api.callPath(card.id, "wrapup"), body));
  filled.saving = false;
  if (!done) return redraw();
  forms.delete(card.id);
  store.dispatch("dismiss", { id: card.id });
}

export async function extend(card) {
  const done = await act.attempt(`extend ${card.id}`, () => api.post(api.callPath(card.id, "wrapup/extend")));
  if (done?.until) store.dispatch("patch", { id: card.id, card: { wrapup: { ...card.wrapup, until: done.until } } });
}

function onKey(event, card, outcomes) {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
  const buttons = [...event.currentTarget.querySelectorAll(".outcome")];
  const at = buttons.indexOf(document.activeElement);
  const step = { ArrowDown: 2, ArrowUp: -2 }[event.key] ?? { ArrowRight: 1, ArrowLeft: -1 }[event.key] * (document.dir === "rtl" ? -1 : 1);
  if (digit !== undefined) {
    const index = outcomes.findIndex((outcome) => outcome.shown === digit);
    if (index < 0) return;
    event.preventDefault();
    buttons[index].focus();
    choose(card, outcomes[index]);
    // A lead's call ends with the digit alone, unless a time to call back is still to be said.
    if (lead.ofCall(card) && card.state === "wrapup" && (!outcomes[index].callback || form(card.id).callback)) save(card);
    else if (outcomes[index].callback) requestAnimationFrame(() => document.querySelector(".picks .filter")?.focus());
  } else if (event.key === "Enter") {
    event.preventDefault();
    const focused = outcomes[at];
    if (focused && !form(card.id).outcome) choose(card, focused);
    if (card.state === "wrapup") save(card);
  } else if (step) {
    event.preventDefault();
    const next = Math.min(Math.max(at + step, 0), buttons.length - 1);
    buttons[next].focus();
    choose(card, outcomes[next]);
  }
}

// Each digit once: first those that the server gives away, then what is left of the row, in order.
function shownDigits(outcomes) {
  const given = outcomes.map(({ digit }) => (digit == null ? "" : String(digit)));
  const left = [..."1234567890"].filter((digit) => !given.includes(digit));
  return outcomes.map((outcome, i) => ({ ...outcome, shown: given[i] || left.shift() || "" }));
}

export function outcomeGroup(card) {
  const outcomes = shownDigits(offered(card));
  const filled = form(card.id);
  const tab = filled.outcome ?? outcomes[0]?.id;
  if (!outcomes.length) return nothing;
  return html`<div class="field"><div class="row"><span class="label" id="outcome-label">${t("How did the call end?")}</span>${keys("Alt W")}<span class="small muted push hint-keys">${lead.ofCall(card) ? t("One digit ends the call") : html`${t("A digit, then")} ${keys("Enter")}`}</span></div>
    <div class="outcomes" role="radiogroup" aria-labelledby="outcome-label" aria-describedby=${filled.error ? "wrapup-error" : nothing} @keydown=${(event) => onKey(event, card, outcomes)}>
    ${outcomes.map((outcome) => html`<button type="button" class="outcome" role="radio" aria-checked=${String(filled.outcome === outcome.id)} tabindex=${outcome.id === tab ? 0 : -1} @click=${() => choose(card, outcome)}>
      ${keys(outcome.shown)}<span dir="auto">${outcome.label}</span>${outcome.callback ? icon("calendar-clock", "s") : outcome.effect === "do_not_call" ? icon("ban", "s") : nothing}</button>`)}</div>
    ${filled.error ? html`<span class="err" id="wrapup-error" role="alert">${icon("triangle-alert", "s")}${filled.error}</span>` : nothing}</div>`;
}

export function callbackGroup(card) {
  const filled = form(card.id);
  const set = (at) => {
    filled.callback = filled.callback === at ? null : at;
    filled.other = false;
    filled.error = "";
    redraw();
  };
  const other = () => {
    filled.other = !filled.other;
    redraw();
    if (filled.other) requestAnimationFrame(() => document.querySelector(".callback-at")?.focus());
  };
  const said = (event) => {
    filled.callback = fromField(event.target.value);
    redraw();
  };
  return html`<div class="field"><div class="row"><span class="label" id="callback-label">${t("Callback")}</span>${keys("Alt K")}${chosen(card, filled)?.callback ? html`<span class="t-bad" aria-label=${t("Required")}>*</span>` : nothing}</div>
    <div class="picks" role="group" aria-labelledby="callback-label">${picks().map(({ at, text, time }) => html`<button type="button" class="filter ${filled.callback === at ? "on" : ""}" aria-pressed=${String(filled.callback === at)} @click=${() => set(at)}>${parts(text, { time: num(time) })}</button>`)}
    <button type="button" class="filter ${filled.other ? "on" : ""}" aria-expanded=${String(filled.other)} @click=${other}>${icon("calendar")}${t("Another time")}</button></div>
    ${filled.other ? html`<input class="input callback-at" type="datetime-local" dir="ltr" aria-label=${t("When")} min=${toField(now())} .value=${filled.callback ? toField(filled.callback) : ""} @change=${said}>` : nothing}</div>`;
}

export function foot(card, change) {
  const filled = form(card.id);
  const ready = card.state === "wrapup" && !filled.saving;
  const reasons = store.state.setup.reasons;
  const next = (event) => {
    filled.next = event.target.value;
    redraw();
  };
  return html`<footer class="endfoot"><div class="row small muted">${icon("link", "s")}<span class="trunc grow">${card.party_id ? parts(t("Linked to {name}"), { name: html`<bdi>${card.name}</bdi>` }) : t("Not linked to a customer yet")}</span>
    <button type="button" class="link small" title=${t("Wrong customer – change")} @click=${change}>${t("Change")}</button></div>
    <div class="row"><span class="grow"><span class="pick"><select class="select" aria-label=${t("Next state")} @change=${next}>
      <option value="ready" ?selected=${filled.next === "ready"}>${parts(t("Next: {state}"), { state: t("Ready") }).join("")}</option>
      ${reasons.map((reason) => html`<option value="paused:${reason.code}" ?selected=${filled.next === `paused:${reason.code}`}>${parts(t("Next: {state}"), { state: reason.label }).join("")}</option>`)}</select>${icon("chevron-down")}</span></span>
    <button type="button" class="btn primary l" aria-disabled=${String(!ready)} @click=${() => save(card)}>${t("Save")} ${keys("Ctrl Enter")}</button></div></footer>`;
}
