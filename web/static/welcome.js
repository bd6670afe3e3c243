// The last step of the first run: it says what it waits for, and that the card is here when the test call rings.

import { html, icon, Island, num } from "./desk/dom.js";
import { t } from "./desk/i18n.js";
import { pbxDown } from "./desk/state.js";
import { store } from "./desk/store.js";

let seen = null; // the card of the test call, also after it has ended

class Welcome extends Island {
  view(state) {
    seen = state.calls.at(-1) ?? seen;
    if (seen) {
      document.getElementById("finish")?.classList.add("primary");
      const said = seen.name || seen.number?.display || t("Withheld number");
      return html`<div class="callout ok" role="status" data-card=${seen.id}>${icon("circle-check")}<p class="grow"><b>${t("The card is here. Everything works.")}</b> <bdi>${said}</bdi></p></div>`;
    }
    if (state.link !== "online") return html`<p class="soft" role="status">${t("Connecting…")}</p>`;
    if (pbxDown(state)) {
      return html`<div class="callout warn" role="status">${icon("triangle-alert")}<p>${t("The link to the PBX is down. Calls still ring on the phones; cards do not open.")}</p></div>`;
    }
    return html`<p class="state" data-s="ringing" role="status"><span class="glyph"></span>${t("Waiting for the call")} ${num(state.me?.extension ?? "")}</p>`;
  }
}
customElements.define("cc-welcome", Welcome);
