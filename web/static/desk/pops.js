// On every other page a ringing call is a card under the bar; the page below stays as it is and keeps the focus.

import { html, Island, nothing } from "./dom.js";
import { card } from "./card.js";
import { ringing, stack } from "./state.js";
import { t } from "./i18n.js";

class Pops extends Island {
  view(state) {
    if (document.querySelector("cc-desk")) return nothing;
    const cards = stack(state).filter((one) => one.leaving || ringing(state).includes(one)).slice(0, 3);
    if (!cards.length) return nothing;
    return html`<section class="pops" aria-label=${t("My work")}>${cards.map((one) => card(one, { me: state.me }))}</section>`;
  }
}
customElements.define("cc-pops", Pops);
