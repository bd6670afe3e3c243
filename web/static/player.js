// <cc-player data-src data-seconds data-peaks>: a recording with its two sides as a wave, and the transcript that follows.
// The wave is always drawn from left to right. Keys while it has the focus: Space, J and L (5 s), [ and ] (speed).

import { load, t, tp } from "./desk/i18n.js";

const SPEEDS = [0.75, 1, 1.25, 1.5, 2];
const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 1000;
const HALF = 46;

export function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

// At most `most` bars: narrow screens get fewer, each the loudest of those it stands for.
export function bars(peaks, most) {
  if (!peaks?.length) return [];
  const step = Math.max(1, Math.ceil(peaks.length / most));
  const found = [];
  for (let i = 0; i < peaks.length; i += step) found.push(Math.max(...peaks.slice(i, i + step)));
  return found;
}

function path(heights, up, half, scale) {
  const wide = WIDTH / Math.max(1, heights.length);
  return heights
    .map((height, i) => {
      const long = Math.max(1.2, Math.min(1, height / scale) * (half - 3));
      return `M${(i * wide + wide / 2).toFixed(1)} ${up ? half - 1 : half + 1}v${(up ? -long : long).toFixed(1)}`;
    })
    .join("");
}

function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function draw(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function icon(name, size = "") {
  const made = draw("svg", { class: `i ${size}`, "aria-hidden": "true" });
  made.append(draw("use", { href: `${document.documentElement.dataset.sprite}#i-${name}` }));
  return made;
}

class Player extends HTMLElement {
  async connectedCallback() {
    if (this.audio) return;
    this.audio = new Audio();
    this.audio.preload = "none";
    this.audio.src = this.dataset.src;
    this.small = "small" in this.dataset;
    this.total = Number(this.dataset.seconds) || 0;
    await load();
    this.build();
    const on = (name, act) => this.audio.addEventListener(name, act);
    on("timeupdate", () => this.show());
    on("seeked", () => this.show());
    on("play", () => this.playing());
    on("pause", () => this.playing());
    on("ended", () => this.playing());
    on("error", () => this.failed());
    on("durationchange", () => {
      if (Number.isFinite(this.audio.duration)) this.total = this.audio.duration;
      this.show();
    });
    this.addEventListener("keydown", (event) => this.key(event));
    this.show();
    if (!this.small) this.begin(new URLSearchParams(location.search).get("t"));
    if (!this.small) this.follow();
  }

  disconnectedCallback() {
    this.audio?.pause();
    this.stop?.abort();
  }

  build() {
    this.play = make("button", { type: "button", class: `btn icon ${this.small ? "quiet s" : "primary play"}` });
    this.play.addEventListener("click", () => this.toggle());
    this.now = make("b", {}, "0:00");
    this.length = make("span", { class: "muted" }, clock(this.total));
    const wave = this.wave();
    if (this.small) {
      this.replaceChildren(this.play, make("span", { class: "num" }, this.now), wave, make("span", { class: "num" }, this.length));
    } else {
      this.querySelector("[data-wave]").replaceChildren(wave, this.ruler());
      this.querySelector("[data-transport]").replaceChildren(...this.transport());
    }
    this.playing();
  }

  wave() {
    const half = this.small ? 11 : HALF;
    const most = this.small ? 120 : Math.min(400, Math.max(90, Math.floor((this.clientWidth || 800) / 4)));
    const peaks = JSON.parse(this.dataset.peaks || "{}");
    const sides = peaks.agent || peaks.customer ? peaks : { agent: peaks.mixed || [], customer: [] };
    const svg = draw("svg", { class: this.small ? "mini-wave" : "bigwave", viewBox: `0 0 ${WIDTH} ${half * 2}`, preserveAspectRatio: "none", "aria-hidden": "true" });
    const heights = { agent: bars(sides.agent, most), customer: bars(sides.customer, most) };
    const scale = Math.max(20, ...heights.agent, ...heights.customer);
    for (const side of ["agent", "customer"]) {
      svg.append(draw("path", { class: `wave-${side}`, d: path(heights[side], side === "agent", half, scale) }));
    }
    this.past = draw("rect", { class: "wave-rest", x: 0, y: 0, width: WIDTH, height: half * 2 });
    this.mark = draw("rect", { class: "wave-now", x: 0, y: 0, width: 2, height: half * 2 });
    svg.append(this.past, this.mark);
    this.slider = make("input", { type: "range", min: 0, max: Math.max(1, Math.round(this.total)), step: 1, value: 0, class: "wave-slider", "aria-label": t("Playback position") });
    this.slider.addEventListener("input", () => this.seek(Number(this.slider.value)));
    return make("div", { class: this.small ? "wave small" : "wave" }, svg, this.slider);
  }

  ruler() {
    const ruler = make("div", { class: "ruler num", "aria-hidden": "true" });
    const steps = this.total > 0 ? 6 : 0;
    for (let i = 0; i <= steps; i += 1) ruler.append(make("span", {}, clock((this.total * i) / (steps || 1))));
    return ruler;
  }

  transport() {
    const back = make("button", { type: "button", class: "btn quiet icon", "aria-label": t("Back {n} s", { n: 5 }), "aria-keyshortcuts": "J" }, icon("rewind"));
    const on = make("button", { type: "button", class: "btn quiet icon", "aria-label": t("Forward {n} s", { n: 5 }), "aria-keyshortcuts": "L" }, icon("fast-forward"));
    back.addEventListener("click", () => this.seek(this.audio.currentTime - 5));
    on.addEventListener("click", () => this.seek(this.audio.currentTime + 5));
    this.speeds = make("span", { class: "seg", role: "group", "aria-label": t("Speed") });
    for (const speed of SPEEDS) {
      const choice = make("button", { type: "button", "aria-pressed": String(speed === 1) }, `${speed}×`);
      choice.addEventListener("click", () => this.speed(speed));
      this.speeds.append(choice);
    }
    this.trouble = make("span", { class: "small t-bad push", role: "status", dir: document.dir });
    return [back, this.play, on, make("span", { class: "num" }, this.now, " ", make("span", { class: "muted" }, "/ "), this.length), this.speeds, this.trouble];
  }

  // A search opens the call where the words are, and plays; a browser that was not clicked in may refuse the latter.
  begin(at) {
    if (at === null || !(Number(at) >= 0)) return;
    this.seek(Number(at));
    this.audio.play().catch(() => {});
  }

  toggle() {
    if (this.audio.paused) this.audio.play().catch(() => {});
    else this.audio.pause();
  }

  speed(rate) {
    this.audio.playbackRate = rate;
    SPEEDS.forEach((speed, i) => this.speeds?.children[i].setAttribute("aria-pressed", String(speed === rate)));
  }

  seek(seconds) {
    const to = Math.max(0, Math.min(seconds, this.total || seconds));
    this.audio.currentTime = to;
    this.show(to);
  }

  playing() {
    const paused = this.audio.paused;
    this.play.replaceChildren(icon(paused ? "play" : "pause", this.small ? "" : "l"));
    this.play.setAttribute("aria-label", paused ? t("Play") : tp("player", "Pause"));
    if (paused) return;
    for (const other of document.querySelectorAll("cc-player")) if (other !== this) other.audio?.pause();
  }

  failed() {
    const words = t("The recording cannot be played now");
    if (this.trouble) this.trouble.textContent = words;
    else this.title = words;
  }

  show(at = this.audio.currentTime) {
    const share = this.total ? Math.min(1, at / this.total) : 0;
    this.now.textContent = clock(at);
    this.length.textContent = clock(this.total);
    this.mark.setAttribute("x", share * (WIDTH - 2));
    this.past.setAttribute("x", share * WIDTH);
    this.past.setAttribute("width", (1 - share) * WIDTH);
    this.slider.max = Math.max(1, Math.round(this.total));
    this.slider.value = Math.round(at);
    this.slider.setAttribute("aria-valuetext", t("Playback position {time} of {total}", { time: clock(at), total: clock(this.total) }));
    this.dispatchEvent(new CustomEvent("cc-time", { detail: at }));
  }

  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const step = (by) => this.speed(SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, SPEEDS.indexOf(this.audio.playbackRate) + by))]);
    const act = {
      Space: () => event.target === this.slider && this.toggle(),
      KeyJ: () => this.seek(this.audio.currentTime - 5),
      KeyL: () => this.seek(this.audio.currentTime + 5),
      BracketLeft: () => step(-1),
      BracketRight: () => step(1),
    }[event.code];
    if (!act) return;
    if (event.code !== "Space" || event.target === this.slider) event.preventDefault();
    act();
  }

  follow() {
    const list = document.querySelector("[data-transcript]");
    if (!list) return;
    this.stop?.abort();
    this.stop = new AbortController();
    import("./transcript.js").then(({ follow }) => follow(this, list, this.stop.signal));
  }
}

customElements.get("cc-player") || customElements.define("cc-player", Player);
