// The note of a call. What is typed is kept on this computer at once and on the server 800 ms later, when the field is left and
// when the call ends. Nobody's text is overwritten: when the server has another, both are shown.

import { t } from "./i18n.js";
import { clock } from "./time.js";
import { store } from "./store.js";
import * as api from "./api.js";

const PREFIX = `cc.note.${document.documentElement.dataset.user || ""}.`;
const WAIT = 800;
const RETRY = 5_000;
const WEEK = 7 * 86_400;

const notes = new Map();
const redraw = () => store.dispatch("patch", { id: "", card: {} });

function stored(id) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + id));
  } catch {
    return null;
  }
}

class Note {
  constructor(card) {
    const draft = stored(card.id);
    this.id = card.id;
    this.version = draft?.version ?? card.note?.version ?? 0;
    this.text = draft?.text ?? card.note?.text ?? "";
    this.saved = draft ? null : this.text;
    this.savedAt = null;
    this.state = draft ? "kept" : "idle"; // idle | typing | saving | saved | kept | conflict
    this.theirs = null;
    if (draft) this.later(0);
  }

  // The server's text came (a transfer, another tab): take it when nothing of ours waits.
  meet(given) {
    if (!given || this.text !== this.saved || given.version <= this.version) return;
    Object.assign(this, { text: given.text, saved: given.text, version: given.version });
  }

  type(text) {
    this.text = text;
    if (this.state !== "conflict") this.state = "typing";
    this.keep();
    this.later(WAIT);
  }

  keep() {
    try {
      localStorage.setItem(PREFIX + this.id, JSON.stringify({ text: this.text, version: this.version, at: Date.now() / 1000 }));
    } catch {
      // A full or forbidden storage: the server copy is all there is.
    }
  }

  later(wait) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), wait);
  }

  async save() {
    clearTimeout(this.timer);
    if (this.sending) return this.sending;
    if (this.text === this.saved || this.state === "conflict") return null;
    this.sending = this.#send().finally(() => (this.sending = null));
    return this.sending;
  }

  async #send() {
    const sent = this.text;
    this.state = "saving";
    try {
      const done = await api.put(api.callPath(this.id, "note"), { text: sent, version: this.version });
      this.version = done.version;
      this.saved = sent;
      this.savedAt = done.saved_at ?? Date.now() / 1000;
      this.state = "saved";
      if (this.text === sent) localStorage.removeItem(PREFIX + this.id);
      else this.later(0);
    } catch (error) {
      this.#failed(error);
    }
    redraw();
  }

  #failed(error) {
    if (error.status === 409 && error.body.current) {
      this.theirs = error.body.current;
      this.state = "conflict";
      return;
    }
    this.state = error.status && error.status < 500 && error.status !== 429 ? "refused" : "kept";
    this.why = error.message;
    if (this.state === "kept") this.later(RETRY);
  }

  // The choice after a conflict: our text, theirs, or both one after the other.
  settle(choice) {
    const { text, version } = this.theirs;
    this.version = version;
    if (choice === "theirs") this.text = text;
    else if (choice === "both") this.text = `${text}\n${this.text}`;
    this.saved = text;
    this.theirs = null;
    this.state = "typing";
    this.keep();
    if (this.text === this.saved) localStorage.removeItem(PREFIX + this.id);
    this.state = this.text === this.saved ? "saved" : "typing";
    this.savedAt ??= Date.now() / 1000;
    this.later(0);
    redraw();
  }

  get status() {
    if (this.state === "saved") return [t("Saved at {time}"), clock(this.savedAt)];
    if (this.state === "kept") return [t("Offline – kept on this computer"), ""];
    if (this.state === "refused") return [t("Saving failed. The draft is kept on this computer."), ""];
    if (this.state === "saving" || this.state === "typing") return [t("Saving…"), ""];
    return ["", ""];
  }
}

export function of(card) {
  const known = notes.get(card.id);
  if (!known) {
    const fresh = new Note(card);
    notes.set(card.id, fresh);
    return fresh;
  }
  known.meet(card.note);
  return known;
}

export const flush = (id) => notes.get(id)?.save();
export const waiting = () => [...notes.values()].some((note) => ["typing", "saving", "kept"].includes(note.state));

// Drafts of calls long gone do not stay on a shared computer.
function tidy() {
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith("cc.note.") && (JSON.parse(localStorage.getItem(key))?.at ?? 0) < Date.now() / 1000 - WEEK) localStorage.removeItem(key);
  }
}

export function start() {
  try {
    tidy();
  } catch {
    // A storage that cannot be read holds no drafts either.
  }
  const ended = new Set();
  store.subscribe((state) => {
    for (const card of state.calls) {
      if (card.state === "wrapup" && !ended.has(card.id)) {
        ended.add(card.id);
        flush(card.id);
      }
    }
  });
  addEventListener("online", () => notes.forEach((note) => note.save()));
  addEventListener("pagehide", () => notes.forEach((note) => note.save()));
}
