// The line to the server: snapshot, events in order, acknowledgement, reconnection that the user can see. Commands do not go
// this way, so nothing is kept here to be sent later: an old "dial" must never fire a minute after it was meant.

import { io } from "../vendor/socket.io.esm.min.js";
import { agree } from "./time.js";
import { store } from "./store.js";

const EVENTS = ["call.pop", "card.enrich", "call.update", "call.end", "agent.state", "queue.stats", "system.state", "notice", "lead.changed", "offers.changed", "task.due"];
const tab = crypto.randomUUID?.() ?? String(Math.random()).slice(2);

let socket;
let asking = 0;
let watching = false;

function hello() {
  const asked = Date.now();
  if (asked - asking < 500) return; // a burst of gaps is one question
  asking = asked;
  socket.emit("hello", { last_seq: store.state.seq, tab });
}

function apply(type, data) {
  if (!data) return;
  const before = performance.now();
  store.dispatch(type, data);
  if (type === "call.pop") performance.measure(`pop ${data.card?.id}`, { start: before, end: performance.now() });
  if (store.state.gap) hello();
}

// The floor is open on this page, or no more: the server pushes what this person may see of it.
export function watch(on) {
  watching = on;
  if (socket?.connected) socket.emit("watch", on);
}

export function connect(url = undefined) {
  socket = io(url, {
    path: "/socket.io",
    transports: ["websocket"],
    reconnectionDelay: 500,
    reconnectionDelayMax: 5_000,
    randomizationFactor: 0.5,
    timeout: 10_000,
  });
  socket.on("connect", () => {
    asking = 0;
    hello();
    if (watching) socket.emit("watch", true);
  });
  socket.on("floor", (data) => store.dispatch("floor", data));
  socket.on("snapshot", (data) => {
    asking = 0;
    agree(data.now);
    store.dispatch("snapshot", data);
    store.dispatch("link", { link: "online" });
  });
  for (const type of EVENTS) {
    socket.on(type, (data, acknowledge) => {
      apply(type, data);
      acknowledge?.();
    });
  }
  // What one moment brought, in order; acknowledged as one.
  socket.on("batch", (events, acknowledge) => {
    for (const [type, data] of events) apply(type, data);
    acknowledge?.();
  });
  socket.on("disconnect", (reason) => {
    // The server closed it on purpose: signed out, or the role changed.
    store.dispatch("link", { link: reason === "io server disconnect" ? "refused" : "offline" });
  });
  socket.on("connect_error", (error) => {
    // `active` is false when the server refused us: trying again would change nothing before a sign-in.
    const refused = socket.active === false && error?.type !== "TransportError";
    store.dispatch("link", { link: refused ? "refused" : "offline" });
  });
  addEventListener("online", () => socket.disconnected && socket.active && socket.connect());
  setInterval(() => store.dispatch("sweep"), 500);
  return socket;
}
