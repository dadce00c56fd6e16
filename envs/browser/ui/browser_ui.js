// Runs in every frame before the page's own scripts. Reports UI that the browser would draw outside the page, where
// screenshots do not show it or mouse events do not reach it; Screenwright draws it over the page instead.
(() => {
  const report = window.screenwrightPageEvent;
  delete window.screenwrightPageEvent;
  const KEY = Symbol.for("screenwright.setValue");
  if (!report || window[KEY]) return;

  const nativeSetTimeout = window.setTimeout;
  const later = callback => nativeSetTimeout.call(window, callback);
  const pointer = { x: 0, y: 0, known: false };
  let target = null;  // the control whose value is being chosen

  // The box of `element` relative to the pointer, since a frame does not know its own position on the screen.
  const boxOf = element => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return pointer.known ? { dx: x - pointer.x, dy: y - pointer.y, width, height } : { dx: 0, dy: 0, width: 0, height: 0 };
  };

  // -- dates, times and colours: the native picker takes no clicks
  const PICKER_TYPES = new Set(["date", "time", "datetime-local", "month", "week", "color"]);
  const isOpen = element => { try { return element.matches(":open"); } catch { return false; } };
  const replacePicker = element => {
    if (!(element instanceof HTMLInputElement) || !PICKER_TYPES.has(element.type) || !isOpen(element)) return;
    const display = element.style.display;
    element.style.display = "none";  // closes the native picker and keeps the focus
    void element.offsetWidth;
    element.style.display = display;
    if (!element.getAttribute("style")) element.removeAttribute("style");
    target = element;
    const { type, value, min, max, step } = element;
    report({ event: "picker", type, value, min, max, step, ...boxOf(element) });
  };

  // -- suggestions of a <datalist>
  const TEXT_TYPES = new Set(["text", "search", "url", "tel", "email", "number"]);
  const MAX_OPTIONS = 200;
  let suggesting = null;  // the field whose suggestions are open
  const suggest = (element, all) => {
    if (!(element instanceof HTMLInputElement) || !TEXT_TYPES.has(element.type) || element.readOnly || !element.list) return;
    const typed = all ? "" : element.value.toLowerCase();
    const options = [...element.list.options].filter(option => !option.disabled && option.value)
      .map(option => ({ value: option.value, label: option.label }))
      .filter(option => `${option.value} ${option.label}`.toLowerCase().includes(typed) && option.value !== element.value)
      .slice(0, MAX_OPTIONS);
    if (!options.length) {
      closeSuggestions(element);
      return;
    }
    target = suggesting = element;
    report({ event: "suggestions", options, ...boxOf(element) });
  };
  const closeSuggestions = element => {
    if (suggesting !== element) return;
    suggesting = null;
    report({ event: "suggestions closed" });
  };

  const setValue = value => {
    const element = target;
    if (!element?.isConnected) return;
    const nativeSetter = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
    nativeSetter.call(element, value);
    suggesting = null;
    for (const type of ["input", "change"]) element.dispatchEvent(new Event(type, { bubbles: true, composed: true }));
  };
  Object.defineProperty(window, KEY, { value: setValue });

  // -- tooltips and the context menu
  let shownTitle = "";
  const titleAt = path => {
    for (const node of path) {
      if (!(node instanceof Element)) continue;
      const own = node.getAttribute("title") ??
        (node instanceof SVGElement ? node.querySelector(":scope > title")?.textContent : null);
      if (own !== null && own !== undefined) return own.trim();
    }
    return "";
  };
  const showTooltip = title => {
    if (title === shownTitle) return;
    shownTitle = title;
    report({ event: "tooltip", text: title });
  };

  const listen = root => {
    const on = (type, handle) => root.addEventListener(
      type, event => { if (event.isTrusted) handle(event); }, { capture: true, passive: true });
    const innermost = event => event.composedPath()[0];
    const trackPointer = event => Object.assign(pointer, { x: event.clientX, y: event.clientY, known: true });
    on("pointermove", event => {
      trackPointer(event);
      if (event.buttons === 0) showTooltip(titleAt(event.composedPath()));
    });
    on("pointerdown", event => {
      trackPointer(event);
      showTooltip("");
    });
    on("pointerout", event => { if (event.relatedTarget === null) showTooltip(""); });
    on("click", event => {
      const element = innermost(event);
      later(() => { replacePicker(element); suggest(element, !element.value); });
    });
    on("keydown", event => {
      const element = innermost(event);
      later(() => { replacePicker(element); if (event.key === "ArrowDown" && suggesting !== element) suggest(element, false); });
    });
    on("keyup", event => { const element = innermost(event); later(() => replacePicker(element)); });
    on("input", event => { const element = innermost(event); later(() => suggest(element, false)); });
    on("focusout", event => closeSuggestions(innermost(event)));
    on("contextmenu", event => {
      const path = event.composedPath();
      trackPointer(event);
      later(() => {
        if (event.defaultPrevented) return;
        const link = path.find(node => node instanceof HTMLAnchorElement && node.href);
        const field = path[0];
        const isText = field instanceof HTMLTextAreaElement || (field instanceof HTMLInputElement && /^(text|search|url|tel|email|password|number)$/.test(field.type));
        report({
          event: "context menu",
          link: link?.href ?? "",
          editable: (isText && !field.readOnly && !field.disabled) || Boolean(field.isContentEditable),
          selected: String(window.getSelection() ?? "") !== "" || (isText && field.selectionStart !== field.selectionEnd),
        });
      });
    });
  };
  listen(document);
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = {
    attachShadow(...passed) {
      const root = attach.apply(this, passed);
      if (root.mode === "closed") listen(root);  // events of an open root reach the document with their full path
      return root;
    },
  }.attachShadow;

  // -- pickers opened by a script
  const showPicker = HTMLInputElement.prototype.showPicker;
  if (showPicker) {
    HTMLInputElement.prototype.showPicker = {
      showPicker() {
        const result = showPicker.call(this);
        if (PICKER_TYPES.has(this.type)) replacePicker(this);
        else suggest(this, true);
        return result;
      },
    }.showPicker;
  }

  // -- permissions: prompt before the native call, which then finds the permission set
  const prompt = async (name, description) => {
    try {
      if ((await navigator.permissions.query({ name })).state !== "prompt") return;
    } catch {
      return;
    }
    await report({ event: "permission", name, description });
  };
  const promptFirst = (owner, method, permissions) => {
    const native = owner?.[method];
    if (typeof native !== "function") return;
    owner[method] = {
      [method](...passed) {
        const call = () => native.apply(this, passed);
        const prompts = permissions(...passed);
        return prompts.reduce((done, [name, text]) => done.then(() => prompt(name, text)), Promise.resolve()).then(call);
      },
    }[method];
  };
  promptFirst(window.Notification, "requestPermission", () => [["notifications", "Show notifications"]]);
  promptFirst(window.MediaDevices?.prototype, "getUserMedia", constraints => [
    ...(constraints?.video ? [["camera", "Use your camera"]] : []),
    ...(constraints?.audio ? [["microphone", "Use your microphone"]] : [])]);
  for (const method of ["readText", "read"]) {
    promptFirst(window.Clipboard?.prototype, method, () => [["clipboard-read", "See text and images copied to the clipboard"]]);
  }
  const geolocation = window.Geolocation?.prototype;
  const watches = new Map();  // the id that the page has -> the browser's id, or null if the watch was cleared
  let count = 0;
  for (const method of geolocation ? ["getCurrentPosition", "watchPosition"] : []) {
    const native = geolocation[method];
    geolocation[method] = {
      [method](...passed) {
        const id = --count;
        prompt("geolocation", "Know your location").then(() => {
          if (watches.get(id) !== null) watches.set(id, native.apply(this, passed));
        });
        return method === "watchPosition" ? id : undefined;
      },
    }[method];
  }
  const clearWatch = geolocation?.clearWatch;
  if (clearWatch) {
    geolocation.clearWatch = {
      clearWatch(id) {
        const nativeId = watches.get(id);
        watches.set(id, null);
        if (nativeId) clearWatch.call(this, nativeId);
      },
    }.clearWatch;
  }
})();
