// What a person can do with a call. One place, so that a key, the bar and the card do the same; what fails is said in words.

import { t } from "./i18n.js";
import { store } from "./store.js";
import { active, pbxDown, ringing, talking } from "./state.js";
import * as api from "./api.js";
import * as ring from "./ring.js";

export const say = (level, text, code) => store.dispatch("toast", { level, text, code });
export const silence = () => ring.silence();

const pending = new Set(); // commands on their way: a second press changes nothing

export async function attempt(name, command) {
  if (pending.has(name)) return null;
  pending.add(name);
  try {
    return await command();
  } catch (error) {
    if (!(error instanceof api.Refused)) throw error;
    say("bad", error.message, error.code);
    return null;
  } finally {
    pending.delete(name);
  }
}

const send = (card, what, body) => attempt(`${what} ${card.id}`, () => api.post(api.callPath(card.id, what), body));

export const answer = (card) => card && send(card, "answer");
export const hangup = (card = talking(store.state) || outgoing() || ringing(store.state)[0]) => card && send(card, "hangup");
const outgoing = () => store.state.calls.find((card) => card.direction === "outbound" && ["ringing", "dialing"].includes(card.state));

export function hold(card = talking(store.state)) {
  if (!card || card.state === "consulting") return null;
  return send(card, card.state === "held" ? "resume" : "hold");
}

export async function transfer(card, { to, kind }) {
  const done = await send(card, "transfer", { to, kind });
  if (done) store.dispatch("transfer", { mode: null });
  return done;
}

export const digit = (card, key) => send(card, "digit", { digit: key });
export const complete = (card = talking(store.state)) => card && send(card, "transfer/complete");
export const back = (card = talking(store.state)) => card && send(card, "transfer/cancel");

export async function choose(card, party) {
  const linked = await attempt(`party ${card.id}`, () => api.post(api.callPath(card.id, "party"), { party_id: party }));
  if (linked?.card) store.dispatch("patch", { id: card.id, card: linked.card });
  else if (linked) store.dispatch("patch", { id: card.id, card: { party_id: party, ...taken(card, party) } });
  return linked;
}

// Until the server's own card comes: who was chosen, and that it was.
function taken(card, party) {
  const row = card.match?.candidates?.find((one) => one.party_id === party);
  return row ? { name: row.name, match: { ...card.match, state: "chosen" } } : {};
}

export async function create(card, name) {
  const made = await api.post(api.callPath(card.id, "customer"), { name });
  const change = made.card ?? { name, party_id: made.party_id ?? made.id, match: { ...card.match, state: "strong" }, contacts: card.contacts ?? [], last: null };
  store.dispatch("patch", { id: card.id, card: change });
}

export async function dial(number, party) {
  if (pbxDown(store.state)) return say("warn", t("The link to the PBX is down. Dialing is not possible now."), "link_down");
  const body = party ? { number, party_id: Number(party) } : { number };
  const placed = await attempt(`dial ${number}`, () => api.post("/dial", body));
  connecting(placed);
  if (placed?.warning) say("warn", placed.warning, "dial_warning");
  return placed;
}

// The telephone rings in a moment, and then its card says so: until then this does.
export function connecting(placed) {
  if (placed && placed.id !== store.state.noticed && !outgoing()) say("info", t("Connecting your phone…"), "dialing");
}

export async function redial(card = active(store.state)) {
  if (card?.number?.e164) await dial(card.number.e164, card.party_id);
}

export const become = (state, reason) => attempt("state", () => api.post("/agent/state", reason ? { state, reason } : { state }));
export const join = (queue, member) => attempt(`queue ${queue}`, () => api.post("/agent/queues", { queue, member }));
