// Durations, clock times and dates as the glossary writes them; times in the site's zone, whatever the computer's is.

import { language, t, zone } from "./i18n.js";

const locale = language === "en" ? "en-GB" : language;
const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: zone });
const DAY = new Intl.DateTimeFormat("sv-SE", { year: "numeric", month: "2-digit", day: "2-digit", timeZone: zone });
const MONTH = language === "en" ? "short" : "2-digit";
const DATE = new Intl.DateTimeFormat(locale, { day: language === "en" ? "numeric" : "2-digit", month: MONTH, year: "numeric", timeZone: zone });
const WEEKDAY = new Intl.DateTimeFormat(locale, { weekday: "long", timeZone: zone });

let skew = 0; // the server's clock minus this computer's, in seconds

export const now = () => Date.now() / 1000 + skew;
export const agree = (server) => {
  skew = server - Date.now() / 1000;
};

export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds || 0));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n) => String(n).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

const asDate = (at) => new Date(at * 1000);
export const clock = (at) => CLOCK.format(asDate(at));
export const day = (at) => DAY.format(asDate(at));
export const date = (at) => DATE.format(asDate(at));
export const weekday = (at) => WEEKDAY.format(asDate(at));

// What to show for a moment that may be today: [word, time]; the time stands in an element of its own.
export function moment(at) {
  const days = Math.round((Date.parse(day(now())) - Date.parse(day(at))) / 86_400_000);
  if (days === 0) return [t("Today at {time}"), clock(at)];
  if (days === 1) return [t("Yesterday at {time}"), clock(at)];
  if (days === -1) return [t("Tomorrow at {time}"), clock(at)];
  return ["{time}", date(at)];
}

// The epoch of a wall-clock time in the site's zone: correct a first guess by what the zone makes of it.
export function epoch(year, month, dayOfMonth, hour, minute) {
  const wanted = Date.UTC(year, month - 1, dayOfMonth, hour, minute);
  let at = wanted;
  for (let i = 0; i < 2; i++) {
    const shown = Date.parse(`${DAY.format(new Date(at))}T${CLOCK.format(new Date(at))}:00Z`);
    at += wanted - shown;
  }
  return at / 1000;
}

// `2026-11-24T10:00`, as a date field holds it.
export function fromField(value) {
  const found = /^(\d+)-(\d+)-(\d+)T(\d+):(\d+)/.exec(value || "");
  return found ? epoch(...found.slice(1).map(Number)) : null;
}

export const toField = (at) => `${day(at)}T${clock(at)}`;

// A running time. All of them tick together, once a second, and nothing else is drawn for it.
const running = new Set();

class Timer extends HTMLElement {
  connectedCallback() {
    running.add(this);
    this.tick();
  }
  disconnectedCallback() {
    running.delete(this);
  }
  set since(value) {
    this.from = value;
    this.to = null;
    this.tick();
  }
  set until(value) {
    this.to = value;
    this.tick();
  }
  set warn(seconds) {
    this.limit = seconds;
    this.tick();
  }
  tick() {
    if (!this.isConnected) return;
    const seconds = this.to ? this.to - now() : now() - (this.from ?? now());
    const text = this.from || this.to ? duration(seconds) : "";
    if (this.textContent !== text) this.textContent = text;
    const over = Boolean(this.limit) && seconds >= this.limit;
    if (this.classList.contains("t-warn") !== over) this.classList.toggle("t-warn", over);
  }
}
customElements.define("cc-timer", Timer);

setInterval(() => running.forEach((timer) => timer.tick()), 1000);
