// The one state of this browser tab; whoever draws subscribes.

import { initial, reduce } from "./state.js";

class Store {
  state = initial();
  #listeners = new Set();
  #asked = false;

  dispatch(type, data) {
    const next = reduce(this.state, type, data, Date.now() / 1000);
    if (next === this.state) return;
    this.state = next;
    if (this.#asked) return;
    this.#asked = true;
    queueMicrotask(() => {
      this.#asked = false;
      this.#listeners.forEach((listener) => listener(this.state));
    });
  }

  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

export const store = new Store();
