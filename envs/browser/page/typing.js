// Tells when the page has handled a key, and whether typed text arrived.
//
// What the handlers of a key put off for a moment belongs to that key, such as moving the focus to the next field: the
// next key is pressed after it.
(page => {
  const { now, nativeSetTimeout, works } = page;
  const MAX_KEY_WAIT_MS = 250;

  let fields = [];  // the elements that typed text went to
  let inputs = 0;
  let isHandled = false;
  let typingSince = 0;
  let handledAt = 0;  // work of keys before this is not waited for
  for (const type of ["keydown", "keypress", "beforeinput", "input", "keyup"]) {
    window.addEventListener(type, event => {
      if (!event.isTrusted) return;
      nativeSetTimeout.call(window, () => { isHandled ||= event.defaultPrevented; });
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
  const hasKeyWork = time => {
    for (const { cause, isShort, sureUntil } of works) {
      if (isShort && cause.isKey && cause.origin >= handledAt && time < sureUntil) return true;
    }
    return false;
  };
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
        if (!hasKeyWork(time) || time - start > MAX_KEY_WAIT_MS) {
          handledAt = time;
          resolve(typing.hasFocus());
        } else nativeSetTimeout.call(window, check, 4);
      };
      nativeSetTimeout.call(window, check);
    }),
    // "nowhere" if nothing took the typed text, or what its field contains instead; empty if it arrived.
    problem(expected) {
      if (inputs === 0) {
        const isOther = /^(SELECT|OPTION|EMBED|OBJECT)$/.test(focused()?.nodeName ?? "");
        return isHandled || isOther || page.changedAt() >= typingSince ? "" : "nowhere";
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
})
