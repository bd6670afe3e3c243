// Notices of what is due in a moment: they stand at the foot until they are dealt with, on every page and in every tab. They take
// neither the focus nor a key, and during a call they are one quiet line.

import { at, dots, html, icon, Island, nothing, phone } from "./dom.js";
import { t, tn } from "./i18n.js";
import { now } from "./time.js";
import { store } from "./store.js";
import * as act from "./act.js";
import * as api from "./api.js";

const MOST = 3;
const gone = new Set(); // dealt with here: away before the server says so

async function settle(notice, what) {
  gone.add(`${notice.id} ${notice.at}`);
  document.querySelector("cc-due")?.draw();
  const done = await act.attempt(`due ${notice.id}`, () => api.post(`/reminders/${notice.id}/${what}`));
  if (done && what === "close") return;
  gone.delete(`${notice.id} ${notice.at}`); // snoozed, it may come again; refused, it still stands
  if (!done) document.querySelector("cc-due")?.draw();
}

async function dial(notice) {
  if (await act.dial(notice.dial, notice.party_id)) await settle(notice, "close");
}

class Due extends Island {
  view({ due, calls }) {
    const shown = due.filter((notice) => !gone.has(`${notice.id} ${notice.at}`));
    if (!shown.length) return nothing;
    const working = calls.some((card) => !card.leaving && card.state !== "missed");
    const more = shown.length - MOST;
    return html`<section class="dues ${working ? "quietly" : ""}" aria-label=${t("Due now")} role="status">${shown.slice(0, MOST).map((notice) => this.notice(notice, working))}
      ${more > 0 ? html`<a class="due more" href="/tasks">${tn("and {n} more", "and {n} more", more)}</a>` : nothing}</section>`;
  }

  notice(notice, working) {
    const callback = notice.kind === "callback";
    const late = notice.at < now();
    const said = notice.name || notice.number || notice.title;
    const facts = [callback ? t("Callback") : t("Task"), html`<span class=${late ? "t-bad strong" : ""}>${at(notice.at)}</span>`, notice.name && notice.number ? phone(notice.number) : nothing];
    return html`<article class="due">${icon(callback ? "calendar-clock" : "list-checks")}<div class="grow two"><b class="trunc" dir="auto">${said}</b><small>${dots(facts)}</small>
      ${notice.title && notice.title !== said && !working ? html`<small class="trunc" dir="auto">${notice.title}</small>` : nothing}</div>
      <button type="button" class="btn quiet s icon" aria-label=${t("Close")} @click=${() => settle(notice, "close")}>${icon("x")}</button>
      ${working ? nothing : html`<div class="row wrapped">${notice.dial ? html`<button type="button" class="btn s go" @click=${() => dial(notice)}>${icon("phone", "s")}${t("Dial")}</button>` : nothing}
        ${notice.source === "lead" ? html`<form method="post" action="${notice.path}/take" hx-boost="false"><button class="btn s go">${icon("headset", "s")}${t("To the desk")}</button></form>` : nothing}
        <button type="button" class="btn s" @click=${() => settle(notice, "snooze")}>${icon("timer", "s")}${t("In 10 minutes")}</button>
        <a class="btn s" href=${notice.party_id ? `/customers/${notice.party_id}` : notice.path}>${t("Open")}</a></div>`}</article>`;
  }
}
customElements.define("cc-due", Due);
