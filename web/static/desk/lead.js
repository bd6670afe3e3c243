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
let worked = null; // the lead that was called from here: once it is off the desk, the next one comes by itself

// The lead of a call, when this call is one.
export function ofCall(card) {
  const lead = card && held();
  if (!lead) return null;
  const asked = dialling && card.direction === "outbound" && card.number?.e164 === lead.number.e164;
  return lead.call_id === card.id || asked ? given() : null;
}

export const look = async () => show(await api.get("/lead").catch(() => null));

export async function next() {
  worked = null;
  show(await act.attempt("lead", () => api.post("/lead/next")));
}

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
  if (placed) worked = lead.id;
  act.connecting(placed);
  await look();
  dialling = false;
  await goOn(); // a line that was busy may have been settled before this answer came
}

// One key for the whole round: the next lead, and then its call.
export const go = () => (joined() ? (held() ? dial() : next()) : null);

// An agent who is ready goes on with the next lead when the last one is done. Which of both is known first depends on the line.
async function goOn() {
  if (worked !== null && joined() && !held() && store.state.me?.state === "ready") await next();
}

// The lead went on: its call was settled, or a callback came due.
async function changed() {
  const before = held()?.id ?? null;
  await look();
  if (!held()) worked ??= before;
  await goOn();
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
  let was = "";
  store.subscribe((state) => {
    const is = state.me?.state ?? "";
    if (is !== was) {
      was = is;
      if (is === "ready") goOn();
      if (is === "paused" || is === "offline") worked = null; // whoever rests asks for the next one
    }
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
