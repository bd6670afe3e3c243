// The floor: agents by team, queues and calls now, as the server pushes them; listening with L, W, B and Esc. Times tick here.

import { avatar, dots, html, icon, Island, keys, nothing, num, phone, since, typing, until } from "./dom.js";
import { language, parts, t } from "./i18n.js";
import { pbxDown } from "./state.js";
import { store } from "./store.js";
import { clock, duration } from "./time.js";
import { STATES } from "./words.js";
import { off } from "./hotkeys.js";
import * as act from "./act.js";
import * as api from "./api.js";
import * as live from "./live.js";

const PERCENT = new Intl.NumberFormat(language === "en" ? "en-GB" : language, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const percent = (share) => PERCENT.format(share);
const LONG_WAIT = 120; // seconds, shown as a warning
const ORDER = ["ringing", "talking", "hold", "consulting", "wrapup", "ready", "paused", "offline"];
const IN_CALL = ["talking", "hold", "consulting"];
const MODES = {
  listen: { key: "L", icon: "ear", start: () => t("Start listening"), on: () => t("Nobody hears you") },
  whisper: { key: "W", icon: "mic", start: () => t("Start whispering"), on: () => t("Only the agent hears you") },
  barge: { key: "B", icon: "users", start: () => t("Barge into the call"), on: () => t("Both sides hear you") },
};
const NAMES = { listen: () => t("Listen in"), whisper: () => t("Whisper"), barge: () => t("Barge in") };
const LEGS = { waiting: () => t("Waiting in line"), dialing: () => t("Ringing"), held: () => t("On hold") };

const rank = (agent) => (agent.reachable || agent.state === "offline" ? 1 : 0) * 10 + ORDER.indexOf(agent.state);
const shade = (agent) => (!agent.reachable && agent.state !== "offline" ? "alarm" : agent.state === "consulting" ? "hold" : agent.state);
const mine = (agent) => agent.listeners.find((ear) => ear.me);

class Floor extends Island {
  team = "";

  connectedCallback() {
    super.connectedCallback();
    live.watch(true);
    this.onkey = (event) => this.key(event);
    addEventListener("keydown", this.onkey);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    removeEventListener("keydown", this.onkey);
    live.watch(false);
  }

  // Agents change their places while one looks at them: the focus stays with the agent, not with the place.
  draw() {
    const within = () => this.contains(document.activeElement) && document.activeElement.closest("[data-agent]")?.dataset.agent;
    const agent = within();
    super.draw();
    if (agent && within() !== agent) this.querySelector(`[data-agent="${agent}"] a`)?.focus({ preventScroll: true });
  }

  stale(state) {
    return state.link !== "online" || pbxDown(state);
  }

  agents({ floor }) {
    const shown = Object.values(floor.agents).filter((agent) => !this.team || agent.teams.includes(this.team));
    return shown.sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
  }

  view(state) {
    const { floor } = state;
    if (!floor) return html`<section class="panel panel-body stack" aria-busy="true"><span class="skel w60"></span><span class="skel w90"></span><span class="skel w75"></span></section>`;
    const stale = this.stale(state);
    const teams = [...new Set(Object.values(floor.agents).flatMap((agent) => agent.teams))].sort();
    const pick = (team) => () => {
      this.team = team;
      this.draw();
    };
    return html`<div class="floorstack ${stale ? "stale" : ""}">
      <div class="row wrapped floorhead"><p class="small ${stale ? "t-warn strong" : "muted"}" role="status">${stale ? parts(t("As of {time}"), { time: num(clock(floor.at)) }) : t("Updates by itself")}</p>
      ${teams.length > 1 ? html`<span class="seg push" role="group" aria-label=${t("Team")}>${["", ...teams].map((team) => html`<button type="button" aria-pressed=${String(team === this.team)} @click=${pick(team)}><bdi>${team || t("All teams")}</bdi></button>`)}</span>` : nothing}</div>
      ${this.tiles(floor)}
      <div class="floorgrid"><div class="stack">${this.queues(floor)}${this.today(floor)}${this.people(state, stale)}</div><aside class="stack" aria-label=${t("Calls now")}>${this.calls(floor)}</aside></div></div>`;
  }

  tiles(floor) {
    const queues = Object.values(floor.queues);
    const agents = Object.values(floor.agents);
    const count = (...states) => num(agents.filter((agent) => states.includes(agent.state)).length);
    const waiting = queues.reduce((sum, queue) => sum + queue.waiting, 0);
    const oldest = Math.min(...queues.map((queue) => queue.oldest ?? Infinity));
    const tile = (name, value) => html`<div class="stat kpi"><span class="label">${name}</span><span class="fig">${value}</span></div>`;
    return html`<section class="kpis" aria-label=${t("Figures")}>${tile(t("Calls waiting now"), num(waiting))}${tile(t("Longest wait"), oldest < Infinity ? since(oldest, LONG_WAIT) : "–")}${tile(t("Agents ready"), count("ready"))}${tile(t("Agents talking"), count(...IN_CALL))}${tile(t("Agents wrapping up"), count("wrapup"))}${tile(t("Agents paused"), count("paused"))}</section>`;
  }

  queues(floor) {
    const rows = Object.values(floor.queues);
    if (!rows.length) return nothing;
    return html`<section class="panel"><div class="panel-head"><h2>${t("Queues now")}</h2></div><div class="tablewrap" tabindex="0" role="region" aria-label=${t("Queues now")}><table class="table dense"><thead><tr>
      <th scope="col">${t("Queue")}</th><th scope="col" class="n">${t("Waiting in line")}</th><th scope="col" class="n">${t("Longest wait")}</th><th scope="col" class="n">${t("Ready")}</th><th scope="col" class="n">${t("Talking")}</th><th scope="col" class="n">${t("Paused")}</th></tr></thead><tbody>
      ${rows.map((queue) => html`<tr><td class="strong"><bdi>${queue.label}</bdi></td><td class="n ${queue.waiting ? "strong" : ""}">${num(queue.waiting)}</td><td class="n">${queue.oldest ? since(queue.oldest, LONG_WAIT) : "–"}</td><td class="n">${num(queue.free)}</td><td class="n">${num(queue.talking + queue.ringing)}</td><td class="n">${num(queue.paused)}</td></tr>`)}</tbody></table></div></section>`;
  }

  // The day so far, by the reports' definitions; each number opens the calls that it counts.
  today(floor) {
    const { "": total, ...rows } = floor.today ?? {};
    if (!total) return nothing;
    const link = (row, set) => `/calls?${new URLSearchParams({ set, since: row.since, until: row.until, ...(row.queue ? { queue: row.queue } : {}), ...(row.pbx ? { pbx: row.pbx } : {}) })}`;
    const cell = (row, code, set, text) => {
      const value = row[code];
      if (value == null) return html`<td class="n muted">–</td>`;
      return html`<td class="n">${row.opens === false || !row.offered ? num(text(value)) : html`<a href=${link(row, set)} title=${t("Open the calls behind this number")}>${num(text(value))}</a>`}</td>`;
    };
    const cells = (row) => [["offered", "offered", String], ["answered", "answered", String], ["abandoned", "abandoned", String], ["service_level", "counted", percent], ["asa", "answered", duration], ["longest", "counted", duration]].map(([code, set, text]) => cell(row, code, set, text));
    const shown = Object.values(rows).sort((a, b) => a.label.localeCompare(b.label));
    return html`<section class="panel"><div class="panel-head"><h2>${t("Queues today")}</h2></div>${shown.length ? html`<div class="tablewrap" tabindex="0" role="region" aria-label=${t("Queues today")}><table class="table dense today"><thead><tr>
      <th scope="col">${t("Queue")}</th><th scope="col" class="n">${t("Offered")}</th><th scope="col" class="n">${t("Answered")}</th><th scope="col" class="n">${t("Abandoned")}</th><th scope="col" class="n">${t("Service level")}</th><th scope="col" class="n">${t("Average speed of answer (ASA)")}</th><th scope="col" class="n">${t("Longest wait")}</th></tr></thead><tbody>
      ${shown.map((row) => html`<tr><th scope="row"><bdi>${row.label}</bdi></th>${cells(row)}</tr>`)}</tbody>
      ${shown.length > 1 ? html`<tfoot><tr><th scope="row">${t("Total")}</th>${cells(total)}</tr></tfoot>` : nothing}</table></div>` : html`<p class="pad16 muted">${t("No calls yet today")}</p>`}</section>`;
  }

  people(state, stale) {
    const agents = this.agents(state);
    return html`<section class="panel"><div class="panel-head"><h2>${t("Agents")}</h2><span class="count">${agents.length}</span><span class="small muted push keyhint">${keys("←↑↓→")} ${keys("Enter")} ${t("Open the call")} ${keys("L")} ${t("Listen in")}</span></div>
      ${agents.length ? html`<ul class="agents">${agents.map((agent, i) => this.agent(agent, i, state, stale))}</ul>` : html`<div class="empty">${icon("users")}<p>${t("No agents signed in")}</p></div>`}</section>`;
  }

  agent(agent, i, { setup }, stale) {
    const reason = setup.reasons.find((one) => one.code === agent.reason)?.label || agent.reason;
    const offline = agent.state !== "offline" && !agent.reachable;
    const word = offline ? t("Phone offline") : agent.state === "paused" && reason ? reason : STATES[agent.state]();
    const where = agent.call ? `/floor/calls/${encodeURIComponent(agent.call.id)}` : `/day?user=${agent.id}`;
    const queues = agent.queues.map((queue) => html`<bdi>${queue.label}</bdi>`);
    return html`<li class="agent ${offline ? "attn" : ""}" data-s=${shade(agent)} data-agent=${agent.id}>
      <div class="row">${avatar(agent.name)}<span class="two grow"><a class="trunc strong" href=${where} tabindex=${(this.at ?? agent.id) === agent.id || (i === 0 && !this.known(this.at)) ? 0 : -1} dir="auto" @focus=${() => this.focusOn(agent.id)}>${agent.name}</a>
      <span class="state small bare" data-s=${shade(agent)}><span class="glyph"></span>${word}${agent.since ? (agent.until ? until(agent.until) : since(agent.since)) : nothing}</span></span></div>
      <p class="trunc small soft">${agent.call ? this.other(agent.call) : queues.length ? dots(queues) : html`<span class="muted">${t("In no queue")}</span>`}</p>
      ${agent.listeners.map((ear) => html`<p class="small ear">${icon(MODES[ear.mode].icon, "s")}${ear.me ? (ear.since ? MODES[ear.mode].on() : t("Answer your phone")) : html`<bdi>${ear.by}</bdi> · ${NAMES[ear.mode]()}`}</p>`)}
      ${this.buttons(agent, stale)}</li>`;
  }

  other(call) {
    return call.name ? html`<bdi>${call.name}</bdi>` : call.number ? phone(call.number) : t("No number");
  }

  buttons(agent, stale) {
    if (!agent.may_listen || !agent.call || !IN_CALL.includes(agent.state)) return nothing;
    const now = mine(agent)?.mode;
    const button = (mode) => html`<button type="button" class="btn s ${now === mode ? "primary" : ""}" tabindex="-1" ?disabled=${stale} aria-pressed=${String(now === mode)} aria-keyshortcuts=${MODES[mode].key} title="${MODES[mode].start()} (${MODES[mode].key})" @click=${() => this.listen(agent, mode)}>${icon(MODES[mode].icon, "s")}${NAMES[mode]()}</button>`;
    return html`<div class="row wrapped earbar">${Object.keys(MODES).map(button)}${now ? html`<button type="button" class="btn s danger-quiet" tabindex="-1" aria-keyshortcuts="Escape" @click=${() => this.stop()}>${icon("x", "s")}${t("Stop listening")}</button>` : nothing}</div>`;
  }

  calls(floor) {
    const rows = Object.values(floor.calls).sort((a, b) => a.since - b.since);
    return html`<section class="panel"><div class="panel-head"><h2>${t("Calls now")}</h2><span class="count">${rows.length}</span></div>
      ${rows.length ? html`<ul class="pad6">${rows.map((call) => html`<li><a class="mini" href="/floor/calls/${encodeURIComponent(call.id)}">${icon(call.direction === "outbound" ? "phone-outgoing" : call.direction === "internal" ? "phone" : "phone-incoming")}<span class="trunc">${this.other(call)}</span>${since(call.since, call.state === "waiting" ? LONG_WAIT : 0)}
        <small class="trunc">${dots([(LEGS[call.state] ?? STATES[call.state])?.() ?? "", ...call.agents.map((name) => html`<bdi>${name}</bdi>`), call.queue ? html`<bdi>${this.queueName(floor, call.queue)}</bdi>` : nothing])}</small></a></li>`)}</ul>` : html`<p class="pad16 muted">${t("No calls now")}</p>`}</section>`;
  }

  queueName(floor, queue) {
    return Object.values(floor.queues).find((one) => one.queue === queue)?.label ?? queue;
  }

  // ---- keys

  known(id) {
    return Boolean(store.state.floor?.agents[id]);
  }

  focusOn(id) {
    if (this.at === id) return;
    this.at = id;
    this.draw();
  }

  key(event) {
    if (off() || event.altKey || event.ctrlKey || event.metaKey || typing() || document.querySelector("dialog[open]") || !store.state.floor) return;
    const cards = [...this.querySelectorAll("[data-agent]")];
    if (!cards.length) return;
    const here = Math.max(0, cards.findIndex((card) => Number(card.dataset.agent) === this.at));
    const columns = Math.max(1, cards.filter((card) => card.offsetTop === cards[0].offsetTop).length);
    const ahead = document.dir === "rtl" ? -1 : 1;
    const step = { ArrowDown: columns, ArrowUp: -columns, ArrowRight: ahead, ArrowLeft: -ahead }[event.key];
    const mode = Object.keys(MODES).find((one) => event.code === `Key${MODES[one].key}`);
    if (step && (this.contains(document.activeElement) || ["BODY", "MAIN"].includes(document.activeElement?.tagName))) {
      const inside = this.contains(document.activeElement) && document.activeElement.closest("[data-agent]");
      const next = inside ? Math.min(cards.length - 1, Math.max(0, here + step)) : here;
      cards[next].querySelector("a").focus();
      event.preventDefault();
    } else if (mode && !event.repeat && this.known(this.at)) {
      event.preventDefault();
      this.listen(store.state.floor.agents[this.at], mode);
    } else if (event.key === "Escape" && Object.values(store.state.floor.agents).some(mine)) {
      this.stop();
    }
  }

  async listen(agent, mode) {
    if (this.stale(store.state) || !agent.may_listen) return;
    const begun = await act.attempt("listen", () => api.post("/floor/listen", { agent: agent.id, mode }));
    if (begun) act.say("info", t("Answer your phone"), "listening");
  }

  stop() {
    return act.attempt("listen", () => api.post("/floor/listen/stop"));
  }
}
customElements.define("cc-floor", Floor);
