// On every other page a ringing call is a card under the bar; the page below stays as it is and keeps the focus.

import { arrange, html, Island, nothing, render } from "./dom.js";
import { card } from "./card.js";
import { ringing, stack } from "./state.js";
import { store } from "./store.js";
import { t } from "./i18n.js";

class Pops extends Island {
  cards = new Map();

  draw() {
    const { state } = store;
    const shown = document.querySelector("cc-desk") ? [] : stack(state).filter((one) => one.leaving || ringing(state).includes(one)).slice(0, 3);
    render(shown.length ? html`<section class="pops" aria-label=${t("My work")}></section>` : nothing, this);
    if (shown.length) arrange(this.querySelector("section"), shown.map((one) => [one.id, card(one, { me: state.me })]), this.cards);
  }
}
customElements.define("cc-pops", Pops);
