// The call bar: state and its menu, who is on the line, what can be done now. It never moves and stands on every page.
// What does not work here is not shown: no microphone of ours, so no mute; no Answer unless the phone is this browser.

import { dots, html, icon, Island, keys, nothing, num, phone, since, until } from "./dom.js";
import { t } from "./i18n.js";
import { duration } from "./time.js";
import { active, pbxDown, ringing, talking } from "./state.js";
import { store } from "./store.js";
import { nameOf, showName } from "./card.js";
import { stateMenu } from "./statemenu.js";
import { STATES } from "./words.js";
import * as act from "./act.js";
import * as keypad from "./keypad.js";
import { bar as leadBar } from "./leadview.js";
import * as wrapup from "./wrapup.js";

export function pill(me, setup) {
  if (me.state !== "offline" && me.reachable === false) return ["alarm", t("Phone offline – no calls will arrive")];
  const state = me.state in STATES ? me.state : "offline";
  const reason = setup.reasons.find((one) => one.code === me.reason)?.label || me.reason;
  return [state === "consulting" ? "talking" : state, state === "paused" && reason ? reason : STATES[state]()];
}

const control = (name, glyph, shown, click, { kind = "", pressed, expanded, disabled, mirrored, pad } = {}) =>
  html`<button type="button" class="ctl ${kind}" ?data-keypad=${pad} aria-keyshortcuts=${shown ? shown.replace("Ctrl", "Control") : nothing} title=${shown ? `${name} (${shown})` : name}
    aria-pressed=${pressed ?? nothing} aria-expanded=${expanded ?? nothing} ?disabled=${disabled} @click=${click}>
    ${icon(glyph, mirrored ? "dir-icon" : "")}<span class="ctl-t"><span class="ctl-w">${name}</span>${keys(shown)}</span></button>`;

const hang = (off, card) => control(t("Hang up"), "phone-off", "Alt+X", () => act.hangup(card), { kind: "hang", disabled: off });

const tones = (off) => control(t("Keypad"), "keyboard", "", () => keypad.toggle(), { kind: "min", expanded: String(keypad.isOpen()), disabled: off, pad: true });

function ringingControls(card, me, off) {
  return [
    me.can_answer ? control(t("Answer"), "phone", "Alt+A", () => act.answer(card), { kind: "take" }) : html`<span class="bar-hint">${t("Answer on the phone")}</span>`,
    control(t("Decline"), "undo-2", "Alt+X", () => act.hangup(card), { mirrored: true, disabled: off }),
    control(t("Silence the ring"), "volume-x", "Esc", act.silence, { pressed: String(store.state.silenced.includes(card.id)) }),
  ];
}

function talkingControls(card, off, picker) {
  if (card.state === "consulting") {
    return [
      control(t("Complete the transfer"), "phone-forwarded", "Alt+T", () => act.complete(card), { kind: "prim", mirrored: true, disabled: off || card.transfer?.state === "ringing" }),
      control(t("Back to the customer"), "undo-2", "Alt+O", () => act.back(card), { mirrored: true, disabled: off }),
      hang(off, card),
    ];
  }
  const held = card.state === "held";
  const toggle = (mode) => () => store.dispatch("transfer", { mode: picker === mode ? null : mode });
  return [
    control(held ? t("Resume") : t("Hold"), held ? "play" : "pause", "Alt+O", () => act.hold(card), { pressed: String(held), disabled: off }),
    control(t("Transfer"), "phone-forwarded", "Alt+T", toggle("transfer"), { expanded: String(picker === "transfer"), mirrored: true, disabled: off }),
    control(t("Consultation"), "users", "Alt+C", toggle("consult"), { kind: "min", expanded: String(picker === "consult"), disabled: off }),
    tones(off),
    html`<details class="more"><summary class="ctl" aria-label=${t("More")}>${icon("ellipsis")}<span class="ctl-t">${t("More")}</span></summary>
      <div class="menu"><button type="button" class="mi" ?disabled=${off} @click=${(event) => { event.currentTarget.closest("details").open = false; toggle("consult")(); }}>${icon("users")}${t("Consultation")}</button>
        <button type="button" class="mi" ?disabled=${off} @click=${(event) => { event.currentTarget.closest("details").open = false; keypad.toggle(); }}>${icon("keyboard")}${t("Keypad")}</button></div></details>`,
    hang(off, card),
  ];
}

