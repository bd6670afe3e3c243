// Every number of the interface dials: `data-dial` on any element, with `data-party` where the record is known.

import { t } from "./i18n.js";
import * as act from "./act.js";

export function start() {
  document.addEventListener("click", async (event) => {
    const target = event.target.closest?.("[data-dial]");
    if (!target || target.getAttribute("aria-disabled") === "true") return;
    event.preventDefault();
    if (!target.dataset.dial) return act.say("warn", t("This is not a valid phone number"));
    target.setAttribute("aria-busy", "true");
    await act.dial(target.dataset.dial, target.dataset.party);
    target.removeAttribute("aria-busy");
  });
}
