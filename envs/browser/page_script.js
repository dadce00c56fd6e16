// Runs in every frame before the page's own scripts.
//
// 1. Keeps count of what the page has set in motion, so that Screenwright can wait for just that: one-shot timers,
//    requests, changes of the document. Repeating timers never come to rest and are not waited for.
// 2. Makes the list of a <select> part of the page: the native one is drawn outside it and takes no clicks.
(() => {
  const LONGEST_TIMER_MS = 3000;
  const MOST_GENERATIONS = 3;
  const motion = { timers: new Map(), requests: new Map(), changed: 0, generation: 0, requestNumber: 0 };
  const now = () => performance.now();
  const disguise = (wrapper, original) => {
    Object.defineProperty(wrapper, "name", { value: original.name });
    Object.defineProperty(wrapper, "length", { value: original.length });
    wrapper.toString = () => Function.prototype.toString.call(original);
    return wrapper;
  };

  // A timer that the page arms again and again of its own accord is a ticker; one that follows input is not.
  const SELF_DRIVEN_MS = 500;
  const MOST_SELF_ARMED = 3;
  const selfArmed = new Map();
  let lastInput = -Infinity;
  for (const kind of ["pointerdown", "pointermove", "keydown", "input", "wheel"]) {
    window.addEventListener(kind, () => { lastInput = now(); }, { capture: true, passive: true });
  }
  const ticks = handler => {
    if (now() - lastInput < SELF_DRIVEN_MS) return false;
    const source = Function.prototype.toString.call(handler).slice(0, 200);
    const count = (selfArmed.get(source) ?? 0) + 1;
    selfArmed.set(source, count);
    return count > MOST_SELF_ARMED;
  };

  const nativeSetTimeout = window.setTimeout;
  const nativeClearTimeout = window.clearTimeout;
  window.setTimeout = disguise(function (handler, delay = 0, ...rest) {
    const generation = motion.generation;
    let id;
    const run = typeof handler !== "function" ? handler : function (...passed) {
      motion.timers.delete(id);
      const before = motion.generation;
      motion.generation = generation + 1;  // what this callback arms is one generation younger
      try { return handler.apply(this, passed); } finally { motion.generation = before; }
    };
    id = nativeSetTimeout.call(window, run, delay, ...rest);
    const wait = Number(delay) || 0;
    if (typeof handler === "function" && wait <= LONGEST_TIMER_MS && generation < MOST_GENERATIONS && !ticks(handler)) {
      motion.timers.set(id, now() + wait);
    }
    return id;
  }, nativeSetTimeout);
  window.clearTimeout = disguise(function (id) {
    motion.timers.delete(id);
    return nativeClearTimeout.call(window, id);
  }, nativeClearTimeout);

  let leaving = 0;
  window.navigation?.addEventListener("navigate", event => {
    if (!event.destination.sameDocument && event.downloadRequest === null) leaving = now();
  });
  for (const kind of ["navigateerror", "navigatesuccess"]) {
    window.navigation?.addEventListener(kind, () => { leaving = 0; });
  }

  // A tab takes a moment to appear or to go; until then, this page is not at rest.
  const NEW_TAB_MS = 400;
  const nativeClose = window.close;
  window.close = disguise(function () {
    opening = now();
    return nativeClose.call(window);
  }, nativeClose);
  let opening = -Infinity;
  const nativeOpen = window.open;
  window.open = disguise(function (...passed) {
    opening = now();
    return nativeOpen.apply(this, passed);
  }, nativeOpen);
  window.addEventListener("click", event => {
    const link = event.composedPath().find(node => node.tagName === "A" || node.tagName === "AREA");
    if (link?.href && link.target && !["_self", "_top", "_parent"].includes(link.target)) opening = now();
  }, { capture: true, passive: true });

  const began = () => { const number = ++motion.requestNumber; motion.requests.set(number, now()); return number; };
  const over = number => motion.requests.delete(number);
  const nativeFetch = window.fetch;
  if (nativeFetch) {
    window.fetch = disguise(function (...passed) {
      const number = began();
      const reply = nativeFetch.apply(this, passed);
      reply.then(() => over(number), () => over(number));
      return reply;
    }, nativeFetch);
  }
  const nativeSend = XMLHttpRequest.prototype.send;
  XMLHttpRequest.prototype.send = disguise(function (...passed) {
    const number = began();
    this.addEventListener("loadend", () => over(number), { once: true });
    return nativeSend.apply(this, passed);
  }, nativeSend);

  const watch = root => new MutationObserver(() => { motion.changed = now(); }).observe(root, {
    subtree: true, childList: true, characterData: true, attributes: true,
  });
  watch(document);

  let style = null;
  const openLists = root => {
    try {
      style ??= new CSSStyleSheet();
      if (!style.cssRules.length) style.replaceSync("select:not([multiple]):not([size]), " +
        "::picker(select) { appearance: base-select; }");
      root.adoptedStyleSheets = [...root.adoptedStyleSheets, style];
    } catch { /* an old Chromium, or a root of another document: the list stays as it is */ }
  };
  openLists(document);
  const nativeAttach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = disguise(function (...passed) {
    const root = nativeAttach.apply(this, passed);
    openLists(root);
    watch(root);
    return root;
  }, nativeAttach);

  const animating = () => (document.getAnimations?.() ?? []).some(animation => {
    const end = animation.effect?.getComputedTiming?.().endTime;
    return animation.playState === "running" && Number.isFinite(Number(end)) && Number(end) < 5000;
  });
  const imagesLoading = () => Array.from(document.images).some(image => {
    if (image.complete || image.loading === "lazy") return false;
    const box = image.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight;
  });

  // Why this frame is not at rest, or "" if it is. Asked by name from outside, in this world.
  Object.defineProperty(window, Symbol.for("screenwright.motion"), {
    value: (quietMs, longestRequestMs) => {
      const time = now();
      if (document.readyState !== "complete" && time < 15000) return "loading";
      if (leaving) return "navigation";
      if (time - opening < NEW_TAB_MS) return "tabs";
      for (const started of motion.requests.values()) if (time - started < longestRequestMs) return "requests";
      for (const due of motion.timers.values()) if (time < due + 200) return "timers";
      if (imagesLoading() && time < 15000) return "images";
      if (animating()) return "animation";
      if (time - motion.changed < quietMs) return "changes";
      return "";
    },
  });
})();
