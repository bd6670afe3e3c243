// The banner: what is down since when and what still works, in the words that the server chose for this person. One line, quiet,
// and gone when it is over. The server draws it into the page (templates/ui.html); from the first snapshot on it is drawn here.

import { html, icon, Island, nothing, num, render } from "./dom.js";
import { parts, t, tn } from "./i18n.js";
import { clock } from "./time.js";
import { store } from "./store.js";

const line = (glyph, text, end = nothing) =>
  html`<div class="callout warn">${icon(glyph)}<p class="grow">${text}</p>${end}</div>`;

function server({ link, everOnline, linkAt, skew, version }) {
  if (link === "refused") {
    const back = `/signin?next=${encodeURIComponent(location.pathname)}`;
    return line("log-in", t("The session has ended. Sign in to continue; the call is not affected."), html`<a class="btn s" href=${back}>${t("Sign in")}</a>`);
  }
  if (link === "offline" && everOnline) {
    return line("refresh-cw", html`${t("Reconnecting… Calls still reach the phone.")} <span class="muted">${parts(t("As of {time}"), { time: num(clock(linkAt + skew)) })}</span>`);
  }
  const mine = document.documentElement.dataset.version;
  if (mine && version && version !== mine) {
    // Never by itself: whoever writes or talks reloads when they are done.
    const again = html`<button type="button" class="btn s" @click=${() => location.reload()}>${t("Reload")}</button>`;
    return line("refresh-cw", t("A new version is here. What is typed on this page is not sent yet; reload when you are done."), again);
  }
  return null;
}

function behind(troubles) {
  const [first, ...more] = troubles;
  if (!first || location.pathname === "/system") return nothing; // that page says them all
  const keeper = document.body.dataset.role !== "agent";
  const rest = more.length ? html` <span class="muted">${tn("and {n} more", "and {n} more", more.length)}</span>` : nothing;
  return line("triangle-alert", html`${first.text}${rest}`, keeper ? html`<a class="btn s" href="/system">${t("System health")}</a>` : nothing);
}

class Troubles extends Island {
  draw() {
    const { state } = store;
    const said = server(state) ?? (state.system ? behind(state.system.troubles ?? []) : null);
    if (said === null) return; // nothing is known yet: what the page said stays
    if (!this.live) this.replaceChildren();
    this.live = true;
    render(said, this);
    const codes = JSON.stringify(state.system?.troubles ?? []);
    if (this.codes !== undefined && this.codes !== codes) document.dispatchEvent(new Event("cc:troubles"));
    this.codes = codes;
  }
}
customElements.define("cc-troubles", Troubles);
document.addEventListener("htmx:after:swap", () => document.querySelector("cc-troubles")?.draw());
