// The one state of this browser tab; whoever draws subscribes. Changes of one moment are drawn once; and right after a card came,
// what follows it (its late slots, the pill) waits until the card is on the screen.

import { initial, reduce } from "./state.js";

const AFTER_A_CARD = 50; // ms

class Store {
  state = initial();
  #listeners = new Set();
  #asked = false;
  #card = -AFTER_A_CARD;

  dispatch(type, data) {
    const next = reduce(this.state, type, data, Date.now() / 1000);
    if (next === this.state) return;
    this.state = next;
    if (this.#asked && type !== "call.pop") return;
    this.#asked = true;
    const since = performance.now() - this.#card;
    if (type === "call.pop") this.#card = performance.now();
    if (type === "call.pop" || since >= AFTER_A_CARD) queueMicrotask(() => this.#tell());
    else setTimeout(() => this.#tell(), AFTER_A_CARD - since);
  }

  #tell() {
    if (!this.#asked) return;
    this.#asked = false;
    this.#listeners.forEach((listener) => listener(this.state));
  }

  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

export const store = new Store();
