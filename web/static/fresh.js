// A page of figures that stays true: every few seconds it is asked for again, and the parts that changed are exchanged. What has
// the focus is left alone. A trouble that begins or ends (desk/troubles.js says so) is a reason to ask at once.

const ALONE = 10_000; // ms; an answer that comes later than that is no news

class Fresh extends HTMLElement {
  connectedCallback() {
    this.timer = setInterval(() => this.ask(), Number(this.dataset.seconds || 5) * 1000);
    this.now = () => this.ask();
    document.addEventListener("cc:troubles", this.now);
  }

  disconnectedCallback() {
    clearInterval(this.timer);
    document.removeEventListener("cc:troubles", this.now);
  }

  async ask() {
    if (this.asking || document.hidden) return;
    this.asking = true;
    try {
      const answer = await fetch(location.href, { headers: { "HX-Request": "true" }, signal: AbortSignal.timeout(ALONE) });
      if (answer.ok && !answer.redirected) this.take(await answer.text());
      this.classList.toggle("stale", !answer.ok);
    } catch {
      this.classList.add("stale");
    } finally {
      this.asking = false;
    }
  }

  take(text) {
    const page = new DOMParser().parseFromString(text, "text/html");
    for (const part of this.querySelectorAll("[data-part]")) {
      const fresh = page.querySelector(`[data-part="${part.dataset.part}"]`);
      if (fresh && !part.isEqualNode(fresh) && !part.contains(document.activeElement)) part.replaceWith(document.importNode(fresh, true));
    }
  }
}
customElements.define("cc-fresh", Fresh);
