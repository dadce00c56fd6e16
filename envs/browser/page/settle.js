// Runs in every frame before the page's own scripts.
//
// 1. Notes what the page sets in motion, so that Screenwright can wait for just that and not for a fixed time.
//    What never rests (clocks, polls, endless animations) is recognised by its repetition and not waited for.
// 2. Makes the list of a <select> part of the page: the native one is drawn outside it and takes no clicks.
// 3. Keeps the text caret from blinking, so that two looks at a still page are the same picture.
(() => {
  const DOOR = Symbol.for("screenwright.rest");
  if (window[DOOR]) return;
  const LONGEST_TIMER_MS = 3000;
  const LONGEST_ANIMATION_MS = 3000;
  const LONGEST_LOADING_MS = 3000;
  const LONGEST_REPLY_MS = 500;
  const LONGEST_DEPARTURE_MS = 700;
  const MOST_FIRINGS = 3;
  const STEADY_GAP_MS = 300;
  const STEADY_AFTER_MS = 1000;

  const now = Date.now;  // kept, in case the page puts a clock of its own there
  const nativeSetTimeout = window.setTimeout;
  const nativeClearTimeout = window.clearTimeout;
  const nativeFrame = window.requestAnimationFrame;
  const sourceOf = Function.prototype.toString;
  const isTop = window === window.top;
  const born = now();

  // What stands in for a native function looks like it.
  const standIn = (owner, name, make) => {
    const native = owner?.[name];
    if (typeof native !== "function") return;
    const wrapper = make(native);
    Object.defineProperty(wrapper, "name", { value: native.name, configurable: true });
    Object.defineProperty(wrapper, "length", { value: native.length, configurable: true });
    Object.defineProperty(wrapper, "toString", { value: () => sourceOf.call(native), configurable: true });
    owner[name] = wrapper;
  };

  // -- timers. One is waited for if it was armed since the action and has not come round again and again since.
  const timers = new Map();   // id -> when it was armed, when it is due, what it does
  const firings = new Map();  // what it does -> how often since the last action
  const repeating = new Set();
  let since = 0;
  const worksAs = handler => {
    const source = typeof handler === "function" ? sourceOf.call(handler) : String(handler);
    // the resolve function of a promise is native: where it is armed tells one from another
    return source.length < 60 && source.includes("[native code]") ? String(new Error().stack) : source;
  };
  const fires = work => {
    const times = (firings.get(work) ?? 0) + 1;
    firings.set(work, times);
    if (times >= MOST_FIRINGS) repeating.add(work);
  };
  standIn(window, "setTimeout", native => ({
    setTimeout(handler, delay, ...rest) {
      const work = worksAs(handler);
      const wait = Math.max(0, Number(delay) || 0);
      let id;
      const run = typeof handler !== "function" ? handler : function (...passed) {
        timers.delete(id);
        fires(work);
        return handler.apply(this, passed);
      };
      id = native.call(window, run, delay, ...rest);
      if (wait <= LONGEST_TIMER_MS && !repeating.has(work)) timers.set(id, { armed: now(), due: now() + wait, work });
      return id;
    },
  }).setTimeout);
  for (const name of ["clearTimeout", "clearInterval"]) {  // either clears both kinds
    standIn(window, name, native => ({
      clear(id) { timers.delete(Number(id)); return native.call(window, id); },
    }).clear);
  }
  const timerPending = time => {
    for (const [id, timer] of timers) {
      if (time > timer.due + 1000) timers.delete(id);
      else if (timer.armed >= since && !repeating.has(timer.work)) return true;
    }
    return false;
  };

  // -- questions to a server or a worker that answers by message
  const asked = new Map();
  const expectsReply = (prototype, name) => standIn(prototype, name, native => ({
    ask(...passed) {
      if (!asked.has(this)) this.addEventListener("message", () => asked.delete(this), { once: true });
      asked.set(this, now());
      return native.apply(this, passed);
    },
  }).ask);
  expectsReply(window.WebSocket?.prototype, "send");
  expectsReply(window.Worker?.prototype, "postMessage");
  const replyPending = time => {
    for (const [channel, at] of asked) {
      if (time - at > LONGEST_REPLY_MS) asked.delete(channel);
      else if (at >= since) return true;
    }
    return false;
  };

  // -- leaving for another page, until the browser has taken note of it
  let leaving = null;
  window.navigation?.addEventListener("navigate", event => {
    if (event.destination.sameDocument || event.hashChange || event.downloadRequest !== null) return;
    leaving = { event, at: now() };
  });
  window.navigation?.addEventListener("navigatesuccess", () => { leaving = null; });
  const isLeaving = time =>
    leaving !== null && !leaving.event.defaultPrevented && time - leaving.at < LONGEST_DEPARTURE_MS;

  // -- changes of the document. What has changed without a pause for a second is a ticker, and is not waited for.
  // What was none yet when the frame was last at rest has been moved anew since: its second begins again.
  let changed = 0;
  let restedAt = 0;
  const runs = new WeakMap();  // node -> the first and the last change of a run without pauses
  const touch = node => {
    if (node.nodeName === "TITLE" || node.parentNode?.nodeName === "TITLE") return;
    const time = now();
    const run = runs.get(node);
    const isMovedAnew = run && run.last < restedAt && run.last - run.first <= STEADY_AFTER_MS;
    if (!run || time - run.last > STEADY_GAP_MS || isMovedAnew) {
      runs.set(node, { first: time, last: time });
      changed = time;
    } else {
      run.last = time;
      if (time - run.first <= STEADY_AFTER_MS) changed = time;
    }
  };
  const watch = root => {
    new MutationObserver(records => { for (const record of records) touch(record.target); })
      .observe(root, { subtree: true, childList: true, characterData: true, attributes: true });
    root.addEventListener("scroll", event => touch(event.target), { capture: true, passive: true });
  };

  // -- animations with an end, of style sheets and of scripts
  const isAnimating = () => (document.getAnimations?.() ?? []).some(animation => {
    if (animation.playState !== "running" || !(animation.timeline instanceof DocumentTimeline)) return false;
    const end = Number(animation.effect?.getComputedTiming?.().endTime);
    const left = (end - Number(animation.currentTime)) / (Math.abs(animation.playbackRate) || 1);
    return Number.isFinite(left) && left <= LONGEST_ANIMATION_MS;
  });

  // -- the browser's own word on a field that is not filled in as it should be, which takes a moment to appear
  const MESSAGE_MS = 400;
  let messageAt = 0;
  window.addEventListener("invalid", () => { messageAt = now(); }, true);

  let interactiveAt = 0;
  const isLoading = time => {
    if (document.readyState === "complete") return false;
    if (document.readyState === "interactive") {
      interactiveAt ||= time;
      return time - interactiveAt < LONGEST_LOADING_MS;
    }
    return isTop || time - born < LONGEST_LOADING_MS;
  };

  // -- style: lists that take clicks, a caret that stands still
  let style = null;
  const dress = root => {
    try {
      if (style === null) {
        style = new CSSStyleSheet();
        style.replaceSync(
          "select:not([multiple], [size]), ::picker(select) { appearance: base-select; }" +
          ":root, :host { caret-animation: manual; }");
      }
      root.adoptedStyleSheets.push(style);
    } catch { /* an old Chromium, or a root of another document: it stays as it is */ }
  };
  dress(document);
  watch(document);
  standIn(window.Element?.prototype, "attachShadow", native => ({
    attachShadow(...passed) {
      const root = native.apply(this, passed);
      dress(root);
      watch(root);
      return root;
    },
  }).attachShadow);

  const unrest = time => {
    if (isLeaving(time)) return "navigation";
    if (isLoading(time)) return "loading";
    if (timerPending(time)) return "timers";
    if (replyPending(time)) return "a reply";
    if (isAnimating()) return "animation";
    if (time - messageAt < MESSAGE_MS) return "a message";
    return "";
  };

  // Resolves to ["", before] once this frame has been at rest for `quietMs`, or to [reason, reason] after `sliceMs`:
  // why it is not at rest, and what it waited for last. Times are in milliseconds since 1970.
  const rest = (actedAt, quietMs, sliceMs) => new Promise(resolve => {
    if (actedAt !== since) {
      since = actedAt;
      firings.clear();
    }
    const start = now();
    let before = "";
    let framesLeft = isTop && document.visibilityState === "visible" ? 2 : 0;
    const drawn = () => { if (--framesLeft > 0) nativeFrame.call(window, drawn); };
    if (framesLeft > 0) nativeFrame.call(window, drawn);
    let calmSince = start;
    const look = () => {
      const time = now();
      const reason = unrest(time);
      if (reason) calmSince = time;
      if (reason || changed > start) before = reason || "changes";
      const left = quietMs - (time - Math.max(changed, calmSince));
      if (!reason && left <= 0 && (framesLeft <= 0 || time - start > 500)) {
        restedAt = time;
        resolve(["", before]);
      } else if (time - start >= sliceMs) resolve([reason || "changes", reason || "changes"]);
      else nativeSetTimeout.call(window, look, left > 0 ? Math.min(left, 8) : 8);
    };
    look();
  });
  Object.defineProperty(window, DOOR, { value: rest });
})();
