// Who is it, when the number alone does not say: several customers (a digit picks), nobody yet (a name and Enter), no number.

import { html, icon, keys, nothing, typing } from "./dom.js";
import { t } from "./i18n.js";
import { store } from "./store.js";
import * as act from "./act.js";
import * as api from "./api.js";

const searches = new Map(); // by call: {text, found, timer, open}
const on = (id) => searches.get(id) ?? searches.set(id, { text: "", found: [], at: 0, open: false, name: "", error: "" }).get(id);
const redraw = (id) => store.dispatch("patch", { id, card: {} });

const candidates = (card) => (["ambiguous", "weak"].includes(card.match?.state) ? (card.match.candidates || []).slice(0, 5) : []);

// A digit picks while the user writes nowhere; the card never takes the focus for it.
export function pick(event, card) {
  if (event.altKey || event.ctrlKey || event.metaKey || typing()) return false;
  const digit = /^(?:Digit|Numpad)([1-5])$/.exec(event.code)?.[1];
  const chosen = digit && card && candidates(card)[digit - 1];
  if (!chosen || document.activeElement?.closest("[role=radiogroup]")) return false;
  act.choose(card, chosen.party_id);
  return true;
}

function arrows(event, card) {
  const rows = [...event.currentTarget.querySelectorAll("[role=option]")];
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  rows[(rows.indexOf(document.activeElement) + step + rows.length) % rows.length]?.focus();
}

function several(card) {
  const rows = candidates(card);
  if (!rows.length) return nothing;
  return html`<div class="matches"><div role="listbox" aria-label=${t("Who is calling? Choose by digit or with the arrows.")} @keydown=${(event) => arrows(event, card)}>
    ${rows.map((row, i) => html`<button type="button" class="match" role="option" aria-selected="false" tabindex=${i ? -1 : 0} @click=${() => act.choose(card, row.party_id)}>
      ${keys(i + 1)}<span class="two"><b><bdi>${row.name}</bdi></b><small><bdi>${[row.why, row.detail].filter(Boolean).join(" · ")}</bdi></small></span></button>`)}</div>
    <p class="small muted mfoot">${t("Who is calling? Choose by digit or with the arrows.")}</p></div>`;
}

async function create(event, card) {
  event.preventDefault();
  const state = on(card.id);
  const name = state.name.trim();
  if (!name || state.sending) return;
  state.sending = true;
  state.error = "";
  redraw(card.id);
  try {
    await act.create(card, name);
    searches.delete(card.id);
  } catch (error) {
    state.error = error.message;
  }
  state.sending = false;
  redraw(card.id);
}

function search(event, card) {
  const state = on(card.id);
  state.text = event.target.value;
  clearTimeout(state.timer);
  state.timer = setTimeout(async () => {
    const asked = ++state.at;
    const found = state.text.trim().length < 2 ? [] : ((await api.get(`/search?q=${encodeURIComponent(state.text.trim())}`).catch(() => ({}))).customers ?? []);
    if (asked !== state.at) return;
    state.found = found.slice(0, 5);
    redraw(card.id);
  }, 200);
}

const naming = (card, state) => html`<form class="slotpad stack" @submit=${(event) => create(event, card)}>
  <div class="field"><label for="new-${card.id}">${t("Name")}</label>
    <span class="with-icon"><input class="input l" id="new-${card.id}" dir="auto" autocomplete="off" maxlength="200" .value=${state.name} ?readonly=${state.sending}
      aria-invalid=${state.error ? "true" : "false"} aria-describedby="new-hint-${card.id}" @input=${(event) => (state.name = event.target.value)}>${icon("user")}${keys("Enter")}</span>
    ${state.error ? html`<span class="err" role="alert" id="new-hint-${card.id}">${icon("triangle-alert", "s")}${state.error}</span>` : html`<span class="hint" id="new-hint-${card.id}">${t("Enter creates the card and links the call at once")}</span>`}</div></form>`;

const attaching = (card, state) => html`<div class="slotpad field"><label for="find-${card.id}">${t("Attach to an existing customer")}</label>
  <span class="with-icon"><input class="input" id="find-${card.id}" type="search" dir="auto" autocomplete="off" .value=${state.text} @input=${(event) => search(event, card)}>${icon("search")}</span>
  ${state.found.length ? html`<ul class="found">${state.found.map((party) => html`<li><button type="button" class="pick-row" @click=${() => attach(card, party)}><span class="two grow"><b><bdi>${party.name}</bdi></b><small><bdi>${party.detail || ""}</bdi></small></span></button></li>`)}</ul>` : nothing}</div>`;

async function attach(card, party) {
  await act.choose(card, party.party_id ?? party.id);
  searches.delete(card.id);
}

export function change(card) {
  on(card.id).open = true;
  redraw(card.id);
}

// Everything the card asks. A withheld number can be searched for only after the answer: nobody is known before.
export function asking(card) {
  if (["internal"].includes(card.match?.state)) return nothing;
  const state = on(card.id);
  if (state.open) return attaching(card, state);
  if (card.party_id) return nothing;
  if (card.match?.state === "anonymous" && card.state === "ringing") {
    return html`<p class="slotpad small muted">${t("The number is withheld. Search is available after answering.")}</p>`;
  }
  if (card.leaving) return nothing;
  const rows = several(card);
  if (rows !== nothing && card.state === "ringing") return rows;
  return html`${rows}${rows === nothing ? naming(card, state) : nothing}${card.state === "ringing" ? nothing : attaching(card, state)}`;
}
