// The desk: my cards at the start, the customer in the middle, note and outcome at the end. The page is the server's; this fills
// what lives. An idle desk is calm: the server's own page of the day.

import { arrange, html, nothing, num, render, since } from "./dom.js";
import { t } from "./i18n.js";
import { duration } from "./time.js";
import { active, opened, stack } from "./state.js";
import { store } from "./store.js";
import { card } from "./card.js";
import { between, leadCard, onDesk, script, strip as leadStrip } from "./leadview.js";
import { panel } from "./panel.js";
import { typing } from "./dom.js";

const LONG_WAIT = 60;

// A page of our own server, as nodes; scripts in it would not run.
async function fragment(url) {
  const answer = await fetch(url, { headers: { "HX-Request": "true" } });
  if (!answer.ok) throw new Error(String(answer.status));
  const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
  return [...parsed.body.childNodes].map((node) => document.importNode(node, true));
}

class Desk extends HTMLElement {
  cards = new Map();

  connectedCallback() {
    this.places = Object.fromEntries([...this.querySelectorAll("[data-slot]")].map((place) => [place.dataset.slot, place]));
    this.places.customer.addEventListener("click", (event) => this.within(event), { capture: true });
    this.leave = store.subscribe((state) => this.draw(state));
    this.draw(store.state);
  }

  disconnectedCallback() {
    this.leave?.();
    document.querySelector("cc-callbar")?.removeAttribute("data-carded");
  }

  draw(state) {
    const within = this.contains(document.activeElement);
    this.fill(state);
    if (within) this.rest();
  }

  fill(state) {
    const cards = stack(state);
    const current = active(state);
    const working = opened(current) ? current : null;
    const { cards: start, customer, idle, lead: round, panel: end, queues } = this.places;
    const given = onDesk(state, current);
    this.firstElementChild.classList.toggle("noend", !working);
    this.firstElementChild.classList.toggle("calling", cards.length > 0 || Boolean(given?.lead));
    const idleSide = !this.places.side.querySelector("section");
    this.firstElementChild.classList.toggle("idle-side", idleSide);
    this.firstElementChild.classList.toggle("bare", idleSide && !cards.length && !given?.lead);
    document.querySelector("cc-callbar")?.toggleAttribute("data-carded", Boolean(current));
    const shown = cards.map((one) => [one.id, card(one, { me: state.me, small: cards.length > 1 && one.id !== current?.id, current: one.id === current?.id })]);
    arrange(start, given?.lead ? [...shown, ["lead", leadCard(given)]] : shown, this.cards);
    render(given ? (given.lead ? script(given) : between(given)) : nothing, round);
    round.hidden = !given;
    idle.hidden = Boolean(working || given?.lead);
    customer.hidden = !working || Boolean(given?.lead);
    end.hidden = !working;
    render(working ? panel(working) : nothing, end);
    if (queues) render(this.strip(state), queues);
    this.headline(state);
    if (!given?.lead) this.follow(working);
    this.move(working, Boolean(given?.lead));
    if (this.wasWorking && !working) this.today();
    this.wasWorking = Boolean(working);
  }

  // Whose hands were on what has gone (a call that is written up) goes on from what the desk says next: the lead that came, or
  // the headline of an idle desk.
  rest() {
    const here = document.activeElement;
    if (here && here !== document.body && here.checkVisibility()) return;
    const next = ["[data-slot=cards] [data-lead]", ".outcome[tabindex='0']", "[data-slot=headline]"]
      .map((one) => this.querySelector(one)).find((one) => one?.checkVisibility());
    if (!next) return;
    if (!next.hasAttribute("tabindex")) next.tabIndex = -1;
    next.focus({ preventScroll: true });
  }

  // What an idle desk says first: what is so, and what can be done about it.
  headline({ me, setup }) {
    const place = this.querySelector("[data-slot=headline]");
    if (!place || !me) return;
    const reason = setup.reasons.find((one) => one.code === me.reason)?.label || me.reason;
    const words = {
      ready: t("Ready for the next call"),
      paused: reason ? t("Paused: {reason}", { reason }) : t("Paused"),
      offline: t("The shift has not begun"),
    };
    const text = me.state !== "offline" && me.reachable === false ? t("Phone offline – no calls will arrive") : words[me.state];
    if (text && place.textContent !== text) place.textContent = text;
  }

