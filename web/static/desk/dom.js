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

// Things in a row, each by its key in a place of its own that moves with it: what is typed in one never stands in another, and
// who has the focus is not moved; the others are put before and after. `places` is a Map that is kept between two calls.
export function arrange(row, shown, places) {
  const wanted = shown.map(([key, drawn]) => {
    if (!places.has(key)) places.set(key, Object.assign(document.createElement("div"), { className: "place" }));
    render(drawn, places.get(key));
    return places.get(key);
  });
  for (const [key, place] of places) {
    if (wanted.includes(place)) continue;
    place.remove();
    places.delete(key);
  }
  const still = Math.max(0, wanted.findIndex((place) => place.contains(document.activeElement)));
  if (wanted.length && wanted[still].parentNode !== row) row.append(wanted[still]);
  for (let i = still - 1; i >= 0; i -= 1) if (wanted[i].nextSibling !== wanted[i + 1]) wanted[i + 1].before(wanted[i]);
  for (let i = still + 1; i < wanted.length; i += 1) if (wanted[i].previousSibling !== wanted[i - 1]) wanted[i - 1].after(wanted[i]);
}

// A named thing as initials on a coloured disc; the colour depends on the name alone.
export function avatar(name, kind = "") {
  const letters = [...(name || "?").trim().split(/\s+/)].slice(0, 2).map((word) => [...word][0]).join("");
  const hue = "abcd"[[...(name || "")].reduce((sum, c) => sum + c.codePointAt(0), 0) % 4];
  return html`<span class="avatar ${kind} ${hue}" aria-hidden="true">${letters}</span>`;
}

export const typing = (element = document.activeElement) =>
  Boolean(element?.closest?.("input:not([type=radio],[type=checkbox]), textarea, select, [contenteditable]"));
