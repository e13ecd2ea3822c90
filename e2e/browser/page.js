// What the kit asks of a page, as one object. It also works in pages whose own
// script is switched off, so nothing here may wait: no promises, no timers. What
// is not as it should be is thrown, and asked again a moment later.
({
  seen: (e) => e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length > 0,

  reads: (e) => (e.innerText || e.value || e.getAttribute("aria-label") || "").replace(/\s+/g, " ").trim(),

  // all returns the elements a selector means that can be seen.
  all(selector) {
    const [, how, what] = /^(text|label)=(.*)$/s.exec(selector) ?? [null, "css", selector];
    const named = (css) => [...document.querySelectorAll(css)].filter((e) => this.reads(e) === what);
    const found = {
      text: () => named("a, button, summary, [role=button], input[type=submit]"),
      label: () => named("label").map((e) => e.control).filter(Boolean),
      css: () => [...document.querySelectorAll(what)],
    }[how]();
    return found.filter((e) => this.seen(e));
  },

  one(selector) {
    const e = this.all(selector)[0];
    if (!e) throw new Error("it is not on the page");
    return e;
  },

  count(selector) { return this.all(selector).length; },

  text(selector) { return this.reads(this.one(selector)); },

  value(selector) { return String(this.one(selector).value ?? ""); },

  attribute(selector, name) { return this.one(selector).getAttribute(name) ?? ""; },

  page() { return (document.body?.innerText ?? "").replace(/[ \t\u00a0]+/g, " "); },

  url: () => document.location.href,

  source: () => document.documentElement.outerHTML,

  // point says where to click, or what is in the way.
  point(selector) {
    const e = this.one(selector);
    if (e.matches(":disabled")) throw new Error("it is disabled");
    e.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
    const box = e.getClientRects()[0];
    const x = box.x + box.width / 2, y = box.y + box.height / 2;
    const top = document.elementFromPoint(x, y);
    if (!top || !(e.contains(top) || top.closest("label")?.control === e)) {
      throw new Error("it is covered by " + (top?.outerHTML.slice(0, 120) ?? "the edge of the window"));
    }
    return { x, y };
  },

  // focus puts the cursor into a field with what is there selected.
  focus(selector) {
    const e = this.one(selector);
    if (e.matches(":disabled, :read-only")) throw new Error("it cannot be typed into");
    e.focus();
    e.select?.();
    return true;
  },

  // box is where an element is in the document, for a picture of it.
  box(selector) {
    const e = this.one(selector);
    const { x, y, width, height } = e.getBoundingClientRect();
    return { x: x + scrollX, y: y + scrollY, width, height };
  },

  // stay keeps a page that reloads itself as it is.
  stay() { window.stop(); return true; },

  // listen notes all that the page reads from now on; heard tells whether a text was among it.
  listen() {
    const note = () => document.vestibuleHeard = (document.vestibuleHeard ?? "") + this.page();
    new MutationObserver(note).observe(document, { subtree: true, childList: true, characterData: true });
    return true;
  },
  heard(text) {
    if (!document.vestibuleHeard?.includes(text)) throw new Error("the page has not said so");
    return true;
  },

  // leave marks this document; arrived is true in a later one that has loaded.
  leave() { return document.vestibuleLeft = true; },
  arrived() {
    if (document.vestibuleLeft) throw new Error("the browser is still at the same page");
    if (document.readyState !== "complete") throw new Error("the page is still loading");
    return true;
  },

  overflow() { return Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth); },

  status() { return performance.getEntriesByType("navigation")[0]?.responseStatus ?? 0; },
})