  // The customer of the call, from the server, as soon as one is known.
  async follow(working) {
    const place = this.places.customer;
    const wanted = working?.party_id ? `/customers/${working.party_id}?fragment=desk` : "";
    if (place.dataset.shows === (wanted || String(working?.id))) return;
    place.dataset.shows = wanted || String(working?.id);
    if (!wanted) return render(working ? this.unknown(working) : nothing, this.fresh(place));
    render(html`<section class="panel panel-body stack" aria-busy="true"><span class="skel w60"></span><span class="skel w90"></span><span class="skel w75"></span></section>`, this.fresh(place));
    try {
      const nodes = await fragment(wanted);
      if (place.dataset.shows === wanted) this.fresh(place).replaceChildren(...nodes);
    } catch {
      if (place.dataset.shows === wanted) render(html`<section class="panel empty"><p>${t("The customer's card cannot be loaded. Call controls work.")}</p><button type="button" class="btn" @click=${() => { place.dataset.shows = ""; this.follow(working); }}>${t("Retry")}</button></section>`, this.fresh(place));
    }
  }

  // Filters and older pages of the timeline are shown here too; the call stays beside them.
  async within(event) {
    const link = event.target.closest?.("a[href]");
    const wanted = link && new URL(link.href);
    const [shown] = (this.places.customer.dataset.shows || "").split("?");
    if (!wanted || wanted.pathname !== shown || event.ctrlKey || event.metaKey || event.shiftKey || link.target) return;
    event.preventDefault();
    event.stopPropagation();
    wanted.searchParams.set("fragment", "desk");
    const nodes = await fragment(wanted).catch(() => null);
    if (nodes) this.fresh(this.places.customer).replaceChildren(...nodes);
  }

  fresh(place) {
    const inner = document.createElement("div");
    inner.className = "filled";
    place.replaceChildren(inner);
    return inner;
  }

  // Nobody is known for this call: it may be a first one, but a withheld or a shared number says nothing of that.
  unknown({ number, match }) {
    const first = t("First contact – no history yet");
    const title = number?.kind === "withheld" ? t("Withheld number") : match?.state === "none" ? first : t("Not linked to a customer yet");
    return html`<section class="panel empty"><h2>${title}</h2><p>${t("This call will be the first entry. An existing customer can be attached from the card.")}</p></section>`;
  }

  // The note is ready for typing when a call is answered, and the outcomes when it ends, but only for idle hands. A lead's call
  // is led by its script and ends with one digit: there the note is a key away, and no digit falls into it.
  move(working, scripted) {
    const state = working && `${working.id} ${working.state === "wrapup" ? "wrapup" : "open"}`;
    if (state === this.moved) return;
    this.moved = state;
    if (!working) return;
    const phone = matchMedia("(max-width: 899px)").matches;
    if (phone) document.getElementById(working.state === "wrapup" ? "v3" : "v1")?.click();
    const idleHands = !document.activeElement || document.activeElement === document.body || document.activeElement.id === "main";
    if (phone || (working.state !== "wrapup" && (typing() || scripted))) return;
    if (working.state === "wrapup" ? !typing() : idleHands) {
      this.querySelector(working.state === "wrapup" ? ".outcome[tabindex='0']" : "#call-note")?.focus({ preventScroll: true });
    }
  }

  // The figures and lists of the day, anew after each call.
  async today() {
    try {
      const nodes = await fragment("/desk/today");
      const part = (selector) => nodes.find((node) => node.matches?.(selector))?.childNodes ?? [];
      const within = [this.places.idle, this.places.side].some((place) => place.contains(document.activeElement));
      this.places.idle.replaceChildren(...part("[data-part=idle]"));
      this.places.side.replaceChildren(...part("[data-slot=side]"));
      this.headline(store.state);
      if (within) this.rest();
    } catch {
      // The old ones stay; they carry their time.
    }
  }

  strip({ queues, setup, link, lead }) {
    if (lead?.campaign) return html`<div class="strip-in">${leadStrip(lead)}</div>`;
    const { calls, aht_seconds: aht } = setup.today || {};
    return html`<div class="strip-in ${link === "online" ? "" : "stale"}">${queues.map((queue) => html`<span class="strong"><bdi>${queue.label || queue.queue}</bdi></span>
      <span>${t("Waiting in line")} <b>${num(queue.waiting)}</b></span>${queue.oldest ? html`<span>${t("Longest wait")} <b>${since(queue.oldest, LONG_WAIT)}</b></span>` : nothing}`)}
      ${calls == null ? nothing : html`<span class="push">${t("My calls today")} <b>${num(calls)}</b></span>`}
      ${aht == null ? nothing : html`<span>${t("Average handle time")} <b>${num(duration(aht))}</b></span>`}</div>`;
  }
}
customElements.define("cc-desk", Desk);

