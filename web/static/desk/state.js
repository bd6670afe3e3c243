// What this tab knows: a snapshot and the events since. Pure: no clock, no page, no network; `at` is this computer's epoch.
//
// Every event of the server carries `seq`, one more than the last. A lower one is a repetition and changes nothing; a higher one
// is applied, and `gap` asks live.js for a new snapshot. Times stay the server's own; `skew` is its clock minus ours.

export const initial = () => ({
  link: "connecting", // connecting | online | offline | refused
  linkAt: 0,
  everOnline: false,
  seq: 0,
  gap: false,
  skew: 0,
  me: null,
  calls: [],
  queues: [],
  system: null,
  floor: null, // what the floor shows, where it is open
  chosen: null, // the card that the user turned to
  silenced: [], // ids of calls whose ring was silenced here
  announced: null, // the call that the live region speaks of
  leader: false,
  sound: true,
  setup: { outcomes: [], reasons: [], today: null },
  offers: 0, // how often what is offered changed: boot.js asks again
  version: "", // of the server's scripts, when it is another than this page's
  due: [], // notices of callbacks and tasks that are due, until they are dealt with
  toasts: [],
  toastId: 0,
  noticed: "", // the call of which something was said last: perhaps before the answer to who asked for it
  transfer: null, // the picker: null | transfer | consult
  lead: null, // the campaign worked on, and its lead on this desk, as the server told it last
  leadStale: 0, // how often the server said that it went on
});

const LINGER = { answered_elsewhere: 1.5, transferred: 1.5, rejected: 0, ended: 0, missed: 60 };
const busy = ["talking", "held", "consulting", "dialing"];

const LATE = ["contacts", "last", "cases", "tasks", "notes", "calls_24h"];

const replace = (calls, id, change) => calls.map((card) => (card.id === id ? { ...card, ...change(card) } : card));

function snapshot(state, data, at) {
  const local = new Map(state.calls.map((card) => [card.id, card]));
  const calls = data.calls.map((card) => {
    const known = local.get(card.id);
    return { ...card, heldSince: card.state === "held" ? (known?.heldSince ?? data.now) : null, draft: known?.draft };
  });
  const lingering = state.calls.filter((card) => card.leaving && !calls.some((other) => other.id === card.id));
  return {
    ...state,
    seq: data.seq,
    gap: false,
    skew: data.now - at,
    me: data.me,
    version: data.version || state.version,
    queues: data.queues || [],
    system: data.system || null,
    due: data.due || [],
    calls: [...calls, ...lingering],
  };
}

// A card that comes again (somebody said who it is) keeps the slots that are still read, unless it is about another customer.
function keepLate(known, card) {
  if (!known) return card;
  const same = known.party_id === card.party_id;
  const late = Object.fromEntries(LATE.filter((slot) => same && card[slot] == null).map((slot) => [slot, known[slot]]));
  return { ...card, ...late, heldSince: known.heldSince ?? null };
}

const handlers = {
  "call.pop"(state, { card }) {
    const known = state.calls.find((other) => other.id === card.id);
    const others = state.calls.filter((other) => other !== known);
    const fresh = card.state === "ringing" && known?.state !== "ringing";
    const toasts = card.direction === "outbound" ? connected(state) : state.toasts; // the card says it
    return { ...state, toasts, calls: [...others, keepLate(known, card)], announced: fresh ? card.id : state.announced };
  },
  "card.enrich"(state, { id, card }) {
    return { ...state, calls: replace(state.calls, id, () => card) };
  },
  "call.update"(state, { id, call }, now) {
    return {
      ...state,
      calls: replace(state.calls, id, (card) => {
        const held = call.state ? call.state === "held" : Boolean(card.heldSince);
        return { ...call, heldSince: held ? (card.heldSince ?? call.since ?? now) : null };
      }),
    };
  },
  "call.end"(state, { id, reason, wrapup, by }, now) {
    const ended = (card) => {
      if (wrapup) return { state: "wrapup", wrapup, ended: card.ended ?? now, heldSince: null, transfer: null };
      const stays = LINGER[reason] ?? 0;
      return { state: reason === "ended" ? "gone" : reason, by, ended: card.ended ?? now, leaving: now + stays };
    };
    return sweep({ ...state, calls: replace(state.calls, id, ended) }, now);
  },
  "agent.state"(state, { seq, ...change }) {
    const over = ["ready", "paused", "offline"].includes(change.state);
    const calls = over ? state.calls.filter((card) => card.state !== "wrapup") : state.calls;
    return { ...state, me: { ...state.me, ...change }, calls };
  },
  "queue.stats": (state, { queues }) => ({ ...state, queues }),
  "system.state": (state, { system }) => ({ ...state, system }),
  "lead.changed": (state) => ({ ...state, leadStale: state.leadStale + 1 }),
  // What came to nothing is not being connected any more.
  notice: (state, { level, code, text, id }) => toast({ ...state, noticed: id || state.noticed, toasts: id ? connected(state) : state.toasts }, { level, code, text }),
  "task.due": (state, { due }) => ({ ...state, due }),
  "offers.changed": (state) => ({ ...state, offers: state.offers + 1 }),
};

