// What every part of the desk is drawn with. lit-html writes all data as text: nothing a caller sends becomes markup.

import { html, nothing, render } from "../vendor/lit-html.js";
import { parts } from "./i18n.js";
import { date, moment } from "./time.js";
import { store } from "./store.js";

export { html, nothing, render };

const sprite = document.documentElement.dataset.sprite || "/static/sprite.svg";

export const icon = (name, kind = "") =>
  html`<svg class="i ${kind}" aria-hidden="true"><use href="${sprite}#i-${name}"></use></svg>`;

// Left to right whatever the page: times, figures, numbers, keys.
export const num = (value) => html`<bdi dir="ltr" class="num">${value}</bdi>`;
export const phone = (value) => html`<bdi dir="ltr" class="phone">${value}</bdi>`;
export const since = (at, warn) => html`<bdi dir="ltr" class="num"><cc-timer .since=${at} .warn=${warn}></cc-timer></bdi>`;
export const until = (at) => html`<bdi dir="ltr" class="num"><cc-timer .until=${at}></cc-timer></bdi>`;
export const keys = (shown) => (shown ? html`<kbd dir="ltr">${shown}</kbd>` : nothing);

export const at = (epoch) => {
  const [text, time] = moment(epoch);
  return html`<time title=${date(epoch)}>${parts(text, { time: num(time) })}</time>`;
};

// Facts in a row with a dot between them; the dots follow the page, whatever way the facts are written.
export const dots = (facts, kind = "") =>
  html`<span class="dots ${kind}">${facts.filter((fact) => fact && fact !== nothing).map((fact) => html`<span>${fact}</span>`)}</span>`;

// One part of the page, drawn again whenever the store changes.
export class Island extends HTMLElement {
  connectedCallback() {
    this.leave = store.subscribe(() => this.draw());
    this.draw();
  }
  disconnectedCallback() {
    this.leave?.();
  }
  draw() {
    render(this.view(store.state), this);
  }
}

// A named thing as initials on a coloured disc; the colour depends on the name alone.
export function avatar(name, kind = "") {
  const letters = [...(name || "?").trim().split(/\s+/)].slice(0, 2).map((word) => [...word][0]).join("");
  const hue = "abcd"[[...(name || "")].reduce((sum, c) => sum + c.codePointAt(0), 0) % 4];
  return html`<span class="avatar ${kind} ${hue}" aria-hidden="true">${letters}</span>`;
}

export const typing = (element = document.activeElement) =>
  Boolean(element?.closest?.("input:not([type=radio],[type=checkbox]), textarea, select, [contenteditable]"));
