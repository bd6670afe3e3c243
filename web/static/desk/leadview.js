// A lead on the desk: who to call and when it is there, what to say, what was tried. And the controls of the round, in the bar.

import { at, dots, html, icon, keys, nothing, num, phone } from "./dom.js";
import { language, parts, t, tn, zone } from "./i18n.js";
import { clock, now } from "./time.js";
import * as lead from "./lead.js";
import * as words from "./words.js";

const SKIPS = [
  ["bad_time", () => t("Bad time")],
  ["already_spoken", () => t("Already spoken with")],
  ["language", () => t("Another language")],
  ["other", () => t("Another reason")],
];
const names = new Intl.DisplayNames([language], { type: "language", fallback: "code" });

// The clock on the other side's wall; several when the number does not say which.
const there = (zones) =>
  [...new Set(zones.map((name) => new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: name }).format(new Date(now() * 1000))))].slice(0, 3).join(" / ");

const elsewhere = (zones) => zones.length !== 1 || zones[0] !== zone;

function localTime({ zones }) {
  return html`<span class="chip ${elsewhere(zones) ? "warn" : ""}" data-local>${icon("clock")}${parts(t("{time} there"), { time: num(there(zones)) })}</span>`;
}

function skipMenu() {
  const choose = (reason) => (event) => {
    event.currentTarget.closest("details").open = false;
    lead.skip(reason);
  };
  return html`<details class="skipmenu"><summary class="btn" aria-keyshortcuts="Alt+S">${icon("skip-forward", "dir-icon")}${t("Skip")} ${keys("Alt S")}</summary>
    <div class="menu" role="group" aria-label=${t("Skip with a reason")}>${SKIPS.map(([code, text]) => html`<button type="button" class="mi" @click=${choose(code)}>${text()}</button>`)}</div></details>`;
}

function tries({ tries: made, most, attempts, calling }) {
  const before = made - (calling ? 1 : 0);
  return html`<section class="panel"><div class="panel-head"><h2>${t("Attempts")}</h2><span class="count">${before}</span><span class="small muted push">${tn("{n} attempt left", "{n} attempts left", Math.max(0, most - made))}</span></div>
    ${attempts.length ? html`<ul class="pad6">${attempts.map((one) => html`<li class="mini">${icon(one.result === "answered" ? "phone-outgoing" : "phone-missed", "dir-icon")}<span class="trunc" dir="auto">${one.outcome || words.result(one.result) || words.problem(one.result) || one.result}</span><span>${at(one.at)}</span><small><bdi>${one.agent}</bdi></small></li>`)}</ul>`
      : html`<p class="small muted panel-body">${t("Nobody has called yet.")}</p>`}</section>`;
}

function known({ facts }, campaign) {
  const list = Object.entries(facts ?? {});
  return html`${list.length ? html`<div class="slot">${icon("file-text")}<dl class="slotted leadfacts">${list.map(([name, value]) => html`<div><dt dir="auto">${name}</dt><dd dir="auto">${value}</dd></div>`)}</dl></div>` : nothing}
    <div class="slot">${icon("megaphone")}<div class="slotted"><span class="strong"><bdi>${campaign.name}</bdi></span></div></div>`;
}

// In its call the lead is what the call's own card does not say: the rest of the list's columns, and the clock there.
export function leadCard({ lead: one, campaign }) {
  if (one.calling) {
    return html`<article class="card lesser" data-lead=${one.id} aria-label=${t("Lead")}><div class="slot">${icon("clock")}<div class="slotted"><span>${localTime(one)}</span></div></div>${known(one, campaign)}</article>${tries(one)}`;
  }
  return html`<article class="card" data-s="ready" data-lead=${one.id} aria-label="${t("Lead")}: ${one.name}">
    <div class="card-top">${icon(one.callback ? "calendar-clock" : "shield-check", "s")}<span>${one.callback ? parts(t("Callback promised for {time}"), { time: num(clock(one.due_at)) }) : t("Calling allowed")}</span></div>
    <div class="who"><div class="row"><h2><bdi>${one.name}</bdi></h2>${one.party_id ? html`<a class="btn quiet s icon" href="/customers/${one.party_id}" aria-label=${t("Customer card")} title=${t("Customer card")}>${icon("external-link", "dir-icon")}</a>` : nothing}</div>
      <div class="row wrapped">${phone(one.number.display)}${localTime(one)}</div></div>
    ${known(one, campaign)}
    <div class="do"><button type="button" class="btn go l grow" aria-keyshortcuts="Alt+J" @click=${lead.dial}>${icon("phone")}${t("Dial")} ${keys("Alt J")}</button>${skipMenu()}</div>
  </article>${tries(one)}`;
}

