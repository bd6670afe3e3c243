// Whom to transfer to: names and queues with what they are doing now, or any number. Enter speaks first, Shift+Enter sends at once.

import { avatar, dots, html, icon, Island, keys, nothing, num, since } from "./dom.js";
import { t } from "./i18n.js";
import { STATES } from "./words.js";
import { pbxDown, talking } from "./state.js";
import { store } from "./store.js";
import * as act from "./act.js";
import * as api from "./api.js";

const NUMBER = /^[+*#\d][\d\s\-*#().]{1,24}$/;

const detail = ({ detail: text, state, since: from }) =>
  dots([text && (/^[\d+*#]+$/.test(text) ? num(text) : html`<bdi>${text}</bdi>`), state in STATES && STATES[state](), from && since(from)]);

class Transfer extends Island {
  text = "";
  found = [];
  at = 0;
  row = 0;

  draw() {
    const mode = talking(store.state) ? store.state.transfer : null;
    if (mode && !this.mode) this.begin();
    if (!mode && this.mode) this.before?.isConnected && this.before.focus();
    this.mode = mode;
    this.hidden = !mode;
    super.draw();
    if (mode && this.fresh) {
      this.fresh = false;
      this.place();
      this.querySelector("input")?.focus();
    }
  }

  begin() {
    Object.assign(this, { text: "", found: [], row: 0, fresh: true, before: document.activeElement });
    this.look();
  }

  // Below its button; on a phone the style sheet puts it at the foot of the screen.
  place() {
    const box = this.querySelector(".pop");
    const button = document.querySelector("cc-callbar .ctl[aria-expanded=true]");
    if (!box || !button || matchMedia("(max-width: 899px)").matches) return;
    const at = button.getBoundingClientRect();
    const start = document.dir === "rtl" ? innerWidth - at.right : at.left;
    box.style.insetInlineStart = `${Math.max(8, Math.min(start, innerWidth - 416))}px`;
  }

  async look() {
    const asked = ++this.at;
    const found = await api.get(`/targets?q=${encodeURIComponent(this.text.trim())}`).catch(() => []);
    if (asked !== this.at) return;
    const list = Array.isArray(found) ? found : (found.targets ?? []);
    const typed = this.text.trim();
    const known = list.some((target) => target.kind === "number");
    this.found = NUMBER.test(typed) && !known ? [...list, { kind: "number", label: typed, number: typed, detail: "" }] : list;
    this.row = 0;
    this.draw();
  }

  type(event) {
    this.text = event.target.value;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), 150);
  }

  close() {
    store.dispatch("transfer", { mode: null });
  }

  send(kind, target = this.found[this.row]) {
    const card = talking(store.state);
    if (!card || !target) return;
    act.transfer(card, { to: target.number, kind: this.mode === "consult" ? "attended" : kind });
  }

  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.found.length) {
      event.preventDefault();
      this.row = (this.row + step + this.found.length) % this.found.length;
      this.draw();
      this.querySelector(`#target-${this.row}`)?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.send(event.shiftKey ? "blind" : "attended");
    } else if (event.key === "Escape") {
      event.stopPropagation();
      this.close();
    }
  }

  target(target, i) {
    const face = target.kind === "agent" ? avatar(target.label) : html`<span class="avatar">${icon(target.kind === "queue" ? "users" : "phone", "s")}</span>`;
    const here = i === this.row;
    return html`<div class="pick-row" role="option" id="target-${i}" aria-selected=${String(here)} data-s=${target.state in STATES ? target.state : nothing} @click=${(event) => this.send(event.shiftKey ? "blind" : "attended", target)}>
      ${face}<span class="two grow"><b class="trunc"><bdi>${target.label}</bdi></b><small class="row">${target.state ? html`<span class="glyph"></span>` : nothing}${detail(target)}</small></span>
      ${here ? html`<span class="row small muted">${keys("Enter")}</span>` : nothing}</div>`;
  }

  view(state) {
    if (!state.transfer || !talking(state)) return nothing;
    const label = this.mode === "consult" ? t("Consultation") : t("Transfer call");
    return html`<div class="pop" role="dialog" aria-label=${label} @keydown=${(event) => this.key(event)}>
      <div class="pad12"><span class="with-icon"><input class="input l" role="combobox" aria-expanded="true" aria-controls="targets" aria-autocomplete="list"
        aria-activedescendant=${this.found.length ? `target-${this.row}` : nothing} aria-label=${t("Transfer to: a name, a queue or a number")} placeholder=${t("Transfer to…")} autocomplete="off" dir="auto"
        .value=${this.text} @input=${(event) => this.type(event)}>${icon("search")}</span></div>
      <div class="pad6 targets" id="targets" role="listbox" aria-label=${t("Results")}>${this.found.map((one, i) => this.target(one, i))}</div>
      ${this.found.length ? nothing : html`<p class="small muted pad12" role="status">${pbxDown(state) ? t("No link to the PBX") : t("Nobody found. Any number can be typed.")}</p>`}
      <div class="pager"><button type="button" class="btn s" @click=${() => this.send("attended")}>${t("With consultation")} ${keys("Enter")}</button>
      ${this.mode === "consult" ? nothing : html`<button type="button" class="btn quiet s" @click=${() => this.send("blind")}>${t("At once")} ${keys("Shift Enter")}</button>`}
      <button type="button" class="btn quiet s push" @click=${() => this.close()}>${t("Close")} ${keys("Esc")}</button></div></div>`;
  }
}
customElements.define("cc-transfer", Transfer);
