// Where the work of a page comes from: timers, frames, tasks, requests, storage, and what else is answered later.
// Each source records its work until it is done, and passes its cause on to the handlers.
(page => {
  const { now, wrap, wrapClass, causeNow, enter, add, addUntil, end, replied } = page;
  const NativePromise = Promise;

  // -- timers. One that is due soon leads to a result. One that is due later may only take a notice away again, so it
  // counts if nothing has been shown yet or if the page is loading. Repetition counts for a moment: it may be endless.
  const SURE_TIMER_MS = 800;
  const MAX_CHAIN_MS = 3000;
  const REPEATING_MS = { input: 900, unknown: 900, load: 500 };
  const SHORT_MS = 100;
  const MAX_SHORT_DEPTH = 3;
  const timers = new Map();  // id -> its work
  const addTimer = (cause, wait, isRepeating) => {
    const due = now() + wait;
    const latest = cause.chain + (isRepeating ? REPEATING_MS[cause.kind] : MAX_CHAIN_MS);
    const isSure = due <= latest && (isRepeating || wait <= SURE_TIMER_MS);
    const isLikely = due <= cause.chain + MAX_CHAIN_MS;
    const work = addUntil("timers", cause, isSure ? due + 1000 : 0, isLikely ? due + 1000 : 0);
    if (!work) return null;
    work.due = due;
    work.isShort = !isRepeating && wait <= SHORT_MS && cause.depth < MAX_SHORT_DEPTH;
    return work;
  };
  // whether `cause` is a timer that has been repeating for a while
  page.isRepetition = cause => cause?.timer?.repeats >= 1 && now() > cause.chain + REPEATING_MS[cause.kind];
  wrap(window, "setTimeout", native => ({
    setTimeout(handler, delay, ...rest) {
      if (typeof handler !== "function") return native.call(window, handler, delay, ...rest);
      const cause = causeNow();
      const wait = Math.max(0, Number(delay) || 0);
      // a timer that starts itself again does so at the same place, whatever wraps its handler
      const isSame = cause.timer?.wait === wait;
      const stack = isSame ? String(new Error().stack) : "";
      const repeats = isSame && stack === cause.timer.stack ? cause.timer.repeats + 1 : 0;
      const work = addTimer(cause, wait, repeats > 0);
      const next = { ...cause, depth: cause.depth + 1, timer: { wait, stack, repeats } };
      const id = native.call(window, function (...passed) {
        timers.delete(id);
        end(work);
        enter(next);
        return handler.apply(this, passed);
      }, delay, ...rest);
      if (work) timers.set(id, work);
      return id;
    },
  }).setTimeout);
  wrap(window, "setInterval", native => ({
    setInterval(handler, delay, ...rest) {
      if (typeof handler !== "function") return native.call(window, handler, delay, ...rest);
      const cause = causeNow();
      const wait = Math.max(0, Number(delay) || 0);
      let work = addTimer(cause, wait, true);
      let repeats = -1;
      const id = native.call(window, function (...passed) {
        end(work);
        repeats++;
        work = addTimer(cause, wait, true);
        timers.set(id, work);
        enter({ ...cause, depth: cause.depth + 1, timer: { wait, stack: "", repeats } });
        return handler.apply(this, passed);
      }, delay, ...rest);
      timers.set(id, work);
      return id;
    },
  }).setInterval);
  for (const name of ["clearTimeout", "clearInterval"]) {  // either clears both kinds
    wrap(window, name, native => ({
      clear(id) {
        end(timers.get(Number(id)));
        timers.delete(Number(id));
        return native.call(window, id);
      },
    }).clear);
  }

  // `promise`, whose handlers run with the cause that `next` makes of the value
  const passOn = (promise, work, next) => promise.then(value => {
    end(work);
    enter(next(value));
    return value;
  }, error => {
    end(work);
    enter(next());
    throw error;
  });

  // -- frames and tasks. A chain of frames draws an animation, on a canvas without any change of the document.
  const FRAMES_MS = 500;
  const CANVAS_FRAMES_MS = 1300;
  const IDLE_MS = 1000;
  const wrapTask = (owner, name, kind, limitMs, clear) => {
    const handles = new Map();  // id -> its work
    wrap(owner, name, native => ({
      task(handler, ...rest) {
        if (typeof handler !== "function") return native.call(this ?? window, handler, ...rest);
        const cause = causeNow();
        const work = addUntil(kind, cause, cause.chain + limitMs());
        if (work) work.isShort = kind === "frames" && cause.depth < MAX_SHORT_DEPTH;
        const next = { ...cause, depth: cause.depth + 1 };
        const id = native.call(this ?? window, function (...passed) {
          handles.delete(id);
          end(work);
          enter(next);
          return handler.apply(this, passed);
        }, ...rest);
        if (id instanceof NativePromise) return passOn(id, work, () => next);
        if (work) handles.set(id, work);
        return id;
      },
    }).task);
    if (clear) {
      wrap(owner, clear, native => ({
        clear(id) {
          end(handles.get(id));
          handles.delete(id);
          return native.call(window, id);
        },
      }).clear);
    }
  };
  const framesMs = () => document.querySelector("canvas") ? CANVAS_FRAMES_MS : FRAMES_MS;
  wrapTask(window, "requestAnimationFrame", "frames", framesMs, "cancelAnimationFrame");
  wrapTask(window, "requestIdleCallback", "idle callbacks", () => IDLE_MS, "cancelIdleCallback");
  wrapTask(window.Scheduler?.prototype, "postTask", "tasks", () => MAX_CHAIN_MS);

  // -- what a promise answers
  const MAX_REQUEST_MS = { input: 10000, unknown: 10000, load: 3000 };
  const MAX_LIKELY_REQUEST_MS = 6000;
  const MAX_ANSWER_MS = 3000;
  const wrapAnswers = (owner, names, kind) => {
    for (const name of names) {
      wrap(owner, name, native => ({
        answer(...passed) {
          const cause = causeNow();
          const result = native.apply(this, passed);
          return result instanceof NativePromise ? passOn(result, add(kind, cause, MAX_ANSWER_MS), () => cause) : result;
        },
      }).answer);
    }
  };
  wrapAnswers(window.Scheduler?.prototype, ["yield"], "tasks");
  wrapAnswers(window.SubtleCrypto?.prototype, ["decrypt", "deriveBits", "deriveKey", "digest", "encrypt", "exportKey",
    "generateKey", "importKey", "sign", "unwrapKey", "verify", "wrapKey"], "cryptography");
  wrapAnswers(window.WebAssembly, ["compile", "compileStreaming", "instantiate", "instantiateStreaming"], "compilation");
  wrapAnswers(window.Cache?.prototype, ["add", "addAll", "keys", "match", "matchAll", "put"], "storage");
  wrapAnswers(window.CacheStorage?.prototype, ["keys", "match", "open"], "storage");
  wrapAnswers(window.Blob?.prototype, ["arrayBuffer", "bytes", "text"], "files");
  wrapAnswers(window.FontFace?.prototype, ["load"], "fonts");
  wrapAnswers(window.HTMLImageElement?.prototype, ["decode"], "images");
  wrapAnswers(window, ["createImageBitmap"], "images");

  // -- requests by scripts. A request that a timer repeats is a poll: the first ones count, then none.
  const MAX_POLLS = 2;
  const addRequest = (cause, method, url) => {
    const key = `${method} ${String(url).split(/[?#]/)[0]}`;
    const last = cause.polls?.get(key);
    const count = last === undefined ? 0 : last + (cause.timer ? 1 : 0);
    const isPoll = count >= MAX_POLLS || (cause.timer?.repeats ?? 0) >= MAX_POLLS;
    const next = { ...cause, polls: new Map(cause.polls).set(key, count), isEndless: cause.isEndless || isPoll };
    return { next, work: add("network", next, MAX_REQUEST_MS[cause.kind], isPoll ? MAX_CHAIN_MS : MAX_LIKELY_REQUEST_MS) };
  };
  const responses = new WeakMap();  // response -> the cause of its request
  wrap(window, "fetch", native => ({
    fetch(...passed) {
      const cause = causeNow();
      const [input, init] = passed;
      const option = name => init?.[name] ?? input?.[name];
      const { next, work } = addRequest(cause, option("method") ?? "GET", input?.url ?? input);
      if (option("keepalive") || option("mode") === "no-cors") end(work);  // a report that has no result
      return passOn(native.apply(this, passed), work, response => {
        if (response) responses.set(response, next);
        page.answered(next);
        return replied(next);
      });
    },
  }).fetch);
  for (const name of ["arrayBuffer", "blob", "bytes", "formData", "json", "text"]) {
    wrap(window.Response?.prototype, name, native => ({
      read(...passed) {
        const cause = responses.get(this) ?? causeNow();
        return passOn(native.apply(this, passed), add("network", cause, MAX_REQUEST_MS[cause.kind], MAX_LIKELY_REQUEST_MS),
          () => replied(cause));
      },
    }).read);
  }
  wrap(window.Response?.prototype, "clone", native => ({
    clone() {
      const copy = native.call(this);
      if (responses.has(this)) responses.set(copy, responses.get(this));
      return copy;
    },
  }).clone);
  // A stream shows its parts as they come: its beginning is waited for, and what follows soon after a part.
  const STREAM_MS = 1000;
  const FURTHER_PART_MS = 250;
  const partAt = new WeakMap();  // reader -> when its latest part came
  wrap(window.ReadableStreamDefaultReader?.prototype, "read", native => ({
    read(...passed) {
      const cause = causeNow();
      const sureUntil = cause.chain + STREAM_MS;
      const further = (partAt.get(this) ?? sureUntil) + FURTHER_PART_MS;
      const work = addUntil("a stream", cause, Math.min(sureUntil, further), cause.chain + MAX_CHAIN_MS);
      return passOn(native.apply(this, passed), work, () => {
        partAt.set(this, now());
        return cause;
      });
    },
  }).read);

  const sent = new WeakMap();  // XMLHttpRequest -> its method and URL, then the cause of its handlers
  wrap(window.XMLHttpRequest?.prototype, "open", native => ({
    open(...passed) {
      const [method, url] = passed;
      if (!sent.has(this)) {
        for (const type of ["readystatechange", "load", "error", "loadend"]) {
          this.addEventListener(type, () => {
            const { next, work } = sent.get(this);
            if (!next) return;
            if (this.readyState === 4) end(work);
            if (type === "loadend") page.answered(next);
            enter(replied(next));
          });
        }
      }
      sent.set(this, { method, url });
      return native.apply(this, passed);
    },
  }).open);
  wrap(window.XMLHttpRequest?.prototype, "send", native => ({
    send(...passed) {
      const request = sent.get(this);
      if (request) Object.assign(request, addRequest(causeNow(), request.method, request.url));
      return native.apply(this, passed);
    },
  }).send);

  // -- what an event answers
  const wrapEvents = (prototype, names, types, kind) => {
    for (const name of names) {
      wrap(prototype, name, native => ({
        request(...passed) {
          const cause = causeNow();
          const result = native.apply(this, passed);
          const target = result ?? this;
          const work = add(kind, cause, MAX_ANSWER_MS);
          for (const type of types) {
            target.addEventListener?.(type, () => {
              end(work);
              enter(cause);
            });
          }
          return result;
        },
      }).request);
    }
  };
  const READS = ["count", "get", "getAll", "getAllKeys", "getKey", "openCursor", "openKeyCursor"];
  wrapEvents(window.IDBFactory?.prototype, ["open", "deleteDatabase"], ["upgradeneeded", "success", "error"], "storage");
  wrapEvents(window.IDBObjectStore?.prototype, [...READS, "add", "clear", "delete", "put"], ["success", "error"], "storage");
  wrapEvents(window.IDBIndex?.prototype, READS, ["success", "error"], "storage");
  wrapEvents(window.FileReader?.prototype, ["readAsArrayBuffer", "readAsDataURL", "readAsText"], ["load", "error"], "files");
})