function wrapupControls(card) {
  return [
    control(t("Dial again"), "phone", "Alt+L", () => act.redial(card), { disabled: !card.number?.e164 }),
    control(t("Save and ready"), "check", "Ctrl+Enter", () => wrapup.save(card)),
  ];
}

function controls(card, state) {
  const off = pbxDown(state) || state.link !== "online";
  if (card.state === "ringing" && card.direction !== "outbound") return ringingControls(card, state.me, off);
  if (["ringing", "dialing"].includes(card.state)) return [hang(off, card)];
  if (card.state === "wrapup") return wrapupControls(card);
  return talkingControls(card, off, state.transfer);
}

function recording(card) {
  if (card.recording === "on") return html`<span class="rec"><i></i>${t("Recording on")}</span>`;
  if (card.recording === "paused") return html`<span class="rec paused"><i></i>${t("Recording paused")}</span>`;
  return nothing;
}

function who(card) {
  const ended = card.state === "wrapup";
  const line = ended
    ? dots([t("Call ended"), card.answered && num(duration(card.ended - card.answered))])
    : html`${card.name && card.number?.display ? phone(card.number.display) : nothing}${recording(card)}`;
  return html`<a class="bar-who" href="/desk"><b class="trunc ${card.name ? "" : "number"}" dir="auto">${showName(card)}</b><small class="trunc">${line}</small></a>`;
}

export class CallBar extends Island {
  connectedCallback() {
    super.connectedCallback();
    this.setAttribute("role", "region");
    this.setAttribute("aria-label", t("Call bar"));
    this.addEventListener("keydown", (event) => {
      if (talking(store.state) && !event.target.closest(".state-box") && keypad.typed(event)) keypad.toggle(true);
    });
  }

  view(state) {
    const { me } = state;
    if (!me) return html`<span class="state" data-s="offline"><span class="glyph"></span>${t("Connecting…")}</span>`;
    if (!me.extension && !state.calls.length) return nothing; // a manager's desk has no phone
    const card = active(state);
    const here = card && !card.leaving ? card : null;
    const first = talking(state) || ringing(state)[0] || here;
    return html`${stateMenu(state, pill(me, state.setup), me.until ? until(me.until) : me.since ? since(me.since) : nothing)}
      ${me.state === "wrapup" && first?.state === "wrapup" ? html`<button type="button" class="btn more-time" aria-keyshortcuts="Alt+=" @click=${() => wrapup.extend(first)}>${t("{n} s more").replace("{n}", "30")} ${keys("Alt =")}</button>` : nothing}
      ${me.state === "offline" ? html`<button type="button" class="btn go" @click=${() => act.become("ready")}>${icon("headset")}${t("Start shift")} ${keys("Alt G")}</button>` : nothing}
      ${first ? html`${who(first)}<span class="sep"></span><div class="controls" role="group" aria-label="${t("Call bar")}: ${nameOf(first)}">${controls(first, state)}</div>` : state.lead?.campaign ? leadBar(state.lead, control) : nothing}`;
  }
}
customElements.define("cc-callbar", CallBar);

// The dots at the bar's end: the server, and the exchange behind it.
export function connection(state) {
  const place = document.getElementById("cc-conn");
  if (!place) return;
  const words = { online: t("Connected"), connecting: t("Connecting…"), offline: t("Reconnecting…"), refused: t("Signed out") };
  const down = pbxDown(state);
  const text = state.link === "online" && down ? t("No link to the PBX") : words[state.link];
  place.classList.toggle("off", state.link !== "online" || down);
  if (place.dataset.said === text) return;
  place.hidden = false;
  place.dataset.said = text;
  place.title = text;
  const label = document.createElement("span");
  label.className = "lbl";
  label.textContent = text;
  place.replaceChildren(label);
}
