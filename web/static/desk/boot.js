// Starts what lives: texts first, then the islands, then the line to the server.

import { load } from "./i18n.js";
import { store } from "./store.js";
import * as api from "./api.js";
import * as live from "./live.js";

let begun = false; // the lead on the desk comes with the first answer; what becomes of it, lead.js asks

async function setup() {
  try {
    const { lead, ...offered } = await api.get("/desk/setup");
    store.dispatch("setup", offered);
    if (lead && !begun) store.dispatch("lead", lead);
    begun = true;
  } catch {
    setTimeout(setup, 10_000);
  }
}

async function boot() {
  const texts = load();
  setup();
  await texts;
  const [hotkeys, dial, note, ring, lead, rows, bar] = await Promise.all([
    import("./hotkeys.js"), import("./dial.js"), import("./note.js"), import("./ring.js"), import("./lead.js"), import("./rows.js"), import("./callbar.js"),
    import("./transfer.js"), import("./toasts.js"), import("./troubles.js"), import("./desk.js"), import("./floor.js"), import("./pops.js"), import("./due.js"),
  ]);
  for (const name of ["cc-due", "cc-toasts", "cc-transfer", "cc-keypad", "cc-pops"]) {
    if (!document.querySelector(name)) document.body.append(document.createElement(name));
  }
  for (const part of [hotkeys, dial, note, ring, lead, rows]) part.start();
  store.subscribe(bar.connection);
  let working = 0;
  let offers = 0;
  store.subscribe(({ calls, offers: now }) => {
    if (now !== offers) setup(); // an outcome or a reason was changed in the settings
    offers = now;
    const open = calls.filter((card) => card.state === "wrapup" || card.state === "talking").length;
    if (open < working) setup(); // the figures of the day changed
    working = open;
  });
  live.connect();
}

boot();
