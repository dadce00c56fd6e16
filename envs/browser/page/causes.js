// What causes the work of a page.
//
// Everything that a page starts and finishes later (a timer, a request, a message, ...) is work. It carries its cause: the
// input event or the page load at the start of its chain of handlers. An action waits for the work that it has caused, and
// not for what was going on before. Promises need no support of their own: their handlers run right after the handler that
// resolved them, while its cause is still the current one.
(page => {
  const now = Date.now;  // saved in case the page replaces the clock
  const nativeSetTimeout = window.setTimeout;
  const nativeFrame = window.requestAnimationFrame;
  const sourceOf = Function.prototype.toString;

  const INPUT_EVENTS = [
    "pointerdown", "mousedown", "pointerup", "mouseup", "click", "auxclick", "dblclick", "contextmenu", "pointermove",
    "mousemove", "wheel", "touchstart", "touchmove", "touchend", "keydown", "keypress", "keyup", "beforeinput", "input",
    "dragstart", "dragover", "drop", "dragend", "copy", "cut", "paste",
  ];

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

  // Calls `created` with each new instance of a native class.
  const wrapClass = (name, created) => {
    const native = window[name];
    if (typeof native !== "function") return;
    const proxy = new Proxy(native, {
      construct(target, passed, newTarget) {
        const instance = Reflect.construct(target, passed, newTarget);
        created(instance);
        return instance;
      },
    });
    native.prototype.constructor = proxy;
    window[name] = proxy;
  };

  // A cause: `origin` is when the input or the load happened. `chain` is when the present chain of timers, frames and
  // messages started; a reply of a server starts a new one. `timer` is the timer that the chain has come through, `polls`
  // counts its requests, and `isEndless` tells that it goes on by itself.
  const createdAt = now();
  const begin = kind => {
    const time = now();
    return { kind, origin: time, chain: time, depth: 0, replies: 0, isKey: false, isEndless: false, timer: null, polls: null };
  };
  const load = begin("load");
  let current = null;  // outside of a known handler, null
  let hasInput = false;
  let inputAt = createdAt;
  let isResetPosted = false;
  let activeAt = createdAt;  // when a handler last ran, or was put off, other than those of input
  const unknownAt = [];
  const post = MessagePort.prototype.postMessage;
  const resets = new MessageChannel();
  resets.port1.onmessage = () => {
    current = null;
    isResetPosted = false;
  };
  // Makes `cause` the current one until the present task and the promises that it resolves have been handled.
  const enter = cause => {
    activeAt = now();
    makeCurrent(cause);
  };
  const makeCurrent = cause => {
    current = cause;
    if (isResetPosted) return;
    isResetPosted = true;
    post.call(resets.port2, 0);
  };
  const causeNow = () => {
    activeAt = now();
    if (current) return current;
    if (!hasInput && document.readyState !== "complete") current = { ...load, chain: now() };
    else {
      unknownAt.push(now());
      if (unknownAt.length > 20) unknownAt.shift();
      current = begin("unknown");
    }
    makeCurrent(current);
    return current;
  };
  for (const type of INPUT_EVENTS) {
    window.addEventListener(type, event => {
      if (!event.isTrusted) return;
      hasInput = true;
      inputAt = now();
      makeCurrent({ ...begin("input"), isKey: event instanceof KeyboardEvent || event instanceof InputEvent });
    }, { capture: true, passive: true });
  }
  for (const type of ["DOMContentLoaded", "load", "pageshow"]) {
    window.addEventListener(type, () => { if (!hasInput) enter({ ...load, chain: now() }); }, true);
  }

  // -- work, which is `due` at the earliest. It counts until `sureUntil`; until `likelyUntil` it counts while the page shows
  // nothing new or shows that it is loading. Work that the latest action cannot have caused is not recorded.
  const works = new Set();
  let since = 0;
  const addUntil = (kind, cause, sureUntil, likelyUntil = sureUntil) => {
    if (cause.origin < since || Math.max(sureUntil, likelyUntil) < now()) return null;
    if (works.size > 2000) works.clear();  // something that never ends, such as messages to a closed port
    const work = { kind, cause, due: now(), sureUntil: cause.isEndless ? 0 : sureUntil, likelyUntil, isShort: false };
    works.add(work);
    return work;
  };
  const add = (kind, cause, sureMs, likelyMs = sureMs) => addUntil(kind, cause, now() + sureMs, now() + likelyMs);
  const end = work => { works.delete(work); };

  // The cause of the handlers of a reply, which start a new chain.
  const MAX_REPLIES = 20;
  const replied = cause => cause.isEndless ? cause : {
    ...cause, chain: now(), timer: null, replies: cause.replies + 1, isEndless: cause.replies >= MAX_REPLIES,
  };

  Object.assign(page, {
    now, nativeSetTimeout, nativeFrame, createdAt, wrap, wrapClass, causeNow, enter, add, addUntil, end, replied, works,
    current: () => current,
    inputAt: () => inputAt,
    since: () => since,
    activeAt: () => activeAt,
    // How often work without a known cause was started in the `ms` before `time`.
    unknownBefore: (time, ms) => unknownAt.filter(at => at < time && at > time - ms).length,
    startAction(actedAt) {
      since = actedAt;
      for (const work of works) if (work.cause.origin < since) works.delete(work);
    },
  });
})
