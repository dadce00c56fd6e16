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
  let target = null;  // the control whose value is being chosen

  // The box of `element` in the viewport of this frame, which does not know its own position on the screen.
  const boxOf = element => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return { x, y, width, height };
  };

  // Resolves when the page has drawn a frame, so that it has seen the state of the mouse and the keys.
  const nativeFrame = window.requestAnimationFrame;
  const PRESS_MS = 20, MAX_PRESS_MS = 150;
  Object.defineProperty(window, Symbol.for("screenwright.drawn"), { value: () => new Promise(resolve => {
    const started = now();
    nativeFrame.call(window, () => nativeSetTimeout.call(window, resolve, PRESS_MS - (now() - started)));
    nativeSetTimeout.call(window, resolve, MAX_PRESS_MS);  // a page in the background draws none
  }) });

  // A prompt that the browser opens by itself, a moment after the page has caused it: the screen has not settled before.
  const expectPrompt = expected => report({ event: "prompt expected", expected });
  const expectChooser = element => {
    if (element instanceof HTMLInputElement && element.type === "file" && !element.disabled) expectPrompt(true);
  };

  // -- dates, times and colours: the native picker takes no clicks
  const PICKER_TYPES = new Set(["date", "time", "datetime-local", "month", "week", "color"]);
  const isOpen = element => { try { return element.matches(":open"); } catch { return false; } };
  // Closes the native popup of `element` and keeps the focus: its box is made again, with a display of the same kind.
  const SAME_BOX = { "inline-block": "inline-flex", "inline-flex": "inline-block", block: "flex", flex: "block" };
  const closeNative = element => {
    const { style } = element;
    const [value, priority] = [style.getPropertyValue("display"), style.getPropertyPriority("display")];
    const hadStyle = element.hasAttribute("style");
    style.setProperty("display", SAME_BOX[getComputedStyle(element).display] ?? "none", "important");
    void element.offsetWidth;
    style.setProperty("display", value, priority);
    if (!hadStyle) element.removeAttribute("style");
    void element.offsetWidth;
  };
  const replacePicker = element => {
    if (!(element instanceof HTMLInputElement) || !PICKER_TYPES.has(element.type) || !isOpen(element)) return;
    closeNative(element);
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
  let shownTitle = "", titled = null;
  const titleAt = path => {
    for (const node of path) {
      if (!(node instanceof Element)) continue;
      const own = node.getAttribute("title") ??
        (node instanceof SVGElement ? node.querySelector(":scope > title")?.textContent : null);
      if (own !== null && own !== undefined) return own.trim();
    }
    return "";
  };
  const showTooltip = (title, element = null) => {
    titled = element;
    if (title === shownTitle) return;
    shownTitle = title;
    report({ event: "tooltip", text: title });
  };

  // -- <select>: the native list is not part of the page and takes no clicks. Whatever opened it, it is closed again and
  // reported; the page sees the events of the native one. A list that the page itself draws as "base-select" stays.
  const MAX_ROWS_LENGTH = 800_000, MAX_LABEL = 200;
  let list = null;       // the open one: its select, its options in the order of the rows, and its number
  let listCount = 0;
  let dismissed = null;  // the select whose list the press that follows at once closes, and does not open again
  const DISMISSED_MS = 1000;
  const isList = node => node instanceof HTMLSelectElement && !node.multiple && node.size <= 1;
  const isDrawnByPage = select => getComputedStyle(select, "::picker(select)").appearance === "base-select" &&
    getComputedStyle(select).appearance === "base-select";
  const rowsOf = select => {
    const rows = [], options = [];
    let length = 0;
    const colourOf = node => getComputedStyle(node).color, usual = colourOf(select);
    const add = (label, kind, option = null) => {
      length += label.length + 40;
      const colour = option === null || colourOf(option) === usual || option.disabled ? "" : colourOf(option);
      rows.push({ label: label.slice(0, MAX_LABEL), kind, colour });
      options.push(option);
    };
    for (const node of select.querySelectorAll("option, optgroup, hr")) {
      if (length > MAX_ROWS_LENGTH) break;
      if (getComputedStyle(node).display === "none") continue;
      const parent = node.parentElement?.closest("optgroup") ?? null;
      if (node instanceof HTMLHRElement) add("", "line");
      else if (node instanceof HTMLOptGroupElement) add(node.label, "group");
      else add(node.label || node.text, (node.disabled || parent?.disabled ? "off" : "entry") + (parent ? " nested" : ""), node);
    }
    return { rows, options, selected: options.indexOf(select.selectedOptions[0] ?? null) };
  };
  const reportList = () => {
    const { rows, options, selected } = rowsOf(list.select);
    Object.assign(list, { options, number: ++listCount });
    const text = parseFloat(getComputedStyle(list.select).fontSize) / list.select.offsetWidth || 0;
    report({ event: "list", number: list.number, rows, selected, text, ...boxOf(list.select) });
  };
  const closeList = () => {
    if (list === null) return;
    list.observer.disconnect();
    list = null;
    report({ event: "list closed" });
  };
  const replaceList = (select, isClosing = false) => {
    if (!isList(select) || !isOpen(select) || isDrawnByPage(select)) return;
    closeNative(select);
    if (isClosing) return;
    list?.observer.disconnect();
    const observer = new MutationObserver(() => {
      if (!select.isConnected || select.disabled) closeList();
      else reportList();
    });
    list = { select, observer };
    observer.observe(select, { subtree: true, childList: true, characterData: true, attributes: true,
      attributeFilter: ["label", "disabled", "hidden"] });
    reportList();
  };
  const setOption = (select, option) => {
    if (option.selected) return;
    option.selected = true;
    for (const type of ["input", "change"]) select.dispatchEvent(new Event(type, { bubbles: true, composed: true }));
  };
  const isUsable = option => option?.isConnected && !option.disabled && !option.closest("optgroup")?.disabled;
  let choice = null;
  Object.defineProperty(window, Symbol.for("screenwright.list"), { value: {
    close(number, byPress) {
      if (list?.number !== number) return;
      dismissed = byPress ? { select: list.select, at: now() } : null;
      list.observer.disconnect();
      list = null;
    },
    // Selects a neighbour of the chosen option and opens the native list: the first of the returned keys moves to the
    // option there, and Enter chooses it as a user does, with trusted events. A script cannot open the list in a frame
    // of another site, and the key then goes to the closed select. Without keys, the option is chosen already.
    choose(number, row) {
      if (list?.number !== number) return [];
      const { select, options, observer } = list;
      observer.disconnect();
      list = null;
      const option = options[row];
      if (!isUsable(option) || option.selected) return [];
      choice = { select, option };
      const usable = options.filter(isUsable);
      const at = usable.indexOf(option);
      if (usable.length > 1) usable[at ? at - 1 : 1].selected = true;
      const key = at || usable.length === 1 ? "ArrowDown" : "ArrowUp";
      try { nativeShowList.call(select); } catch { /* a frame of another site */ }
      if (isOpen(select)) return [key, "Enter"];
      return select === select.getRootNode().activeElement ? [key] : [];
    },
    finish() {
      if (choice === null) return;
      const { select, option } = choice;
      if (isOpen(select)) closeNative(select);
      setOption(select, option);
      choice = null;
    },
  } });
  const nativeShowList = HTMLSelectElement.prototype.showPicker;
  if (nativeShowList) {
    HTMLSelectElement.prototype.showPicker = {
      showPicker() {
        const result = nativeShowList.call(this);
        replaceList(this);
        return result;
      },
    }.showPicker;
  }

  const innermost = event => event.composedPath()[0];
  const listOf = event => event.composedPath().find(isList);
  const handlers = [];
  const on = (type, handle) => handlers.push([type, event => { if (event.isTrusted) handle(event); }]);
  const isUnderPointer = event => event.buttons === 0 && showTooltip(titleAt(event.composedPath()), innermost(event));
  on("pointermove", isUnderPointer);
  on("pointerover", isUnderPointer);  // also after a change of the page under a pointer at rest
  on("pointerout", event => { if (event.relatedTarget === null) showTooltip(""); });
  for (const type of ["pointerdown", "mousedown"]) {  // a script or a label may cause the second one only
    on(type, event => {
      showTooltip("");
      const select = listOf(event);
      const wasOpen = dismissed !== null && dismissed.select === select && now() - dismissed.at < DISMISSED_MS;
      later(() => {
        dismissed = null;
        replaceList(select, wasOpen);
      });
    });
  }
  on("click", event => {
    const element = innermost(event), select = listOf(event);
    later(() => {
      replaceList(select);
      replacePicker(element);
      suggest(element, !element.value);
      if (!event.defaultPrevented) expectChooser(element);
    });
  });
  on("keydown", event => {
    showTooltip("");
    const element = innermost(event), select = listOf(event);
    later(() => {
      replaceList(select);
      replacePicker(element);
      if (event.key === "ArrowDown" && suggesting !== element) suggest(element, false);
    });
  });
  on("keyup", event => {
    const element = innermost(event), select = listOf(event);
    later(() => { replaceList(select); replacePicker(element); });
  });
  on("input", event => { const element = innermost(event); later(() => suggest(element, false)); });
  on("focusout", event => {
    closeSuggestions(innermost(event));
    if (list?.select === innermost(event)) closeList();
  });
  let hasMenu = false;
  on("contextmenu", event => {
    const path = event.composedPath();
    later(() => {
      if (event.defaultPrevented) return;
      const link = path.find(node => node instanceof HTMLAnchorElement && node.href);
      const field = path[0];
      const isText = field instanceof HTMLTextAreaElement || (field instanceof HTMLInputElement && /^(text|search|url|tel|email|password|number)$/.test(field.type));
      hasMenu = true;
      report({
        event: "context menu",
        link: link?.href ?? "",
        editable: (isText && !field.readOnly && !field.disabled) || Boolean(field.isContentEditable),
        selected: String(window.getSelection() ?? "") !== "" || (isText && field.selectionStart !== field.selectionEnd),
      });
    });
  });
  // A wheel over a number field that has the focus scrolls, and does not change the number. A page may use the wheel
  // itself to change a value, which is reported.
  const WHEEL_FIELD = "input:not([type=password]), select, [role=spinbutton], [role=slider]";
  const valueOf = field => String(field.value ?? field.getAttribute("aria-valuenow") ?? field.textContent);
  on("wheel", event => {
    const field = event.composedPath().find(node => node instanceof Element && node.matches(WHEEL_FIELD));
    if (!field) return;
    const before = valueOf(field);
    const isHeld = field.type === "number" && !field.readOnly;
    if (isHeld) field.readOnly = true;
    later(() => {
      if (isHeld) field.readOnly = false;
      const after = valueOf(field);
      if (after !== before) report({ event: "value scrolled", before: before.slice(0, MAX_LABEL), after: after.slice(0, MAX_LABEL) });
    });
  });
  const adoptRoot = root => {  // adding a listener twice has no effect
    for (const [type, handle] of handlers) root.addEventListener(type, handle, { capture: true, passive: true });
  };
  adoptRoot(window);
  // `document.open` removes all listeners; opening the document is also what `write` does after loading
  for (const name of ["open", "write", "writeln"]) {
    const native = Document.prototype[name];
    Document.prototype[name] = {
      [name](...passed) {
        const result = native.apply(this, passed);
        if (this === document) reopened();
        return result;
      },
    }[name];
  }
  const reopened = () => {
    adoptRoot(window);
    keepLinks();
    window[Symbol.for("screenwright.reopened")]?.();
  };
  // Whether what is drawn over the page still belongs to it: a new document has nothing.
  const isShown = element => element?.isConnected && element.checkVisibility?.({ visibilityProperty: true }) !== false;
  Object.defineProperty(window, Symbol.for("screenwright.shows"), { value: kind => {
    switch (kind) {
      case "tooltip":
        if (!isShown(titled) || !titled.matches(":hover")) shownTitle = "";
        return shownTitle !== "";
      case "list": return isShown(list?.select);
      case "suggestions": return isShown(suggesting);
      case "picker": return isShown(target);
      default: return hasMenu;
    }
  } });
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
  // An editor may look at the clipboard for more when Screenwright pastes text into it: no question to anyone.
  const PASTE_MS = 2000;
  let pastedAt = -PASTE_MS;
  Object.defineProperty(window, Symbol.for("screenwright.pastes"), { value: () => { pastedAt = now(); } });
  for (const method of ["readText", "read"]) {
    const owner = window.Clipboard?.prototype;
    promptFirst(owner, method, () => ["clipboard-read"]);
    const asking = owner?.[method];
    if (asking) owner[method] = {
      [method](...passed) {
        if (now() - pastedAt > PASTE_MS) return asking.apply(this, passed);
        return Promise.reject(new DOMException("Read permission denied.", "NotAllowedError"));
      },
    }[method];
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
  const keepLink = event => {  // a new window has no listener yet
    const link = event.composedPath().find(node => node instanceof HTMLAnchorElement && node.target);
    if (link) keepOut(event, link.href);
  };
  const keepLinks = () => window.addEventListener("click", keepLink);
  keepLinks();

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
