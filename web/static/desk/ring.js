// Ringing: sound, notification and title. One tab of the browser leads (a Web Lock) and is the only one that rings; Esc in any
// tab silences it. The tone is made here: two soft notes, no file to load.

import { language, t } from "./i18n.js";
import { sounding } from "./state.js";
import { store } from "./store.js";

const user = document.documentElement.dataset.user || "";
const tabs = "BroadcastChannel" in window ? new BroadcastChannel(`cc-ring-${user}`) : null;
let calm = null; // the page's own title while a call's stands there
let audio = null;
let beat = 0;
let told = new Map();

// Held until the tab closes; then the next tab that waits becomes the leader.
function elect() {
  if (!navigator.locks) return store.dispatch("leader", { leader: true });
  navigator.locks.request(`cc-ring-${user}`, () => {
    store.dispatch("leader", { leader: true });
    return new Promise(() => {});
  });
}

// Browsers let a page make sound only after a key or a click on it.
function unlock() {
  audio ??= new AudioContext();
  audio.resume().then(() => store.dispatch("sound", { sound: audio.state === "running" }));
}

function note(start, frequency, seconds) {
  const [tone, volume] = [audio.createOscillator(), audio.createGain()];
  tone.frequency.value = frequency;
  volume.gain.setValueAtTime(0.0001, start);
  volume.gain.exponentialRampToValueAtTime(0.18, start + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.0001, start + seconds);
  tone.connect(volume).connect(audio.destination);
  tone.start(start);
  tone.stop(start + seconds);
}

function ring() {
  if (audio?.state !== "running") return store.dispatch("sound", { sound: false });
  note(audio.currentTime, 660, 0.35);
  note(audio.currentTime + 0.2, 880, 0.5);
}

// A call that comes while talking makes one soft note, and no more.
function beep() {
  if (audio?.state === "running") note(audio.currentTime, 520, 0.25);
}

function notify(card) {
  if (!("Notification" in window) || Notification.permission !== "granted" || !document.hidden) return;
  const shown = new Notification(card.name || card.number?.display || t("Withheld number"), {
    tag: card.id,
    body: [t("Incoming call"), card.why?.label].filter(Boolean).join(" · "),
    lang: language,
    requireInteraction: true,
  });
  shown.onclick = () => {
    window.focus();
    shown.close();
  };
  return shown;
}

function follow(state) {
  const calls = state.leader ? sounding(state) : [];
  const occupied = ["talking", "hold", "consulting"].includes(state.me?.state);
  for (const card of calls) {
    if (told.has(card.id)) continue;
    told.set(card.id, notify(card));
    if (occupied) beep();
  }
  for (const [id, shown] of told) {
    if (calls.some((card) => card.id === id)) continue;
    shown?.close();
    if (!state.calls.some((card) => card.id === id && card.state === "ringing")) told.delete(id);
  }
  const loud = calls.length > 0 && !occupied;
  document.documentElement.toggleAttribute("data-ringing", loud);
  if (loud && !beat) {
    ring();
    beat = setInterval(ring, 3_000);
  } else if (!loud && beat) {
    clearInterval(beat);
    beat = 0;
  }
  const first = sounding(state)[0];
  if (first) {
    calm ??= document.title;
    document.title = `☎ ${first.name || first.number?.display || t("Withheld number")}`;
  } else if (calm !== null) {
    document.title = calm;
    calm = null;
  }
}

export function silence() {
  const ids = sounding(store.state).map((card) => card.id);
  if (!ids.length) return false;
  store.dispatch("silence", { ids });
  tabs?.postMessage({ ids });
  return true;
}

export function start() {
  elect();
  if (navigator.userActivation?.hasBeenActive) unlock();
  for (const gesture of ["pointerdown", "keydown"]) addEventListener(gesture, unlock, { once: true, capture: true });
  if (tabs) tabs.onmessage = ({ data }) => store.dispatch("silence", data);
  store.subscribe(() => setTimeout(() => follow(store.state))); // after the card is drawn
}
