// The lead of a campaign on this desk: taken, dialled, skipped, kept. The server holds the lease; this asks and shows.

import { t } from "./i18n.js";
import { store } from "./store.js";
import { pbxDown } from "./state.js";
import * as act from "./act.js";
import * as api from "./api.js";

const KEEP = 45_000; // ms between two signs that the lead is still looked at; the lease is longer

const show = (given) => given && store.dispatch("lead", given);
const given = () => store.state.lead;
export const held = () => given()?.lead ?? null;
export const joined = () => Boolean(given()?.campaign);

let dialling = false; // asked for, and not told yet which call it is: its card may be here first

// The lead of a call, when this call is one.
export function ofCall(card) {
  const lead = card && held();
  if (!lead) return null;
  const asked = dialling && card.direction === "outbound" && card.number?.e164 === lead.number.e164;
  return lead.call_id === card.id || asked ? given() : null;
}

export const look = async () => show(await api.get("/lead").catch(() => null));
export const next = async () => show(await act.attempt("lead", () => api.post("/lead/next")));

export async function join(campaign) {
  const taken = await act.attempt("lead", () => api.post("/lead/join", { campaign_id: Number(campaign) }));
  show(taken);
  return taken;
}

export async function leave() {
  show(await act.attempt("lead", () => api.post("/lead/leave")));
}

export async function skip(reason) {
  if (held()) show(await act.attempt("lead", () => api.post("/lead/skip", { lead_id: held().id, reason })));
}

export async function dial() {
  const lead = held();
  if (!lead || lead.calling) return;
  if (pbxDown(store.state)) return act.say("warn", t("The link to the PBX is down. Dialing is not possible now."), "link_down");
  dialling = true;
  const placed = await act.attempt("lead dial", () => api.post("/lead/dial", { lead_id: lead.id }));
  if (placed) act.say("info", t("Connecting your phone…"), "dialing");
  await look();
  dialling = false;
}

// One key for the whole round: the next lead, and then its call.
export const go = () => (joined() ? (held() ? dial() : next()) : null);

// The lead went on: its call was settled, or a callback came due. An agent who is ready goes on with the next one.
async function changed() {
  const before = held()?.id;
  await look();
  const ready = store.state.me?.state === "ready";
  if (joined() && !held() && before !== undefined && ready) await next();
}

async function keep() {
  const lead = held();
  if (!lead || lead.calling || document.hidden) return;
  const answer = await api.post("/lead/renew", { lead_id: lead.id }).catch(() => null);
  if (answer && !answer.kept) await look();
}

export function start() {
  let stale = 0;
  let lost = false;
  store.subscribe((state) => {
    if (lost && state.link === "online" && joined()) look(); // what was told meanwhile was not heard
    lost = state.link === "offline";
    if (state.leadStale !== stale) {
      stale = state.leadStale;
      changed();
    }
  });
  setInterval(keep, KEEP);
  document.addEventListener("visibilitychange", keep);
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-join]");
    if (!button) return;
    button.setAttribute("aria-busy", "true");
    if (await join(button.dataset.join)) location.assign("/desk");
    else button.removeAttribute("aria-busy");
  });
}
