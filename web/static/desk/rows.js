// Lists that are walked by keys: J and K go from line to line, Enter opens, and one key each does what the line's buttons do. They
// are keys of the page alone: in a field, a dialog or beside the list they are letters.

import { typing } from "./dom.js";
import { off } from "./hotkeys.js";

const DO = { KeyD: "done", KeyC: "dial", KeyE: "change" };
const STEP = { KeyJ: 1, KeyK: -1 };

let left = null; // the line whose button was pressed: the next one takes its place when the list comes again

const lines = () => [...document.querySelectorAll("[data-rows] [data-row]")];
const place = (list) => list.findIndex((line) => line.contains(document.activeElement));

function idle(list) {
  const active = document.activeElement;
  return !active || ["BODY", "MAIN"].includes(active.tagName) || place(list) >= 0 || active.classList.contains("tablewrap");
}

function go(list, at) {
  list[Math.max(0, Math.min(list.length - 1, at))]?.querySelector("[data-open]").focus();
}

function pressed(event) {
  const list = lines();
  const undo = event.code === "KeyZ" && document.querySelector("[data-undo]");
  if (!(list.length || undo) || off() || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || typing() || document.querySelector("dialog[open]")) return;
  const at = place(list);
  if (undo && !event.repeat) {
    left = Math.max(0, at);
    event.preventDefault();
    undo.click();
  } else if (STEP[event.code] && idle(list)) {
    event.preventDefault();
    go(list, at < 0 ? 0 : at + STEP[event.code]);
  } else if (DO[event.code] && at >= 0 && !event.repeat) {
    event.preventDefault();
    if (DO[event.code] === "done") left = at;
    list[at].querySelector(`[data-do="${DO[event.code]}"]`)?.click();
  }
}

export function start() {
  addEventListener("keydown", pressed);
  document.addEventListener("htmx:after:swap", () => {
    if (left === null || !lines().length) return;
    go(lines(), left);
    left = null;
  });
}
