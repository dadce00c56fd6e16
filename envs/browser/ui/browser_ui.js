// Runs in every frame before the page's own scripts. Reports UI that the browser would draw outside the page, where
// screenshots do not show it or mouse events do not reach it; Screenwright draws it over the page instead.
(() => {
  "use strict";
  const KEY = Symbol.for("screenwright.setValue");
  const RAW = "__playwright__binding__";  // what Playwright's own functions for bindings call
  const BINDING = "$BINDING", SECRET = "$SECRET";
  const binding = window[RAW];
  delete window[BINDING];
  if (!binding || window[KEY]) return;

  // -- the channel to Screenwright. The page cannot reach it: the raw binding is replaced for good, before any script of
  // the page runs. Nothing below looks up what a page can replace, so that a report is written as it was meant.
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
  const pointer = { x: 0, y: 0, known: false };
  let target = null;  // the control whose value is being chosen

  // The box of `element` relative to the pointer, since a frame does not know its own position on the screen.
  const boxOf = element => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return pointer.known ? { dx: x - pointer.x, dy: y - pointer.y, width, height } : { dx: 0, dy: 0, width: 0, height: 0 };
  };

  // A prompt that the browser opens by itself, a moment after the page has caused it: the screen has not settled before.
  const expectPrompt = expected => report({ event: "prompt expected", expected });
  const expectChooser = element => {
    if (element instanceof HTMLInputElement && element.type === "file" && !element.disabled) expectPrompt(true);
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

  // -- <select>: the native list is not part of the page and takes no clicks. While it is open the control is
  // "base-select", whose list is; a closed control stays native, where letters and arrows choose an option.
  const LIST_KEYS_MS = 900;  // a pause ends the search for typed letters; Chromium's own takes a second
  const isList = node => node instanceof HTMLSelectElement && !node.multiple && node.size <= 1;
  const hasLists = window.CSS?.supports("appearance", "base-select");
  let listStyle = null;
  const drawnLists = new WeakSet();
  const drawList = select => {
    if (!hasLists || drawnLists.has(select) || isOpen(select) || select.disabled) return;
    drawnLists.add(select);
    if (listStyle === null) {
      listStyle = new CSSStyleSheet();
      listStyle.replaceSync("::picker(select) { appearance: base-select !important; }");
    }
    const root = select.getRootNode();
    if (!root.adoptedStyleSheets.includes(listStyle)) root.adoptedStyleSheets.push(listStyle);
    const hadStyle = select.hasAttribute("style");
    const { offsetWidth, offsetHeight, style } = select;
    const drawn = {
      appearance: "base-select", "box-sizing": "border-box", width: `${offsetWidth}px`, height: `${offsetHeight}px`,
      "min-height": "0",
    };
    const before = Object.keys(drawn).map(name => [name, style.getPropertyValue(name), style.getPropertyPriority(name)]);
    for (const [name, value] of Object.entries(drawn)) style.setProperty(name, value, "important");
    void select.offsetWidth;  // the click that opens the list follows
    const restore = () => {
      if (isOpen(select)) return nativeSetTimeout.call(window, restore, 16);
      drawnLists.delete(select);
      for (const [name, value, priority] of before) style.setProperty(name, value, priority);
      if (!hadStyle && !select.getAttribute("style")) select.removeAttribute("style");
    };
    nativeSetTimeout.call(window, restore, 200);
  };
  let search = { select: null, text: "", at: 0 };
  const onListKey = (event, select) => {
    const { key } = event;
    const isCharacter = key.length === 1 && !event.ctrlKey && !event.altKey && !event.metaKey;
    const time = Date.now();
    const isContinued = search.select === select && time - search.at < LIST_KEYS_MS;
    if (isOpen(select)) {
      if (!isCharacter || (key === " " && !isContinued)) return;
      event.preventDefault();
      findOption(select, isContinued ? search.text + key : key);
    } else if ((key === " " && !isContinued) || key === "F4" || (event.altKey && /^Arrow(Up|Down)$/.test(key))) {
      drawList(select);
      return;
    }
    if (isCharacter) search = { select, text: isContinued ? search.text + key : key, at: time };
  };
  // Focuses the option that starts with the typed text; one letter again and again goes through those it starts.
  const findOption = (select, text) => {
    const options = [...select.options].filter(option => !option.disabled && !option.closest("optgroup:disabled"));
    const active = select.getRootNode().activeElement;
    const current = options.indexOf(options.includes(active) ? active : select.selectedOptions[0]);
    const isSame = [...text].every(letter => letter === text[0]);
    const wanted = (isSame ? text[0] : text).toLowerCase();
    const start = Math.max(0, current + (isSame ? 1 : 0));
    const matches = option => option.label.trim().toLowerCase().startsWith(wanted);
    const whole = text.length > 1 ? options.find(option => option.label.trim().toLowerCase().startsWith(text.toLowerCase())) : null;
    const found = whole ?? [...options.slice(start), ...options.slice(0, start)].find(matches);
    found?.focus();
  };
  const showList = HTMLSelectElement.prototype.showPicker;
  if (showList) {
    HTMLSelectElement.prototype.showPicker = {
      showPicker() {
        if (isList(this)) drawList(this);
        return showList.call(this);
      },
    }.showPicker;
  }

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
      later(() => {
        replacePicker(element);
        suggest(element, !element.value);
        if (!event.defaultPrevented) expectChooser(element);
      });
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
  const lists = root => {
    for (const type of ["pointerdown", "mousedown"]) {  // a script or a label may cause the second one only
      root.addEventListener(type, event => {
        const select = event.composedPath().find(isList);
        if (event.isTrusted && event.button === 0 && select) drawList(select);
      }, true);
    }
    root.addEventListener("keydown", event => {
      const select = event.composedPath().find(isList);
      if (event.isTrusted && select) onListKey(event, select);
    }, true);
  };
  const adoptRoot = root => {
    listen(root);
    lists(root);
  };
  adoptRoot(document);
  // a closed shadow root that the document declares is only found from outside
  const adopted = new WeakSet();
  Object.defineProperty(window, Symbol.for("screenwright.adoptList"), { value: select => {
    const root = select.getRootNode();
    if (adopted.has(root)) return;
    adopted.add(root);
    adoptRoot(root);
    window[Symbol.for("screenwright.adoptRoot")]?.(root);
  } });
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = {
    attachShadow(...passed) {
      const root = attach.apply(this, passed);
      if (root.mode === "closed") adoptRoot(root);  // events of an open root reach the document with their full path
      return root;
    },
  }.attachShadow;

  // -- pickers opened by a script
  const showPicker = HTMLInputElement.prototype.showPicker;
  if (showPicker) {
    HTMLInputElement.prototype.showPicker = {
      showPicker() {
        const result = showPicker.call(this);
        expectChooser(this);
        if (PICKER_TYPES.has(this.type)) replacePicker(this);
        else suggest(this, true);
        return result;
      },
    }.showPicker;
  }

  const click = HTMLElement.prototype.click;
  HTMLElement.prototype.click = {
    click() {
      expectChooser(this);
      return click.call(this);
    },
  }.click;

  // -- permissions: prompt before the native call, which then finds the permission set
  const prompt = async name => {
    expectPrompt(true);
    const { state } = await navigator.permissions.query({ name }).catch(() => ({}));
    if (state !== "prompt") return expectPrompt(false);
    await ask({ event: "permission", name });
  };
  const promptFirst = (owner, method, permissions) => {
    const native = owner?.[method];
    if (typeof native !== "function") return;
    owner[method] = {
      [method](...passed) {
        const call = () => native.apply(this, passed);
        const prompts = permissions(...passed);
        return prompts.reduce((done, name) => done.then(() => prompt(name)), Promise.resolve()).then(call);
      },
    }[method];
  };
  promptFirst(window.Notification, "requestPermission", () => ["notifications"]);
  promptFirst(window.MediaDevices?.prototype, "getUserMedia", constraints => [
    ...(constraints?.video ? ["camera"] : []), ...(constraints?.audio ? ["microphone"] : [])]);
  for (const method of ["readText", "read"]) {
    promptFirst(window.Clipboard?.prototype, method, () => ["clipboard-read"]);
  }

  // -- what nothing here can answer: the native prompt is not drawn, and blocks the page
  const refuse = (owner, method, what, error = "NotAllowedError", applies = () => true) => {
    const native = owner?.[method];
    if (typeof native !== "function") return;
    owner[method] = {
      [method](...passed) {
        if (!applies(...passed)) return native.apply(this, passed);
        report({ event: "refused", what });
        if (error === null) return Promise.resolve([]);  // nothing was chosen
        return Promise.reject(new DOMException("The request is not allowed by the user agent or the platform.", error));
      },
    }[method];
  };
  const isExplicit = options => options?.mediation !== "conditional" && options?.mediation !== "silent";
  const isPasskey = options => Boolean(options?.publicKey) && isExplicit(options);
  const isSignIn = options => Boolean(options?.identity || options?.digital || options?.otp) && isExplicit(options);
  for (const method of ["get", "create"]) {
    refuse(window.CredentialsContainer?.prototype, method, "passkey", "NotAllowedError", isPasskey);
    refuse(window.CredentialsContainer?.prototype, method, "sign-in", "NetworkError", isSignIn);
  }
  refuse(window.MediaDevices?.prototype, "getDisplayMedia", "screen sharing");
  for (const [name, method] of [["Bluetooth", "requestDevice"], ["USB", "requestDevice"], ["Serial", "requestPort"],
    ["PresentationRequest", "start"], ["RemotePlayback", "prompt"]]) {
    refuse(window[name]?.prototype, method, "device", "NotFoundError");
  }
  refuse(window.HID?.prototype, "requestDevice", "device", null);
  refuse(window.Navigator?.prototype, "requestMIDIAccess", "device", "NotAllowedError", options => Boolean(options?.sysex));
  refuse(window.EyeDropper?.prototype, "open", "colour from the screen", "AbortError");
  refuse(window.PaymentRequest?.prototype, "show", "payment", "AbortError");
  refuse(window.Navigator?.prototype, "share", "sharing", "AbortError");

  // -- files that a script asks for: chosen through an <input>, whose chooser is drawn
  const aborted = () => new DOMException("The user aborted a request.", "AbortError");
  const choosing = new Set();
  const chooseFiles = properties => new Promise((resolve, reject) => {
    const input = Object.assign(document.createElement("input"), { type: "file", ...properties });
    choosing.add(input);  // a script cannot reach it, so nothing else keeps it
    const end = settle => { choosing.delete(input); settle(); };
    input.onchange = () => end(() => resolve([...input.files]));
    input.oncancel = () => end(() => reject(aborted()));
    expectChooser(input);
    click.call(input);
  });
  // A new folder that only this page sees; the handles of its files are real ones, which pages can store and write to.
  const newFolder = async () => {
    const root = await navigator.storage.getDirectory();
    const name = `screenwright-${Date.now()}-${Math.random().toString(36).slice(2)}`;
    return root.getDirectoryHandle(name, { create: true });
  };
  const write = async (handle, content) => {
    const stream = await handle.createWritable();
    await stream.write(content);
    await stream.close();
  };
  const copyTo = async (folder, file) => {
    const handle = await folder.getFileHandle(file.name, { create: true });
    await write(handle, file);
    return handle;
  };
  const replace = (method, make) => {
    if (typeof window[method] === "function") window[method] = { [method](options) { return make(options ?? {}); } }[method];
  };
  replace("showOpenFilePicker", async options => {
    const accept = (options.types ?? []).flatMap(type => Object.entries(type.accept ?? {}).flat(2)).join(",");
    const files = await chooseFiles({ multiple: Boolean(options.multiple), accept });
    const folder = await newFolder();
    return Promise.all(files.map(file => copyTo(folder, file)));
  });
  replace("showDirectoryPicker", async () => {
    const files = await chooseFiles({ webkitdirectory: true });
    const names = files[0]?.webkitRelativePath.split("/") ?? ["empty"];
    const root = await (await newFolder()).getDirectoryHandle(names[0], { create: true });
    for (const file of files) {
      let folder = root;
      for (const name of file.webkitRelativePath.split("/").slice(1, -1)) {
        folder = await folder.getDirectoryHandle(name, { create: true });
      }
      await copyTo(folder, file);
    }
    return root;
  });
  replace("showSaveFilePicker", async options => {
    const name = await ask({ event: "save file", name: String(options.suggestedName ?? "") });
    if (!name) throw aborted();
    const handle = await (await newFolder()).getFileHandle(name, { create: true });
    const createWritable = handle.createWritable;
    handle.createWritable = async (...passed) => {
      const stream = await createWritable.apply(handle, passed);
      const close = stream.close;
      stream.close = async () => {
        await close.call(stream);
        const url = window.URL.createObjectURL(await handle.getFile());
        Object.assign(document.createElement("a"), { href: url, download: name }).click();  // saved as a download
      };
      return stream;
    };
    return handle;
  });

  // -- links to other programs: the browser's own question about them blocks the page
  const isExternal = url =>
    !/^(https?|file|data|blob|about|javascript|filesystem|view-source|chrome[\w-]*|devtools):/i.test(String(url).trim()) &&
    /^[a-z][a-z0-9+.-]*:/i.test(String(url).trim());
  const keepOut = (event, url) => {
    if (event.defaultPrevented || !isExternal(url)) return;
    event.preventDefault();
    report({ event: "external link", url });
  };
  window.navigation?.addEventListener("navigate", event => keepOut(event, event.destination.url));
  window.addEventListener("click", event => {  // a new window has no listener yet
    const link = event.composedPath().find(node => node instanceof HTMLAnchorElement && node.target);
    if (link) keepOut(event, link.href);
  });

  // -- windows for data: URLs stay empty forever, since the browser blocks the navigation
  const nativeOpen = window.open;
  window.open = {
    open(url, ...passed) {
      if (isExternal(url ?? "")) {
        report({ event: "external link", url: String(url) });
        return null;
      }
      if (!/^\s*data:/i.test(String(url ?? ""))) return nativeOpen.call(window, url, ...passed);
      report({ event: "refused", what: "data window" });
      return nativeOpen.call(window, "", ...passed);
    },
  }.open;

  const geolocation = window.Geolocation?.prototype;
  const watches = new Map();  // the id that the page has -> the browser's id, or null if the watch was cleared
  let count = 0;
  for (const method of geolocation ? ["getCurrentPosition", "watchPosition"] : []) {
    const native = geolocation[method];
    geolocation[method] = {
      [method](...passed) {
        const id = --count;
        prompt("geolocation").then(() => {
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
