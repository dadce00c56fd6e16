// The channel to Screenwright. The page cannot reach it: the raw binding is replaced for good, before any script of
// the page runs. Nothing here looks up what a page can replace, so that a report is written as it was meant.
(ui => {
  const { binding } = ui;

  const RAW = "__playwright__binding__";  // what Playwright's own functions for bindings call
  const BINDING = "$BINDING", SECRET = "$SECRET";
  Reflect.defineProperty(window, RAW, { value: () => {}, writable: false, configurable: false });
  const { stringify } = JSON;
  const { keys, setPrototypeOf } = Object;
  const { isArray } = Array;
  const { now } = Date;
  const { Promise } = window;
  const BURST = 200, PER_MS = 0.05;
  let left = BURST, filledAt = now();
  const isAllowed = () => {
    const time = now();
    const filled = left + (time - filledAt) * PER_MS;
    left = filled < BURST ? filled : BURST;
    filledAt = time;
    return left >= 1 && left--;
  };
  const bare = value => {  // without a prototype, a value has no `toJSON` of the page
    if (typeof value !== "object" || value === null) return value;
    const names = keys(value);
    const copy = isArray(value) ? setPrototypeOf([], null) : { __proto__: null };
    for (let at = 0; at < names.length; at++) copy[names[at]] = bare(value[names[at]]);
    return copy;
  };
  const report = data => {
    if (isAllowed()) binding(`{"name":"${BINDING}","seq":0,"serializedArgs":[${stringify(SECRET + stringify(bare(data)))}]}`);
  };
  const asked = { __proto__: null };
  let askedCount = 0;
  const ask = data => new Promise(resolve => {
    const id = ++askedCount;
    asked[id] = resolve;
    report({ __proto__: null, ...data, id });
  });
  Object.defineProperty(window, Symbol.for("screenwright.answer"), { value: (id, answer) => {
    asked[id]?.(answer);
    delete asked[id];
  } });

  const nativeSetTimeout = window.setTimeout;
  const later = callback => nativeSetTimeout.call(window, callback);

  // The box of `element` in the viewport of this frame, which does not know its own position on the screen.
  const boxOf = element => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return { x, y, width, height };
  };

  // A prompt that the browser opens by itself, a moment after the page has caused it: the screen has not settled before.
  const expectPrompt = expected => report({ event: "prompt expected", expected });
  const expectChooser = element => {
    if (element instanceof HTMLInputElement && element.type === "file" && !element.disabled) expectPrompt(true);
  };

  Object.assign(ui, { Promise, now, report, ask, later, boxOf, expectPrompt, expectChooser });
})
