// The caller's card: seven slots in one order, for every state. What comes late stands as a skeleton of the same height.

import { at, dots, html, icon, keys, nothing, num, phone, since } from "./dom.js";
import { parts, t, tn, tp } from "./i18n.js";
import { asking } from "./match.js";
import { clock, duration } from "./time.js";
import { store } from "./store.js";
import * as act from "./act.js";
import * as words from "./words.js";

const LOOKS = {
  ringing: "ringing", dialing: "talking", talking: "talking", held: "hold", consulting: "talking", wrapup: "wrapup",
};
const BADGES = {
  strong: ["ok", "user-check", () => t("Exact match")],
  chosen: ["ok", "user-check", () => t("Exact match")],
  weak: ["warn", "circle-help", () => t("Possible match")],
  ambiguous: ["warn", "users", () => t("Several matches")],
  none: ["warn", "user-plus", () => t("New caller")],
  anonymous: ["warn", "eye", () => t("Withheld number")],
  internal: ["", "phone", () => t("Internal call")],
};
const CHIPS = { vip: ["accent", "star"], debt: ["warn", "credit-card"], new: ["ok", ""] };
const SIGNS = { alert: "triangle-alert", "rec-off": "circle-dot" };
const outbound = (card) => card.direction === "outbound";

export const nameOf = (card) => card.name || card.number?.display || t("Withheld number");
export const showName = (card) =>
  card.name ? html`<bdi>${card.name}</bdi>` : card.number?.display ? phone(card.number.display) : t("Withheld number");

function said(card) {
  if (card.state === "ringing") return outbound(card) ? t("Connecting your phone…") : card.direction === "internal" ? t("Internal call") : t("Incoming call");
  if (card.state === "dialing") return t("Dialing…");
  if (card.state === "held") return parts(t("On hold for {duration}"), { duration: since(card.heldSince, 60) });
  if (card.state === "consulting") {
    const { label, to, state } = card.transfer ?? {};
    return dots([t("Consultation"), (label || to) && html`<bdi>${label || to}</bdi>`, state === "ringing" && t("Ringing")]);
  }
  if (card.state === "wrapup") return t("Call ended");
  if (card.state === "answered_elsewhere") {
    return card.by ? parts(t("Answered by {agent}"), { agent: html`<bdi>${card.by}</bdi>` }) : tp("participant", "Answered elsewhere");
  }
  if (card.state === "transferred") return tp("participant", "Transferred");
  if (card.state === "missed") {
    const waited = (card.ended ?? 0) - (card.queued ?? card.started ?? card.ended ?? 0);
    return parts(t("Missed at {time}, waited {duration}"), { time: num(clock(card.ended)), duration: num(duration(waited)) });
  }
  const word = outbound(card) ? t("Outgoing call") : card.direction === "internal" ? t("Internal call") : t("Incoming call");
  if (!card.answered) return word;
  const waited = card.answered - (card.queued ?? card.ringing ?? card.started ?? card.answered);
  return [word, " · ", parts(t("Answered after {duration}"), { duration: num(duration(waited)) })];
}

function top(card) {
  const glyph = card.state === "missed" ? "phone-missed" : outbound(card) ? "phone-outgoing" : "phone-incoming";
  let time = nothing;
  if (["ringing", "dialing"].includes(card.state)) time = since(card.ringing ?? card.started);
  else if (card.state === "wrapup" && card.answered) time = num(duration(card.ended - card.answered));
  return html`<div class="card-top">${icon(glyph, "s dir-icon")}<span>${said(card)}</span>${time}</div>`;
}

function badge(card) {
  const [kind, glyph, text] = BADGES[card.match?.state] || [];
  if (!text) return nothing;
  const count = card.match.candidates?.length || 0;
  const words = card.match.state === "ambiguous" && count ? tn("{n} customer with this number", "{n} customers with this number", count) : text();
  const face = html`<span class="chip ${kind}">${icon(glyph)}${words}</span>`;
  const reasons = card.match.reasons || [];
  if (!reasons.length) return face;
  return html`<details class="reasons"><summary title=${t("Why this customer?")} aria-label="${words}. ${t("Why this customer?")}">${face}</summary>
    <ul>${reasons.map((reason) => html`<li dir="auto">${reason}</li>`)}</ul></details>`;
}

function chip({ kind, text }) {
  const [colour, glyph] = CHIPS[kind] || ["", ""];
  return html`<span class="chip ${colour}">${glyph ? icon(glyph) : nothing}<bdi>${words.chip({ kind, text })}</bdi></span>`;
}

function who(card) {
  const chips = card.chips || [];
  const page = card.party_id && card.state !== "ringing" ? html`<a class="btn quiet s icon" href="/customers/${card.party_id}" aria-label=${t("Customer card")} title=${t("Customer card")}>${icon("external-link", "dir-icon")}</a>` : nothing;
  return html`<div class="who"><div class="row"><h2>${showName(card)}</h2>${page}</div>
    <div class="row wrapped">${card.name && card.number?.display ? phone(card.number.display) : nothing}${badge(card)}</div>
    ${chips.length ? html`<div class="row wrapped">${chips.map(chip)}</div>` : nothing}</div>`;
}

function alerts(card) {
  const list = (card.alerts || []).slice(0, 2);
  if (!list.length) return nothing;
  return html`<div class="alerts">${list.map(({ level, icon: glyph, text }) =>
    html`<div class="alert ${level === "bad" ? "bad" : "warn"}">${icon(SIGNS[glyph] || glyph || (level === "bad" ? "ban" : "triangle-alert"))}<span dir="auto">${text}</span></div>`)}</div>`;
}

