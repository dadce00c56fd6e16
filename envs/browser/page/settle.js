// Runs in every frame before the page's own scripts.
//
// 1. Tracks pending work of the page, so that Screenwright waits for exactly that instead of for a fixed time.
//    Endless work (clocks, polls, endless animations) is recognized by its repetition and ignored.
// 2. Tells when the page has handled a key, and whether typed text arrived.
// 3. Stops the text caret from blinking, so that two screenshots of an idle page are identical.
(() => {
  const KEY = Symbol.for("screenwright.idle");
  if (window[KEY]) return;
  const MAX_TIMER_MS = 3000;
  const MAX_ANIMATION_MS = 3000;
  const MAX_LOADING_MS = 3000;
  const MAX_REPLY_MS = 500;
  const MAX_LEAVING_MS = 700;
  const MAX_REPEATS = 3;
  const CONTINUOUS_GAP_MS = 300;
  const CONTINUOUS_AFTER_MS = 1000;

  const now = Date.now;  // saved in case the page replaces the clock
  const nativeSetTimeout = window.setTimeout;
  const nativeFrame = window.requestAnimationFrame;
  const sourceOf = Function.prototype.toString;
  const isTop = window === window.top;
  const createdAt = now();

  // Replaces a native function by a wrapper that looks like it.
  const wrap = (owner, name, make) => {
    const native = owner?.[name];
    if (typeof native !== "function") return;
    const wrapper = make(native);
    Object.defineProperty(wrapper, "name", { value: native.name, configurable: true });
    Object.defineProperty(wrapper, "length", { value: native.length, configurable: true });
    Object.defineProperty(wrapper, "toString", { value: () => sourceOf.call(native), configurable: true });
    owner[name] = wrapper;
  };

  // -- typing. Work that the handlers of a key put off for a moment belongs to that key, such as moving the focus to the
  // next field; the next key is pressed after it.
  const MAX_KEY_DELAY_MS = 100;
  const MAX_KEY_WAIT_MS = 250;
  const MAX_KEY_DEPTH = 3;
  const keyWork = new Set();  // the timers and animation frames that the latest key has started
  let keyDepth = 0;           // 0 outside of the handlers of a key, 1 in them, 2 in what they started, ...
  const startKeyWork = wait => {
    if (keyDepth === 0 || keyDepth > MAX_KEY_DEPTH) return null;
    const work = { due: now() + wait, depth: keyDepth + 1 };
    keyWork.add(work);
    return work;
  };
  const runKeyWork = (work, run) => {
    const outer = keyDepth;
    keyDepth = work?.depth ?? 0;
    try {
      return run();
    } finally {
      keyDepth = outer;
      keyWork.delete(work);
    }
  };
  let fields = [];  // the elements that typed text went to
  let inputs = 0;
  let isHandled = false;
  let typingSince = 0;
  for (const type of ["keydown", "keypress", "beforeinput", "input", "keyup"]) {
    window.addEventListener(type, event => {
      if (!event.isTrusted) return;
      keyDepth = 1;
      nativeSetTimeout.call(window, () => {
        keyDepth = 0;
        isHandled ||= event.defaultPrevented;
      });
      if (type !== "beforeinput") return;
      inputs++;
      const field = event.composedPath()[0];
      if (!fields.includes(field)) fields.push(field);
    }, { capture: true, passive: true });
  }
  const focused = () => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    return element;
  };
  const isVisible = field => {  // editors type into a hidden field of their own
    const { x, y, width, height } = field.getBoundingClientRect();
    const hit = field.getRootNode().elementFromPoint?.(x + width / 2, y + height / 2);
    return Number(getComputedStyle(field).opacity) > 0 && (hit === null || field === hit || field.contains(hit));
  };
  const isText = field => field.isContentEditable || field instanceof HTMLTextAreaElement ||
    (field instanceof HTMLInputElement && /^(text|search|url|tel|email|password|number)$/.test(field.type));
  const lettersOf = text => text.normalize("NFKC").toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
  const typing = {
    hasFocus: () => document.hasFocus() && !/^I?FRAME$/.test(document.activeElement?.nodeName ?? ""),
    begin() {
      fields = [];
      inputs = 0;
      isHandled = false;
      typingSince = now();
    },
    inputs: () => inputs,
    // Resolves when the work of the latest key is done, to whether this frame still has the focus.
    afterKey: () => new Promise(resolve => {
      const start = now();
      const check = () => {
        const time = now();
        for (const work of keyWork) if (time > work.due + MAX_KEY_DELAY_MS) keyWork.delete(work);
        if (keyWork.size === 0 || time - start > MAX_KEY_WAIT_MS) {
          keyWork.clear();
          resolve(typing.hasFocus());
        } else nativeSetTimeout.call(window, check, 4);
      };
      nativeSetTimeout.call(window, check);
    }),
    // "nowhere" if nothing took the typed text, or what its field contains instead; empty if it arrived.
    problem(expected) {
      if (inputs === 0) {
        const isOther = /^(SELECT|OPTION|EMBED|OBJECT)$/.test(focused()?.nodeName ?? "");
        return isHandled || isOther || changedAt >= typingSince ? "" : "nowhere";
      }
      fields = fields.filter(field => field.isConnected);
      if (!fields.length || !fields.every(field => isText(field) && isVisible(field))) return "";
      const values = fields.map(field => field.value ?? field.innerText).join("");
      const isSecret = fields.some(field => field.type === "password");
      if (isSecret ? values.length >= expected.length : lettersOf(values).includes(lettersOf(expected))) return "";
      return isSecret ? `${values.length} characters` : JSON.stringify(values.slice(0, 200));
    },
  };
  Object.defineProperty(window, Symbol.for("screenwright.typing"), { value: typing });

  // -- timers. A timer is pending if it was started since the action and its handler does not fire repeatedly.
  const timers = new Map();  // id -> when it was started, when it is due, the signature of its handler
  const fired = new Map();   // signature -> how often since the last action
  const repeating = new Set();
  let since = 0;
  const signatureOf = handler => {
    const source = typeof handler === "function" ? sourceOf.call(handler) : String(handler);
    // the resolve function of a promise is native code: distinguish these by the stack
    return source.length < 60 && source.includes("[native code]") ? String(new Error().stack) : source;
  };
  const countFired = signature => {
    const times = (fired.get(signature) ?? 0) + 1;
    fired.set(signature, times);
    if (times >= MAX_REPEATS) repeating.add(signature);
  };
  wrap(window, "setTimeout", native => ({
    setTimeout(handler, delay, ...rest) {
      const signature = signatureOf(handler);
      const wait = Math.max(0, Number(delay) || 0);
      let id;
      const work = wait <= MAX_KEY_DELAY_MS ? startKeyWork(wait) : null;
      const run = typeof handler !== "function" ? handler : function (...passed) {
        timers.delete(id);
        countFired(signature);
        return runKeyWork(work, () => handler.apply(this, passed));
      };
      id = native.call(window, run, delay, ...rest);
      if (work) work.id = id;
      if (wait <= MAX_TIMER_MS && !repeating.has(signature)) timers.set(id, { started: now(), due: now() + wait, signature });
      return id;
    },
  }).setTimeout);
  for (const name of ["clearTimeout", "clearInterval"]) {  // either clears both kinds
    wrap(window, name, native => ({
      clear(id) {
        timers.delete(Number(id));
        for (const work of keyWork) if (work.id === id) keyWork.delete(work);
        return native.call(window, id);
      },
    }).clear);
  }
  wrap(window, "requestAnimationFrame", native => ({
    requestAnimationFrame(handler) {
      const work = startKeyWork(0);
      if (!work || typeof handler !== "function") return native.call(window, handler);
      return work.id = native.call(window, time => runKeyWork(work, () => handler.call(window, time)));
    },
  }).requestAnimationFrame);
  const timerPending = time => {
    for (const [id, timer] of timers) {
      if (time > timer.due + 1000) timers.delete(id);
      else if (timer.started >= since && !repeating.has(timer.signature)) return true;
    }
    return false;
  };

  // -- messages to a WebSocket or a worker that may reply
  const awaiting = new Map();
  const expectReply = (prototype, name) => wrap(prototype, name, native => ({
    send(...passed) {
      if (!awaiting.has(this)) this.addEventListener("message", () => awaiting.delete(this), { once: true });
      awaiting.set(this, now());
      return native.apply(this, passed);
    },
  }).send);
  expectReply(window.WebSocket?.prototype, "send");
  expectReply(window.Worker?.prototype, "postMessage");
  const replyPending = time => {
    for (const [channel, at] of awaiting) {
      if (time - at > MAX_REPLY_MS) awaiting.delete(channel);
      else if (at >= since) return true;
    }
    return false;
  };

  // -- navigation, until the browser reports its request
  let leaving = null;
  window.navigation?.addEventListener("navigate", event => {
    if (event.destination.sameDocument || event.hashChange || event.downloadRequest !== null) return;
    leaving = { event, at: now() };
  });
  window.navigation?.addEventListener("navigatesuccess", () => { leaving = null; });
  const isLeaving = time =>
    leaving !== null && !leaving.event.defaultPrevented && time - leaving.at < MAX_LEAVING_MS;

  // -- rendered frames, counted while we wait. What a page changes in every animation frame comes late on a busy machine,
  // so a pause in time is not enough: the page is quiet after two frames without a change.
  const QUIET_FRAMES = 2;
  const NO_FRAMES_MS = 500;  // the page is not rendered at all
  let frames = 0;
  let waits = 0;
  let isCounting = false;
  const countFrames = () => {
    isCounting = waits > 0;
    if (isCounting) nativeFrame.call(window, () => { frames++; countFrames(); });
  };

  // -- changes of the document. A node that has changed for a second without a pause changes continuously and is
  // ignored. A shorter run that ended before the frame was last idle starts over with the next change.
  let changedAt = 0;
  let changedFrame = 0;
  let idleAt = 0;
  const runs = new WeakMap();  // node -> the first and the last change of a run without pauses
  const recordChange = node => {
    if (node.nodeName === "TITLE" || node.parentNode?.nodeName === "TITLE") return;
    const time = now();
    const run = runs.get(node);
    const startsOver = run && run.last < idleAt && run.last - run.first <= CONTINUOUS_AFTER_MS;
    const isNew = !run || time - run.last > CONTINUOUS_GAP_MS || startsOver;
    const first = isNew ? time : run.first;
    runs.set(node, { first, last: time });
    if (time - first <= CONTINUOUS_AFTER_MS) {
      changedAt = time;
      changedFrame = frames;
    }
  };
  const observe = root => {
    new MutationObserver(records => { for (const record of records) recordChange(record.target); })
      .observe(root, { subtree: true, childList: true, characterData: true, attributes: true });
    root.addEventListener("scroll", event => recordChange(event.target), { capture: true, passive: true });
  };

  // -- finite CSS and script animations
  const isAnimating = () => (document.getAnimations?.() ?? []).some(animation => {
    if (animation.playState !== "running" || !(animation.timeline instanceof DocumentTimeline)) return false;
    const end = Number(animation.effect?.getComputedTiming?.().endTime);
    const left = (end - Number(animation.currentTime)) / (Math.abs(animation.playbackRate) || 1);
    return Number.isFinite(left) && left <= MAX_ANIMATION_MS;
  });

  // -- the browser's validation bubble at an invalid field, which takes a moment to appear
  const VALIDATION_MS = 400;
  let invalidAt = 0;
  window.addEventListener("invalid", () => { invalidAt = now(); }, true);

  let interactiveAt = 0;
  const isLoading = time => {
    if (document.readyState === "complete") return false;
    if (document.readyState === "interactive") {
      interactiveAt ||= time;
      return time - interactiveAt < MAX_LOADING_MS;
    }
    return isTop || time - createdAt < MAX_LOADING_MS;
  };

  // -- style: no blinking caret
  let style = null;
  const addStyle = root => {
    try {
      if (style === null) {
        style = new CSSStyleSheet();
        style.replaceSync(":root, :host { caret-animation: manual; }");
      }
      root.adoptedStyleSheets.push(style);
    } catch { /* an old Chromium, or a root of another document: not supported */ }
  };
  const adoptRoot = root => {
    addStyle(root);
    observe(root);
  };
  adoptRoot(document);
  wrap(window.Element?.prototype, "attachShadow", native => ({
    attachShadow(...passed) {
      const root = native.apply(this, passed);
      adoptRoot(root);
      return root;
    },
  }).attachShadow);

  const pending = time => {
    if (isLeaving(time)) return "navigation";
    if (isLoading(time)) return "loading";
    if (timerPending(time)) return "timers";
    if (replyPending(time)) return "a reply";
    if (isAnimating()) return "animation";
    if (time - invalidAt < VALIDATION_MS) return "a validation message";
    return "";
  };

  let askedAt = createdAt;  // when we were first asked about the latest action

  // Resolves to ["", waitedFor] once this frame has been idle for `quietMs`, or to [reason, reason] after `sliceMs`,
  // where `reason` is what is still pending. Times are in milliseconds since 1970.
  const waitUntilIdle = (actedAt, quietMs, sliceMs) => new Promise(resolve => {
    const start = now();
    if (actedAt !== since) {
      since = actedAt;
      fired.clear();
      changedFrame = frames;  // the screenshot shows the latest state
      askedAt = start;
    }
    let waitedFor = "";
    const isRendered = isTop && document.visibilityState === "visible";
    waits++;
    if (isRendered && !isCounting) countFrames();
    let quietSince = start;
    const done = (...result) => {
      waits--;
      resolve(result);
    };
    const check = () => {
      const time = now();
      const reason = pending(time);
      if (reason) quietSince = time;
      if (reason || changedAt > start) waitedFor = reason || "changes";
      const left = quietMs - (time - Math.max(changedAt, quietSince));
      const isDrawn = !isRendered || frames - changedFrame >= QUIET_FRAMES || time - Math.max(changedAt, askedAt) > NO_FRAMES_MS;
      if (!reason && left <= 0 && isDrawn) {
        idleAt = time;
        done("", waitedFor);
      } else if (time - start >= sliceMs) done(reason || "changes", reason || "changes");
      else nativeSetTimeout.call(window, check, left > 0 ? Math.min(left, 8) : 8);
    };
    check();
  });
  Object.defineProperty(window, Symbol.for("screenwright.adoptRoot"), { value: adoptRoot });
  Object.defineProperty(window, KEY, { value: waitUntilIdle });
})();
