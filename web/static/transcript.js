// The transcript beside a player: the segment and the word that are heard now, a click that goes there, and a search.

export function current(starts, at) {
  let found = -1;
  for (let i = 0; i < starts.length && starts[i] <= at + 0.05; i += 1) found = i;
  return found;
}

export function follow(player, list, signal) {
  const segments = [...list.querySelectorAll("[data-t0]")];
  const starts = segments.map((each) => Number(each.dataset.t0));
  let shown = -1;
  let said = null;

  list.addEventListener("click", (event) => {
    const target = event.target.closest("[data-seek]");
    if (!target || String(getSelection())) return;
    player.seek(Number(target.dataset.seek));
    player.audio.play().catch(() => {});
  }, { signal });

  player.addEventListener("cc-time", ({ detail: at }) => {
    const next = current(starts, at);
    if (next !== shown) {
      segments[shown]?.classList.remove("now");
      segments[next]?.classList.add("now");
      shown = next;
      if (!player.audio.paused) segments[next]?.scrollIntoView({ block: "nearest" });
    }
    const words = shown < 0 ? [] : [...segments[shown].querySelectorAll("p [data-seek]")];
    const word = words[current(words.map((each) => Number(each.dataset.seek)), at)] || null;
    if (word === said) return;
    said?.classList.remove("word");
    if (!player.audio.paused) word?.classList.add("word");
    said = word;
  }, { signal });

  search(list, segments, signal);
}

function search(list, segments, signal) {
  const field = document.querySelector("[data-transcript-search]");
  const count = document.querySelector("[data-transcript-hits]");
  if (!field || !count) return;
  const texts = segments.map((each) => each.querySelector("p").textContent.replace(/\s+/g, " ").toLowerCase());
  let hits = [];
  let at = -1;
  const show = () => {
    segments.forEach((each, i) => each.classList.toggle("hit", hits.includes(i)));
    count.textContent = hits.length ? `${at + 1}/${hits.length}` : field.value.trim() ? "0" : "";
    segments[hits[at]]?.scrollIntoView({ block: "center" });
  };
  field.addEventListener("input", () => {
    const wanted = field.value.trim().toLowerCase();
    hits = wanted ? texts.flatMap((text, i) => (text.includes(wanted) ? [i] : [])) : [];
    at = hits.length ? 0 : -1;
    show();
  }, { signal });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !hits.length) return;
    event.preventDefault();
    at = (at + (event.shiftKey ? hits.length - 1 : 1)) % hits.length;
    show();
  }, { signal });
}