const slot = (glyph, content, kind = "") => html`<div class="slot">${icon(glyph, kind)}<div class="slotted">${content}</div></div>`;
const skeleton = (glyph, kind) => slot(glyph, html`<span class="skel w60"></span><span class="skel w90"></span><span class="skel w75"></span>`, kind);

function why(card) {
  const { label, queue, wait_seconds: waited, did } = card.why || {};
  const often = card.calls_24h ?? card.why?.calls_24h;
  const name = label || queue;
  if (!name && !did) return nothing;
  const more = [];
  if (waited != null) more.push(parts(t("Waited {duration}"), { duration: num(duration(waited)) }));
  if (often > 1) more.push(html`<span class="t-warn strong">${parts(t("Call {n} in 24 hours"), { n: num(often) })}</span>`);
  return slot("headset", html`<span class="strong"><bdi>${name || ""}</bdi>${did ? html` <span class="soft plain">${phone(did)}</span>` : nothing}</span>
    ${more.length ? dots(more, "muted") : nothing}`);
}

const contact = ({ at: when, agent, outcome, result }) =>
  dots([html`<span class="strong">${at(when)}</span>`, agent && html`<bdi>${agent}</bdi>`, (outcome || words.result(result)) && html`<bdi>${outcome || words.result(result)}</bdi>`]);

function last(card) {
  if (["none", "anonymous", "internal", "ambiguous", "weak"].includes(card.match?.state) && !card.last) return nothing;
  if (card.contacts == null) return skeleton("history");
  if (!card.last) return slot("history", html`<span class="muted">${t("First contact – no history yet")}</span>`);
  const others = card.contacts.filter((one) => one.id !== card.last.id).slice(0, 4);
  return slot("history", html`${contact(card.last)}${card.last.note ? html`<span class="soft clamp" dir="auto">${card.last.note}</span>` : nothing}
    ${others.length ? html`<ul class="earlier">${others.map((one) => html`<li class="small soft">${contact(one)}</li>`)}</ul>` : nothing}`);
}

function open(card) {
  const items = [
    ...(card.cases || []).map((item) => ({ ...item, glyph: "ticket", title: `${item.number ? `#${item.number} ` : ""}${item.title}` })),
    ...(card.tasks || []).map((item) => ({ ...item, glyph: item.kind === "callback" ? "calendar-clock" : "list-checks" })),
  ].slice(0, 4);
  if (!items.length) return nothing;
  return slot("list-checks", html`<ul class="open-list" aria-label=${t("Open items")}>${items.map((item) =>
    html`<li class="row">${icon(item.glyph, "s")}<span class="trunc grow" dir="auto">${item.title}</span>${item.due_at ? html`<small class="muted">${at(item.due_at)}</small>` : nothing}</li>`)}</ul>`, "dir-icon");
}

function notes(card) {
  const list = (card.notes || []).slice(0, card.state === "ringing" ? 2 : 5);
  if (!list.length) return nothing;
  return slot("sticky-note", list.map((note) =>
    html`<div class="noted"><small class="muted">${dots([html`<bdi>${note.author}</bdi>`, note.at && at(note.at)])}</small><p class="soft clamp" dir="auto">${note.text}</p></div>`));
}

const say = (card) => (card.say && card.state !== "wrapup" ? slot("message-square", html`<p class="say" dir="auto">${card.say}</p>`, "dir-icon") : nothing);

function actions(card, me) {
  if (card.state === "missed") {
    return html`<div class="do"><button type="button" class="btn go grow" ?disabled=${!card.number?.e164} @click=${() => act.redial(card)}>${icon("phone")}${t("Call now")} ${keys("Alt L")}</button>
      <button type="button" class="btn" @click=${() => store.dispatch("dismiss", { id: card.id })}>${t("Close")}</button></div>`;
  }
  if (card.state !== "ringing" || outbound(card)) return nothing;
  const quiet = store.state.silenced.includes(card.id);
  const take = me?.can_answer
    ? html`<button type="button" class="btn go l grow" @click=${() => act.answer(card)}>${icon("phone")}${t("Answer")} ${keys("Alt A")}</button>`
    : html`<span class="hint grow">${icon("phone", "s")}${t("Answer on the phone")}</span>`;
  return html`<div class="do">${take}
    <button type="button" class="btn l icon44" aria-label="${t("Decline")} (Alt+X)" title="${t("Decline")} (Alt+X)" @click=${() => act.hangup(card)}>${icon("undo-2", "dir-icon")}</button>
    <button type="button" class="btn l icon44" aria-pressed=${quiet} aria-label="${t("Silence the ring")} (Esc)" title="${t("Silence the ring")} (Esc)" @click=${act.silence}>${icon("volume-x")}</button></div>`;
}

// `small` is the second card of a stack: who and why, no more.
export function card(card, { me, small = false, current = false } = {}) {
  const rest = small ? [card.state === "ringing" ? asking(card) : nothing, why(card)] : [asking(card), why(card), last(card), open(card), notes(card), say(card)];
  return html`<article class="card ${small ? "lesser" : ""} ${card.leaving ? "leaving" : ""}" data-s=${LOOKS[card.state] || "offline"} data-call=${card.id}
    data-state=${card.state} aria-label="${t("Card")}: ${nameOf(card)}" aria-current=${current ? "true" : nothing}>
    ${top(card)}${who(card)}${alerts(card)}${rest}${actions(card, me)}</article>`;
}
