// Decides when this frame is at rest after an action, and stops the text caret from blinking, so that two screenshots of an
// idle page are identical.
(page => {
  const { now, nativeSetTimeout, nativeFrame, wrap, works, current, inputAt, createdAt } = page;
  const MAX_ANIMATION_MS = 1500;
  const MAX_LOADING_MS = 3000;
  const MAX_LEAVING_MS = 700;
  const CONTINUOUS_GAP_MS = 300;
  const CONTINUOUS_AFTER_MS = 1000;
  const isTop = window === window.top;

  let askedAt = createdAt;  // when we were first asked about the latest action

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
  const isContinuous = (map, node, gapMs, afterMs) => {
    const time = now();
    const run = map.get(node);
    const startsOver = run && run.last < idleAt && run.last - run.first <= afterMs;
    const isNew = !run || time - run.last > gapMs || startsOver;
    const first = isNew ? time : run.first;
    map.set(node, { first, last: time });
    return time - first > afterMs;
  };
  const recordChange = node => {
    if (node.nodeName === "TITLE" || node.parentNode?.nodeName === "TITLE") return;
    if (page.isRepetition(current()) || isContinuous(runs, node, CONTINUOUS_GAP_MS, CONTINUOUS_AFTER_MS)) return;
    changedAt = now();
    changedFrame = frames;
  };

  // -- what the page has shown since the latest input: text, which may say that more is coming
  const LOADING_TEXT = /\b(loading|please wait|processing|saving|searching|sending|submitting|working)\b|(…|\.\.\.)\s*$/i;
  const MAX_SHOWN = 30;
  const SHOWN_CACHE_MS = 100;
  const NOTHING_SHOWN_MS = 2000;
  const shown = [];  // the latest nodes that got text, and when
  page.isLoadingText = text => LOADING_TEXT.test(text);
  const recordText = record => {
    const cause = current();
    if (cause && cause.origin < inputAt()) return;  // something that was going on before
    const nodes = record.type === "characterData" ? [record.target] : record.addedNodes;
    for (const node of nodes) {
      if (/^(STYLE|SCRIPT|TITLE)$/.test(node.nodeName) || !node.textContent?.trim()) continue;
      shown.push({ node, at: now() });
      page.addedText(node);
    }
    if (shown.length > MAX_SHOWN) shown.splice(0, shown.length - MAX_SHOWN);
  };
  window.addEventListener("input", ({ target }) => { shown.push({ node: target, at: now() }); }, true);
  const startOf = animation => {
    const ago = Number(animation.timeline?.currentTime) - Number(animation.startTime ?? animation.timeline?.currentTime);
    return now() - ago;
  };
  const showsLoading = () => {
    if (document.querySelector("[aria-busy=true], progress:not([value])")) return true;
    const isText = ({ node, at }) => at >= page.since() && node.isConnected && node.textContent.length < 200 &&
      page.isLoadingText(node.textContent.trim());
    if (shown.some(isText)) return true;
    return animations().some(animation => isEndless(animation) && startOf(animation) >= page.since());
  };
  let loadingShown = { at: 0, is: false };
  const mayContinue = (work, time) => {
    if (!shown.some(({ at }) => at >= page.since()) && work.kind !== "another reply") {
      return work.kind === "a reply" ? time - work.due < page.REPLY_MS : work.due - askedAt < NOTHING_SHOWN_MS;
    }
    if (time - loadingShown.at > SHOWN_CACHE_MS) loadingShown = { at: time, is: showsLoading() };
    return loadingShown.is;
  };
  // What says that it is loading, whatever it waits for: that may be work of a kind that is not seen, such as a module that
  // is imported again. One that is still there after the limit stays, and is not waited for again.
  const BUSY_MS = 3000;
  const BUSY_TEXT = /^\W*(loading|please wait|connecting|initiali[sz]ing)\b[^\n]{0,40}$/i;
  const BUSY = "[aria-busy=true], progress:not([value]), [role=progressbar]:not([aria-valuenow])";
  const BUSY_NAME = "[class*=skeleton i], [class*=spinner i], [class*=loading i], [data-testid*=skeleton i]";
  const isEndless = animation => animation.effect?.getComputedTiming?.().iterations === Infinity;
  const busySince = new WeakMap();  // element -> when it was first seen
  let busyShown = { at: 0, is: false };
  const isSeen = element => {
    if (!element?.checkVisibility?.({ opacityProperty: true, visibilityProperty: true })) return false;
    const { top, left, right, bottom, width, height } = element.getBoundingClientRect();
    return width * height >= 16 && bottom > 0 && right > 0 && top < innerHeight && left < innerWidth;
  };
  const isBusy = time => {
    if (time - askedAt > BUSY_MS) return false;
    if (time - busyShown.at > SHOWN_CACHE_MS) {
      const texts = shown.filter(({ node, at }) => at >= page.since() && node.isConnected && BUSY_TEXT.test(node.textContent.trim()))
        .map(({ node }) => node instanceof Element ? node : node.parentElement);
      const named = [...document.querySelectorAll(BUSY_NAME)].filter(each => each.getAnimations({ subtree: true }).some(isEndless));
      const seen = [...document.querySelectorAll(BUSY), ...named, ...texts].filter(isSeen);
      for (const element of seen) if (!busySince.has(element)) busySince.set(element, time);
      busyShown = { at: time, is: seen.some(element => busySince.get(element) >= askedAt) };
    }
    return busyShown.is;
  };
  const observe = root => {
    new MutationObserver(records => {
      for (const record of records) {
        recordChange(record.target);
        if (record.type !== "attributes") recordText(record);
      }
    }).observe(root, { subtree: true, childList: true, characterData: true, attributes: true });
    root.addEventListener("scroll", event => recordChange(event.target), { capture: true, passive: true });
  };

  // -- finite CSS and script animations that end soon. An element that starts one after the other, such as a progress bar,
  // is animated continuously.
  const ANIMATIONS_GAP_MS = 1000;
  const ANIMATIONS_AFTER_MS = 700;
  const animated = new WeakMap();  // element -> the first and the last start of a run
  const endless = new WeakSet();
  const background = new WeakSet();  // animations that the latest input did not cause
  const recordAnimation = target => {
    const isEndless = isContinuous(animated, target, ANIMATIONS_GAP_MS, ANIMATIONS_AFTER_MS);
    (isEndless ? endless.add : endless.delete).call(endless, target);
  };
  for (const type of ["transitionrun", "animationstart"]) {
    document.addEventListener(type, ({ target }) => recordAnimation(target), { capture: true, passive: true });
  }
  wrap(window.Element?.prototype, "animate", native => ({
    animate(...passed) {
      const cause = page.causeNow();
      const animation = native.apply(this, passed);
      recordAnimation(this);
      if (cause.origin < inputAt()) background.add(animation);
      animation.addEventListener("finish", () => page.enter(cause));
      return animation;
    },
  }).animate);
  const animations = () => (document.getAnimations?.() ?? []).filter(animation =>
    animation.playState === "running" && animation.timeline instanceof DocumentTimeline);
  const isAnimating = () => animations().some(animation => {
    const end = Number(animation.effect?.getComputedTiming?.().endTime);
    const left = (end - Number(animation.currentTime)) / (Math.abs(animation.playbackRate) || 1);
    return Number.isFinite(left) && left <= MAX_ANIMATION_MS && !endless.has(animation.effect?.target) &&
      !background.has(animation) && startOf(animation) >= page.since();
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

  // -- work. What has no known cause counts for a while only, and hardly where there was such work before the action.
  const UNKNOWN_MS = 3000;
  const RESTLESS_UNKNOWN_MS = 300;
  let unknownMs = 0;  // left for it
  let checkedAt = 0;
  const pendingWork = time => {
    let unknown = "";
    for (const work of works) {
      if (time > Math.max(work.sureUntil, work.likelyUntil)) works.delete(work);
      else if (time <= work.sureUntil || mayContinue(work, time)) {
        if (work.cause.kind !== "unknown") return work.kind;
        unknown = work.kind;
      }
    }
    if (unknown) unknownMs -= Math.min(time - checkedAt, 50);
    return unknownMs > 0 ? unknown : "";
  };

  const pending = time => {
    if (isLeaving(time)) return "navigation";
    if (isLoading(time)) return "loading";
    const kind = pendingWork(time);
    checkedAt = time;
    if (kind) return kind;
    if (isAnimating()) return "animation";
    if (time - invalidAt < VALIDATION_MS) return "a validation message";
    if (isBusy(time)) return "what is loading";
    return "";
  };

  const LATE_CHECK_MS = 40;
  const MAX_LATE_MS = 1500;
  // Resolves to ["", waitedFor, notices] once this frame has been idle for `quietMs`, or to [reason, reason, []] after
  // `sliceMs`, where `reason` is what is still pending. Times are in milliseconds since 1970.
  const waitUntilIdle = (actedAt, quietMs, sliceMs) => new Promise(resolve => {
    const start = now();
    if (actedAt !== page.since()) {
      page.startAction(actedAt);
      unknownMs = page.unknownBefore(actedAt, 2000) >= 3 ? RESTLESS_UNKNOWN_MS : UNKNOWN_MS;
      changedFrame = frames;  // the screenshot shows the latest state
      askedAt = start;
    }
    let waitedFor = "";
    const isRendered = isTop && document.visibilityState === "visible";
    waits++;
    if (isRendered && !isCounting) countFrames();
    let quietSince = start;
    let wantedAt = start;  // when the next check is due
    const done = (...result) => {
      waits--;
      resolve(result);
    };
    const check = () => {
      const time = now();
      const reason = pending(time);
      // a check that is this late had to wait for the page: its thread was busy
      const isLate = time - wantedAt > LATE_CHECK_MS && time - askedAt < MAX_LATE_MS;
      if (reason || isLate) quietSince = time;
      if (reason || changedAt > start) waitedFor = reason || "changes";
      const left = quietMs - (time - Math.max(changedAt, quietSince));
      const isDrawn = !isRendered || frames - changedFrame >= QUIET_FRAMES || time - Math.max(changedAt, askedAt) > NO_FRAMES_MS;
      if (!reason && left <= 0 && isDrawn) {
        idleAt = time;
        done("", waitedFor, page.takeNotices());
      } else if (time - start >= sliceMs) done(reason || "changes", reason || "changes", []);
      else {
        const delay = left > 0 ? Math.min(left, 8) : 8;
        wantedAt = time + delay;
        nativeSetTimeout.call(window, check, delay);
      }
    };
    check();
  });
  page.changedAt = () => changedAt;
  Object.defineProperty(window, Symbol.for("screenwright.adoptRoot"), { value: adoptRoot });
  Object.defineProperty(window, Symbol.for("screenwright.idle"), { value: waitUntilIdle });
})
