// Runs in every frame before the page's own scripts. Tells Screenwright when the browser would draw something outside
// the page, where a screenshot does not show it or a mouse does not reach it: it is drawn over the page instead.
(() => {
  const tell = window.screenwrightNews;
  delete window.screenwrightNews;
  const DOOR = Symbol.for("screenwright.chosen");
  if (!tell || window[DOOR]) return;

  const nativeSetTimeout = window.setTimeout;
  const later = act => nativeSetTimeout.call(window, act);
  const pointer = { x: 0, y: 0, known: false };
  let asking = null;  // the control whose value is being chosen

  // Where `element` is, seen from the pointer, which is known to the outside in its own measure.
  const boxOf = element => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return pointer.known ? { dx: x - pointer.x, dy: y - pointer.y, width, height } : { dx: 0, dy: 0, width: 0, height: 0 };
  };

  // -- dates, times and colours: the native picker is seen but takes no clicks
  const PICKED = new Set(["date", "time", "datetime-local", "month", "week", "color"]);
  const isOpen = element => { try { return element.matches(":open"); } catch { return false; } };
  const takeOver = element => {
    if (!(element instanceof HTMLInputElement) || !PICKED.has(element.type) || !isOpen(element)) return;
    const display = element.style.display;
    element.style.display = "none";  // closes the native picker and leaves the focus where it is
    void element.offsetWidth;
    element.style.display = display;
    if (!element.getAttribute("style")) element.removeAttribute("style");
    asking = element;
    const { type, value, min, max, step } = element;
    tell({ news: "picker", type, value, min, max, step, ...boxOf(element) });
  };

  // -- suggestions of a <datalist>
  const TEXTS = new Set(["text", "search", "url", "tel", "email", "number"]);
  const MOST_OPTIONS = 200;
  let listed = null;
  const suggest = (element, all) => {
    if (!(element instanceof HTMLInputElement) || !TEXTS.has(element.type) || element.readOnly || !element.list) return false;
    const typed = all ? "" : element.value.toLowerCase();
    const options = [...element.list.options].filter(option => !option.disabled && option.value)
      .map(option => ({ value: option.value, label: option.label }))
      .filter(option => `${option.value} ${option.label}`.toLowerCase().includes(typed) && option.value !== element.value)
      .slice(0, MOST_OPTIONS);
    if (!options.length) {
      hush(element);
      return true;
    }
    asking = listed = element;
    tell({ news: "list", options, ...boxOf(element) });
    return true;
  };
  const hush = element => {
    if (listed !== element) return;
    listed = null;
    tell({ news: "close" });
  };

  const choose = value => {
    const element = asking;
    if (!element?.isConnected) return;
    const own = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
    own.call(element, value);
    listed = null;
    for (const type of ["input", "change"]) element.dispatchEvent(new Event(type, { bubbles: true, composed: true }));
  };
  Object.defineProperty(window, DOOR, { value: choose });

  // -- titles, and the menu of the right button
  let titled = "";
  const titleAt = path => {
    for (const node of path) {
      if (!(node instanceof Element)) continue;
      const own = node.getAttribute("title") ??
        (node instanceof SVGElement ? node.querySelector(":scope > title")?.textContent : null);
      if (own !== null && own !== undefined) return own.trim();
    }
    return "";
  };
  const name = title => {
    if (title === titled) return;
    titled = title;
    tell({ news: "title", text: title });
  };

  const seen = new WeakSet();
  const hear = root => {
    const on = (type, act) => root.addEventListener(type, event => {
      if (seen.has(event)) return;
      if (event.isTrusted) act(event);
    }, { capture: true, passive: true });
    const innermost = event => event.composedPath()[0];
    on("pointermove", event => {
      Object.assign(pointer, { x: event.clientX, y: event.clientY, known: true });
      if (event.buttons === 0) name(titleAt(event.composedPath()));
    });
    on("pointerdown", event => {
      Object.assign(pointer, { x: event.clientX, y: event.clientY, known: true });
      name("");
    });
    on("pointerout", event => { if (event.relatedTarget === null) name(""); });
    on("click", event => {
      const element = innermost(event);
      later(() => { takeOver(element); suggest(element, !element.value); });
    });
    on("keydown", event => {
      const element = innermost(event);
      later(() => { takeOver(element); if (event.key === "ArrowDown" && listed !== element) suggest(element, false); });
    });
    on("keyup", event => { const element = innermost(event); later(() => takeOver(element), 0); });
    on("input", event => { const element = innermost(event); later(() => suggest(element, false), 0); });
    on("focusout", event => hush(innermost(event)));
    on("contextmenu", event => {
      const path = event.composedPath();
      Object.assign(pointer, { x: event.clientX, y: event.clientY, known: true });
      later(() => {
        if (event.defaultPrevented) return;
        const link = path.find(node => node instanceof HTMLAnchorElement && node.href);
        const field = path[0];
        const isText = field instanceof HTMLTextAreaElement || (field instanceof HTMLInputElement && /^(text|search|url|tel|email|password|number)$/.test(field.type));
        tell({
          news: "menu",
          link: link?.href ?? "",
          editable: (isText && !field.readOnly && !field.disabled) || Boolean(field.isContentEditable),
          selected: String(window.getSelection() ?? "") !== "" || (isText && field.selectionStart !== field.selectionEnd),
        });
      });
    });
  };
  hear(document);
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = {
    attachShadow(...passed) {
      const root = attach.apply(this, passed);
      if (root.mode === "closed") hear(root);  // an open one lets its events out with their whole path
      return root;
    },
  }.attachShadow;

  // -- a script may open a picker by itself
  const showPicker = HTMLInputElement.prototype.showPicker;
  if (showPicker) {
    HTMLInputElement.prototype.showPicker = {
      showPicker() {
        const result = showPicker.call(this);
        if (PICKED.has(this.type)) takeOver(this);
        else suggest(this, true);
        return result;
      },
    }.showPicker;
  }

  // -- permissions: asked before the native call, which then finds the answer given
  const asks = async (name, wanted) => {
    try {
      if ((await navigator.permissions.query({ name })).state !== "prompt") return;
    } catch {
      return;
    }
    await tell({ news: "permission", name, wanted });
  };
  const gate = (owner, method, permissions) => {
    const native = owner?.[method];
    if (typeof native !== "function") return;
    owner[method] = {
      [method](...passed) {
        const go = () => native.apply(this, passed);
        const before = permissions(...passed);
        return before.reduce((done, [name, wanted]) => done.then(() => asks(name, wanted)), Promise.resolve()).then(go);
      },
    }[method];
  };
  gate(window.Notification, "requestPermission", () => [["notifications", "show notifications"]]);
  gate(window.MediaDevices?.prototype, "getUserMedia", wants => [
    ...(wants?.video ? [["camera", "use your camera"]] : []), ...(wants?.audio ? [["microphone", "use your microphone"]] : [])]);
  gate(window.Clipboard?.prototype, "readText", () => [["clipboard-read", "see text copied to the clipboard"]]);
  gate(window.Clipboard?.prototype, "read", () => [["clipboard-read", "see what was copied to the clipboard"]]);
  const place = window.Geolocation?.prototype;
  const watches = new Map();  // the number that the page has -> that of the browser, or null once it is called off
  let count = 0;
  for (const method of place ? ["getCurrentPosition", "watchPosition"] : []) {
    const native = place[method];
    place[method] = {
      [method](...passed) {
        const id = --count;
        asks("geolocation", "know your location").then(() => {
          if (watches.get(id) !== null) watches.set(id, native.apply(this, passed));
        });
        return method === "watchPosition" ? id : undefined;
      },
    }[method];
  }
  const clearWatch = place?.clearWatch;
  if (clearWatch) {
    place.clearWatch = {
      clearWatch(id) {
        const own = watches.get(id);
        watches.set(id, null);
        if (own) clearWatch.call(this, own);
      },
    }.clearWatch;
  }
})();