export function script({ lead: one }) {
  const { text, language: code } = one.script;
  return html`<section class="panel script"><div class="panel-head"><h2>${t("Script")}</h2>${text ? html`<span class="chip">${names.of(code)}</span>` : nothing}</div>
    <div class="scriptbody" lang=${code} dir=${code === "he" ? "rtl" : "ltr"}>${text ? text.split(/\n{2,}/).map((paragraph) => html`<p dir="auto">${paragraph}</p>`) : html`<p class="muted">${t("This campaign has no script yet.")}</p>`}</div></section>`;
}

function why({ why: code, next_at: due, waiting, campaign }) {
  if (code === "not_running" || campaign.state !== "running") return t("Campaign paused by a supervisor");
  if (code === "list_finished") return t("List finished");
  if (code === "none_now") {
    return due > now()
      ? parts(t("No leads now. Next attempt at {time}; {n} are waiting for their hour."), { time: at(due), n: num(waiting) })
      : parts(t("No leads for you now; {n} are on other desks or waiting."), { n: num(waiting) });
  }
  return "";
}

// Nothing on the desk: what the campaign has, and the one key.
export function between(state) {
  const said = why(state);
  return html`<section class="panel empty tall">${icon("megaphone")}<h2><bdi>${state.campaign.name}</bdi></h2>${said ? html`<p role="status">${said}</p>` : nothing}
    <div class="row"><button type="button" class="btn go l" aria-keyshortcuts="Alt+J" @click=${lead.next}>${icon("skip-forward", "dir-icon")}${t("Next lead")} ${keys("Alt J")}</button><button type="button" class="btn l" @click=${lead.leave}>${t("Leave the campaign")}</button></div></section>`;
}

export function strip({ progress, lead: one }) {
  if (!progress) return nothing;
  return html`<span>${t("Leads today")} <b>${num(progress.tries)}</b></span><span>${t("Reached")} <b>${num(progress.reached)}</b></span>
    <span>${t("Conversions")} <b class="t-ok">${num(progress.won)}</b></span><span class="push">${t("Leads left")} <b>${num(progress.left)}</b></span>
    ${one ? html`<button type="button" class="link small" @click=${lead.leave} ?disabled=${one.calling}>${t("Leave the campaign")}</button>` : nothing}`;
}

// Who and what in the bar, while no call is there.
export function bar(given, control) {
  const one = given.lead;
  const line = one ? dots([html`<bdi>${one.name}</bdi>`, phone(one.number.display)]) : t("Preview");
  return html`<a class="bar-who wide" href="/desk"><b class="trunc" dir="auto">${given.campaign.name}</b><small class="trunc">${line}</small></a><span class="sep"></span>
    <div class="controls" role="group" aria-label=${given.campaign.name}>${one ? control(t("Dial"), "phone", "Alt+J", lead.dial, { kind: "take", disabled: one.calling }) : control(t("Next lead"), "skip-forward", "Alt+J", lead.next, { kind: "take", mirrored: true })}</div>`;
}

export const openSkip = () => {
  const menu = document.querySelector("details.skipmenu");
  if (!menu || !lead.held()) return;
  menu.open = true;
  menu.querySelector("button")?.focus();
};

export const onDesk = (state, current) => {
  const given = state.lead;
  if (!given?.campaign) return null;
  return !current || lead.ofCall(current) ? given : null;
};

// A menu closes where a menu should: outside, and on Esc.
document.addEventListener("click", (event) => {
  const menu = document.querySelector("details.skipmenu[open]");
  if (menu && !menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.skipmenu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

