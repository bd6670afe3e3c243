// <div data-poll data-seen>: a part of the page that is waited for. It is asked for again, often at first and then
// less; a tab that nobody looks at asks nothing. What plays meanwhile plays on: only what is new is exchanged.

const FIRST = 3000;
const LONGEST = 20000;
const watched = new WeakSet();

export function renew(box, html) {
  const made = new DOMParser().parseFromString(html, "text/html").getElementById(box.id);
  if (!made) return;
  const swap = (id) => {
    const [old, fresh] = [box.querySelector(id), made.querySelector(id)];
    if (old && fresh) old.replaceWith(fresh);
  };
  const player = made.querySelector("#player");
  if (player && !box.querySelector("#player")) box.querySelector("#transcript").before(player);
  swap("#transcript");
  const said = box.querySelector("[data-said]");
  if (said && box.dataset.words !== made.dataset.words) said.textContent = made.dataset.words;
  for (const name of ["seen", "words", "poll"]) {
    if (name in made.dataset) box.dataset[name] = made.dataset[name];
    else delete box.dataset[name];
  }
  window.htmx?.process?.(box);
  box.querySelector("cc-player")?.follow?.();
}

async function look(box) {
  const asked = new URLSearchParams({ seen: box.dataset.seen, lang: document.documentElement.lang });
  const answer = await fetch(`${box.dataset.poll}?${asked}`);
  if (answer.status === 200 && !answer.redirected) renew(box, await answer.text());
  else if (answer.status !== 204) delete box.dataset.poll; // signed out, or no longer ours to see
  return answer.status === 200;
}

function watch(box) {
  if (watched.has(box)) return;
  watched.add(box);
  let wait = FIRST;
  const next = () => setTimeout(turn, wait);
  const turn = async () => {
    if (!box.isConnected || !("poll" in box.dataset)) return watched.delete(box);
    if (!document.hidden) {
      const news = await look(box).catch(() => false);
      wait = news ? FIRST : Math.min(LONGEST, wait * 1.4);
    }
    return next();
  };
  next();
}

export function arrived() {
  for (const box of document.querySelectorAll("[data-poll]")) watch(box);
}

document.addEventListener("htmx:after:swap", arrived);
window.addEventListener("popstate", () => setTimeout(arrived));
arrived();
