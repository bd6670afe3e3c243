// The panel of a call: its note, its outcome, the time to call back. The foot stays on screen.

import { html, icon, keys, nothing, num } from "./dom.js";
import { parts, t } from "./i18n.js";
import { callbackGroup, foot, outcomeGroup } from "./wrapup.js";
import { change } from "./match.js";
import * as note from "./note.js";

function conflict(kept) {
  return html`<div class="callout warn conflict" role="alert">${icon("triangle-alert")}<div class="grow stack">
    <b>${t("This note was changed elsewhere. Choose which text to keep.")}</b><p class="theirs" dir="auto">${kept.theirs.text}</p>
    <div class="row wrapped"><button type="button" class="btn s" @click=${() => kept.settle("mine")}>${t("Keep mine")}</button>
    <button type="button" class="btn s" @click=${() => kept.settle("theirs")}>${t("Take the other")}</button>
    <button type="button" class="btn s" @click=${() => kept.settle("both")}>${t("Keep both")}</button></div></div></div>`;
}

function writing(card) {
  const kept = note.of(card);
  const [status, time] = kept.status;
  return html`<div class="field"><div class="row"><label for="call-note" class="label">${t("Note about the call")}</label>${keys("Alt N")}
    <span class="small push note-status ${["kept", "refused"].includes(kept.state) ? "t-warn strong" : "muted"}" role="status">${parts(status, { time: num(time) })}</span></div>
    <textarea class="textarea" id="call-note" dir="auto" rows="5" maxlength="20000" data-call=${card.id} .value=${kept.text}
      @input=${(event) => kept.type(event.target.value)} @blur=${() => kept.save()}></textarea>${kept.theirs ? conflict(kept) : nothing}</div>`;
}

export function panel(card) {
  return html`<section class="panel endcol" aria-label=${t("Wrap-up")}><div class="panel-head"><h2>${t("Note and outcome")}</h2></div>
    <div class="endbody" tabindex="0" role="group" aria-label=${t("Note and outcome")}>${writing(card)}${outcomeGroup(card)}${callbackGroup(card)}</div>${foot(card, () => {
      change(card);
      document.querySelector("#v1")?.click();
      requestAnimationFrame(() => document.querySelector("input[type=search][id^=find-]")?.focus());
    })}</section>`;
}
