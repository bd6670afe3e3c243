// The palette (Ctrl+K): customers by name or number, any number to dial, pages and commands, in one field. Enter takes what is
// marked; Ctrl+Enter dials a customer instead of opening them. What a person may not see is not found: the server searches.

import { avatar, html, icon, keys, nothing, num, render } from "./dom.js";
import { t, tp } from "./i18n.js";
import { pbxDown } from "./state.js";
import { store } from "./store.js";
import * as act from "./act.js";
import * as api from "./api.js";

const NUMBER = /^[+*#\d][\d\s\-*#().]{2,24}$/;
const WAIT = 150; // ms without a key before the server is asked

const box = { text: "", customers: [], row: 0, asked: 0, timer: 0 };
let more = []; // commands of others, as {label, shown, run}

export const offer = (commands) => {
  more = commands;
};

const dialog = () => document.getElementById("cc-palette");
const plain = (text) => text.toLocaleLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");

function close() {
  dialog()?.close();
}

// Pages are those of the rail, so they are the role's own; the link itself is clicked, and the bar stays.
const pages = () =>
  [...document.querySelectorAll(".rail a")].map((link) => ({ kind: "page", icon: "arrow-right", label: link.textContent.trim(), run: () => link.click() }));

function commands() {
  const { me, setup } = store.state;
  if (!me?.extension) return more;
  const pauses = setup.reasons.map((reason) => ({ label: `${t("Paused")}: ${reason.label}`, run: () => act.become("paused", reason.code) }));
  return [
    { label: t("Ready"), shown: "Alt+G", run: () => act.become("ready") },
    ...pauses,
    { label: t("End shift"), run: () => act.become("offline") },
    ...more,
  ];
}

function found() {
  const typed = box.text.trim();
  const wanted = plain(typed);
  const dial = NUMBER.test(typed) ? [{ kind: "number", icon: "phone", label: typed, run: () => act.dial(typed) }] : [];
  const customers = box.customers.map((one) => ({
    kind: "customer", label: one.name, detail: one.detail, number: one.number,
    run: () => location.assign(`/customers/${one.party_id}`), dial: one.e164 && (() => act.dial(one.e164, one.party_id)),
  }));
  const rest = [...pages(), ...commands().map((one) => ({ kind: "command", icon: "corner-down-left", ...one }))];
  return [...dial, ...customers, ...rest.filter(({ label }) => !wanted || plain(label).includes(wanted))];
}

async function look() {
  const asked = ++box.asked;
  const typed = box.text.trim();
  const answer = typed.length < 2 ? {} : await api.get(`/search?q=${encodeURIComponent(typed)}`).catch(() => ({}));
  if (asked !== box.asked) return;
  box.customers = answer.customers ?? [];
  box.row = 0;
  draw();
}

function type(event) {
  box.text = event.target.value;
  box.row = 0;
  clearTimeout(box.timer);
  box.timer = setTimeout(look, WAIT);
  draw();
}

function take(one, dialing = false) {
  if (!one || (dialing && !one.dial)) return;
  close();
  (dialing ? one.dial : one.run)();
}

function key(event) {
  const all = found();
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && all.length) {
    event.preventDefault();
    box.row = (box.row + step + all.length) % all.length;
    draw();
    document.getElementById(`cc-p-${box.row}`)?.scrollIntoView({ block: "nearest" });
  } else if (event.key === "Enter") {
    event.preventDefault();
    event.stopPropagation(); // Ctrl+Enter is the desk's as well
    take(all[box.row], event.ctrlKey);
  }
}

const row = (one, i) => {
  const here = i === box.row;
  const face = one.kind === "customer" ? avatar(one.label) : html`<span class="avatar">${icon(one.icon, one.kind === "page" ? "s dir-icon" : "s")}</span>`;
  const label = one.kind === "number" ? html`${t("Dial")} ${num(one.label)}` : html`<bdi>${one.label}</bdi>`;
  const small = one.kind === "customer" ? html`<small class="trunc">${one.detail ? html`<bdi>${one.detail}</bdi> ` : nothing}${one.number ? num(one.number) : nothing}</small>` : nothing;
  return html`<div class="pick-row" role="option" id="cc-p-${i}" aria-selected=${String(here)} @click=${(event) => take(one, event.ctrlKey)}>
    ${face}<span class="two grow"><b class="trunc">${label}</b>${small}</span>${one.shown ? keys(one.shown) : here ? keys("Enter") : nothing}</div>`;
};

function draw() {
  const all = found();
  const marked = all[box.row];
  const name = t("Search customers, numbers, pages and commands");
  render(html`<div class="pad12"><span class="with-icon"><input class="input l" role="combobox" aria-expanded="true" aria-controls="cc-p" aria-autocomplete="list"
      aria-activedescendant=${all.length ? `cc-p-${box.row}` : nothing} aria-label=${name} placeholder=${name} autocomplete="off" dir="auto" autofocus
      .value=${box.text} @input=${type} @keydown=${key}>${icon("search")}</span></div>
    <div class="pad6 targets" id="cc-p" role="listbox" aria-label=${t("Results")}>${all.map(row)}</div>
    ${all.length ? nothing : html`<p class="small muted pad12" role="status">${t("Nothing found")}</p>`}
    <div class="pager"><button type="button" class="btn s" ?disabled=${!marked} @click=${() => take(marked)}>${tp("command", "Open")} ${keys("Enter")}</button>
      <button type="button" class="btn quiet s" ?disabled=${!marked?.dial || pbxDown(store.state)} @click=${() => take(marked, true)}>${t("Dial")} ${keys("Ctrl Enter")}</button>
      <button type="button" class="btn quiet s push" @click=${close}>${t("Close")} ${keys("Esc")}</button></div>`, dialog());
}

export function toggle() {
  const made = dialog() ?? document.body.appendChild(Object.assign(document.createElement("dialog"), { id: "cc-palette", className: "dialog palette" }));
  if (made.open) return made.close();
  Object.assign(box, { text: "", customers: [], row: 0, asked: box.asked + 1 });
  made.setAttribute("aria-label", t("Search"));
  draw();
  made.showModal();
  made.querySelector("input").focus();
}
