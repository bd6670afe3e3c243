// Keys, bound by their place (event.code), so that they work in any keyboard layout. Alt+/ shows them all.

import { tinykeys } from "../vendor/tinykeys.js";
import { html, keys, render, typing } from "./dom.js";
import { t } from "./i18n.js";
import { active, pbxDown, ringing, stack, talking } from "./state.js";
import { store } from "./store.js";
import { pick } from "./match.js";
import { toggle as toggleMenu } from "./statemenu.js";
import * as palette from "./palette.js";
import * as act from "./act.js";
import { openSkip } from "./leadview.js";
import * as lead from "./lead.js";
import * as wrapup from "./wrapup.js";

const OFF = "cc.hotkeys.off";
const focus = (selector) => {
  const found = document.querySelector(selector);
  found?.focus();
  return Boolean(found);
};
const show = (tab) => document.querySelector(`#${tab}`)?.click();
// At once, not in the next frame: the digit that follows is already on its way.
const go = (selector) => {
  show("v3");
  focus(selector);
};
const toWrapup = () => go(".outcome[tabindex='0']");
const toNote = () => go("#call-note");
const picker = (mode) => talking(store.state) && store.dispatch("transfer", { mode: store.state.transfer ? null : mode });

function turn(step) {
  const cards = stack(store.state).filter((card) => !card.leaving);
  if (cards.length < 2) return;
  const at = cards.findIndex((card) => card.id === active(store.state)?.id);
  store.dispatch("choose", { id: cards[(at + step + cards.length) % cards.length].id });
}

function transferKey() {
  const card = talking(store.state);
  return card?.state === "consulting" ? act.complete(card) : picker("transfer");
}

function holdKey() {
  const card = talking(store.state);
  return card?.state === "consulting" ? act.back(card) : act.hold(card);
}

const linked = (run) => () => !pbxDown(store.state) && store.state.link === "online" && run();

// [keys for tinykeys, as shown, what, does]; `what` is a function, because texts come after the module.
const TABLE = [
  ["Alt+KeyA", "Alt+A", () => t("Answer"), () => store.state.me?.can_answer && act.answer(ringing(store.state)[0])],
  ["Alt+KeyX", "Alt+X", () => t("Hang up"), linked(() => act.hangup())],
  ["Alt+KeyO", "Alt+O", () => t("Hold call"), linked(holdKey)],
  ["Alt+KeyT", "Alt+T", () => t("Transfer call"), linked(transferKey)],
  ["Alt+KeyC", "Alt+C", () => t("Consultation"), linked(() => picker("consult"))],
  ["Alt+KeyG", "Alt+G", () => t("Ready"), () => act.become("ready")],
  ["Alt+KeyB", "Alt+B", () => t("Paused"), () => toggleMenu(true)],
  ["Alt+KeyN", "Alt+N", () => t("Write a note"), toNote],
  ["Alt+KeyW", "Alt+W", () => t("Open wrap-up"), toWrapup],
  ["Alt+KeyK", "Alt+K", () => t("Schedule a callback"), () => go(".picks .filter")],
  ["Alt+KeyJ", "Alt+J", () => t("Next lead, and its call"), () => !busy() && lead.go()],
  ["Alt+KeyS", "Alt+S", () => t("Skip with a reason"), openSkip],
  ["Alt+KeyL", "Alt+L", () => t("Dial"), () => act.redial(active(store.state) ?? missed())],
  ["Alt+Equal", "Alt+=", () => t("{n} s more").replace("{n}", "30"), () => wrapping() && wrapup.extend(wrapping())],
  ["Control+Enter", "Ctrl+Enter", () => t("Save and ready"), () => wrapping() && wrapup.save(wrapping())],
  ["Alt+ArrowDown", "Alt+↓", () => t("Next card"), () => turn(1)],
  ["Alt+ArrowUp", "Alt+↑", () => t("Previous card"), () => turn(-1)],
  ["Escape", "Esc", () => t("Silence the ring"), act.silence],
  ["Control+KeyK", "Ctrl+K", () => t("Open search"), palette.toggle],
  ["Alt+Slash", "Alt+/", () => t("Keyboard shortcuts"), () => sheet()],
];
const EXTRA = [
  ["0–9", () => t("Outcome 1 to 9")],
  ["1–5", () => t("Who is calling? Choose by digit or with the arrows.")],
  ["/", () => t("Open search")],
  ["?", () => t("Keyboard shortcuts")],
  ["J K", () => t("In a list: next and previous line")],
  ["D C E", () => t("In a list of tasks: done, dial, change")],
  ["Z", () => t("In a list of tasks: undo")],
];

const busy = () => store.state.calls.some((card) => !card.leaving && card.state !== "missed");
const missed = () => store.state.calls.find((card) => card.state === "missed");
const wrapping = () => store.state.calls.find((card) => card.state === "wrapup");

export const off = () => localStorage.getItem(OFF) === "1";

function sheet() {
  const dialog = document.getElementById("cc-keys") ?? document.body.appendChild(Object.assign(document.createElement("dialog"), { id: "cc-keys", className: "dialog keys" }));
  if (dialog.open) return dialog.close();
  const toggleOff = (event) => localStorage.setItem(OFF, event.target.checked ? "1" : "0");
  const rows = [...TABLE.filter(([code]) => code !== "Alt+KeyA" || store.state.me?.can_answer).map(([, shown, what]) => [shown, what]), ...EXTRA];
  render(html`<header><h2 id="cc-keys-title">${t("Keyboard shortcuts")}</h2></header><div>
    <dl class="key-list">${rows.map(([shown, what]) => html`<div><dt>${what()}</dt><dd>${keys(shown)}</dd></div>`)}</dl>
    <p class="small muted">${t("Shortcuts work by the place of the key, in any keyboard layout")}</p>
    <label class="check"><input type="checkbox" .checked=${off()} @change=${toggleOff}>${t("Turn shortcuts off")}</label></div>
    <footer><button type="button" class="btn" @click=${() => dialog.close()}>${t("Close")}</button></footer>`, dialog);
  dialog.setAttribute("aria-labelledby", "cc-keys-title");
  dialog.showModal();
}

const CHARACTERS = { "/": palette.toggle, "?": sheet };

export function start() {
  const bound = {};
  palette.offer([{ label: t("Keyboard shortcuts"), shown: "Alt+/", run: sheet }]);
  for (const [code, shown, , run] of TABLE) {
    bound[code] = (event) => {
      if (off() && shown !== "Alt+/" && shown !== "Esc") return;
      if (document.getElementById("cc-palette")?.open && shown !== "Ctrl+K") return; // its keys are its own
      if (shown !== "Esc") event.preventDefault();
      if (event.repeat) return;
      run(event);
    };
  }
  tinykeys(window, bound);
  addEventListener("keydown", (event) => {
    if (off() || event.repeat || typing()) return;
    const character = !event.altKey && !event.ctrlKey && !event.metaKey && CHARACTERS[event.key];
    if (character && !document.querySelector("dialog[open]")) {
      event.preventDefault();
      return character();
    }
    const cards = [active(store.state), ...ringing(store.state)];
    if (cards.some((card) => pick(event, card))) event.preventDefault();
  });
}
