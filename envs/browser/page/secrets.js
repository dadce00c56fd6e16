// Runs in an isolated world of each frame: the page sees neither the values nor this script, and cannot change what it
// finds. Returns where the frame has the focus, and the boxes of what shows one of the values, in CSS pixels.
(values, watch) => {
  const state = globalThis.screenwrightSecrets ??= { fields: new Map(), label: null, passwords: new WeakSet() };
  const focused = () => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    return element;
  };
  const isField = element => element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement ||
    element?.isContentEditable;
  const remember = element => {
    if (state.label !== null && isField(element)) state.fields.set(element, state.label);
  };
  if (!state.isListening) {
    state.isListening = true;
    for (const type of ["beforeinput", "input"]) {
      addEventListener(type, event => remember(event.composedPath()[0]), { capture: true, passive: true });
    }
  }
  const active = focused();
  const hasFocus = document.hasFocus() && !/^I?FRAME$/.test(active?.nodeName ?? "");
  if (watch === null || (watch !== undefined && hasFocus)) {
    state.label = watch;  // what takes input from now on holds the secret of this label; null: no more
    remember(active);
  }
  const purposeOf = field => `${field.type} ${field.autocomplete}`;
  const markPasswords = root => {  // a button may show their text later, which changes their type
    for (const field of root.querySelectorAll("input"))
      if (/password|one-time-code/.test(purposeOf(field))) state.passwords.add(field);
  };
  markPasswords(document);
  if (active?.getRootNode() instanceof ShadowRoot) markPasswords(active.getRootNode());
  const compact = text => text.replace(/\s+/g, "").toLowerCase();
  const wanted = values.map(([value, label]) => [compact(value), label]).filter(([value]) => value);
  const boxes = [];

  // The part of a box that is not scrolled out of the elements around it.
  const visible = (box, element) => {
    let { left, top, right, bottom } = box;
    for (let each = element; each && each !== document.documentElement; each = each.parentElement) {
      const style = getComputedStyle(each);
      if (each !== element && style.overflow !== "visible" && each !== document.body) {
        const outer = each.getBoundingClientRect();
        left = Math.max(left, outer.left);
        top = Math.max(top, outer.top);
        right = Math.min(right, outer.right);
        bottom = Math.min(bottom, outer.bottom);
      }
      if (style.position === "fixed") break;
    }
    return [Math.max(0, left), Math.max(0, top), Math.min(innerWidth, right), Math.min(innerHeight, bottom)];
  };
  const add = (box, element, label) => {
    const [left, top, right, bottom] = visible(box, element);
    if (right > left && bottom > top) boxes.push([left, top, right, bottom, label]);
  };
  const addElement = (element, label) => add(element.getBoundingClientRect(), element, label);

  // Fields that took a secret, as long as there is something in them.
  for (const [field, label] of state.fields) {
    if (!field.isConnected) state.fields.delete(field);
    else if ((field.value ?? field.textContent) !== "") addElement(field, label);
  }

  const texts = [];
  let shown = "";
  const showsInAttribute = (element, name) => /^(placeholder|value|alt|label)$/.test(name) ||
    ["::before", "::after"].some(part => !/^(none|normal)$/.test(getComputedStyle(element, part).content));
  const visit = root => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, node =>
      /^(SCRIPT|STYLE|NOSCRIPT|TEMPLATE)$/.test(node.nodeName) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
    for (let node = walker.currentNode; node; node = walker.nextNode()) {
      if (node.nodeType === Node.TEXT_NODE) {
        const text = compact(node.data);
        if (text) {
          texts.push({ node, start: shown.length });
          shown += text;
        }
        continue;
      }
      if (node.nodeType !== Node.ELEMENT_NODE) continue;
      if (node.shadowRoot) visit(node.shadowRoot);
      const content = compact(node instanceof HTMLSelectElement
        ? [...node.selectedOptions].map(option => option.text).join("") : String(node.value ?? ""));
      for (const [value, label] of wanted) {
        if (content.includes(value)) addElement(node, label);
        for (const attribute of node.attributes) {
          if (compact(attribute.value).includes(value) && showsInAttribute(node, attribute.name)) addElement(node, label);
        }
      }
    }
  };
  if (wanted.length && document.documentElement) visit(document.documentElement);

  // Texts, which may be split over several elements.
  const offsetIn = (node, count) => {  // of the character that `count` others precede, without white space
    for (let at = 0; at < node.data.length; at++) if (/\S/.test(node.data[at]) && count-- === 0) return at;
    return node.data.length;
  };
  for (const [value, label] of wanted) {
    for (let at = shown.indexOf(value); at >= 0; at = shown.indexOf(value, at + 1)) {
      const parts = [];  // of one line each
      texts.forEach(({ node, start }, index) => {
        const end = texts[index + 1]?.start ?? shown.length;
        if (start >= at + value.length || end <= at) return;
        const range = document.createRange();
        range.setStart(node, offsetIn(node, Math.max(0, at - start)));
        range.setEnd(node, offsetIn(node, Math.min(end, at + value.length) - start - 1) + 1);
        for (const box of range.getClientRects()) {
          const last = parts.at(-1);
          if (last && Math.abs(box.top - last.top) < box.height / 2 && Math.abs(box.left - last.right) < box.height) {
            last.top = Math.min(last.top, box.top);
            last.right = Math.max(last.right, box.right);
            last.bottom = Math.max(last.bottom, box.bottom);
          } else {
            const { left, top, right, bottom } = box;
            parts.push({ left, top, right, bottom, element: node.parentElement ?? node.getRootNode().host });
          }
        }
      });
      for (const part of parts) add(part, part.element, label);
    }
  }
  return {
    origin: self.origin,
    hasFocus,
    isPassword: active instanceof HTMLInputElement && active.type === "password",
    isForPassword: state.passwords.has(active) || (active?.nodeName.includes("-") && !active.shadowRoot),  // unknown inside
    width: innerWidth,
    height: innerHeight,
    boxes,
  };
}