// The floor comes whole, then as rows that differ; null is a row that is gone. It carries no number: it is not part of the order.
function rows(old, change = {}) {
  const next = { ...old, ...change };
  for (const [key, row] of Object.entries(change)) if (row === null) delete next[key];
  return next;
}

const local = {
  floor: (state, { whole, at, ...sections }) => ({
    ...state,
    floor: whole
      ? { at, ...sections }
      : state.floor && { at, ...Object.fromEntries(["agents", "queues", "calls", "today"].map((name) => [name, rows(state.floor[name], sections[name])])) },
  }),
  link: (state, { link }, at) => ({
    ...state, link, linkAt: state.link === link ? state.linkAt : at, everOnline: state.everOnline || link === "online",
  }),
  version: (state, { version }) => (version === state.version ? state : { ...state, version }),
  leader: (state, { leader }) => ({ ...state, leader }),
  sound: (state, { sound }) => (state.sound === sound ? state : { ...state, sound }),
  setup: (state, setup) => ({ ...state, setup: { ...state.setup, ...setup } }),
  lead: (state, given) => ({ ...state, lead: given }),
  silence: (state, { ids }) => ({ ...state, silenced: [...new Set([...state.silenced, ...ids])] }),
  choose: (state, { id }) => ({ ...state, chosen: id }),
  transfer: (state, { mode }) => ({ ...state, transfer: mode }),
  dismiss: (state, { id }) => ({ ...state, calls: state.calls.filter((card) => card.id !== id) }),
  patch: (state, { id, card }) => ({ ...state, calls: replace(state.calls, id, () => card) }),
  toast: (state, said) => toast(state, said),
  untoast: (state, { id }) => ({ ...state, toasts: state.toasts.filter((said) => said.id !== id) }),
  sweep: (state, _data, at) => sweep(state, at + state.skew),
};

const connected = (state) => state.toasts.filter(({ code }) => code !== "dialing");

function toast(state, said) {
  const id = state.toastId + 1;
  const others = state.toasts.filter((other) => !said.code || other.code !== said.code);
  return { ...state, toastId: id, toasts: [...others.slice(-2), { level: "info", ...said, id }] };
}

function sweep(state, now) {
  const calls = state.calls.filter((card) => !card.leaving || card.leaving > now);
  return calls.length === state.calls.length ? state : { ...state, calls };
}

export function reduce(state, type, data, at) {
  if (type === "snapshot") return snapshot(state, data, at);
  if (type in local) return local[type](state, data, at);
  const handler = handlers[type];
  if (!handler) return state;
  if (!state.me) return { ...state, gap: true };
  if (data.seq <= state.seq) return state;
  const next = { ...state, gap: state.gap || data.seq > state.seq + 1, seq: data.seq };
  return handler(next, data, at + state.skew);
}

// The cards in the order of the stack: what rings is never below the fold, then the one talked to, then what is written up.
const rank = (card) => (card.state === "ringing" ? 0 : busy.includes(card.state) ? 1 : card.state === "wrapup" ? 2 : 3);
export const stack = (state) => [...state.calls].sort((a, b) => rank(a) - rank(b) || (a.started ?? 0) - (b.started ?? 0));

// The call on the desk: the one turned to, else the one talked to, else the one to write up, else the one that rings.
export function active(state) {
  const cards = stack(state).filter((card) => !card.leaving);
  return (
    cards.find((card) => card.id === state.chosen) ||
    cards.find((card) => busy.includes(card.state)) ||
    cards.find((card) => card.state === "wrapup") ||
    cards[0] ||
    null
  );
}

export const talking = (state) => stack(state).find((card) => ["talking", "held", "consulting"].includes(card.state)) || null;
export const ringing = (state) => state.calls.filter((card) => card.state === "ringing" && card.direction !== "outbound");
export const sounding = (state) => ringing(state).filter((card) => !state.silenced.includes(card.id));
export const opened = (card) => Boolean(card) && (busy.includes(card.state) || card.state === "wrapup");
export const pbxDown = (state) => (state.system?.pbx || []).some((pbx) => pbx.state !== "up" && pbx.state !== "connected");
