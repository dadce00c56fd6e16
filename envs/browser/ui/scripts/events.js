// Input that opens UI outside the page: tooltips, the context menu, lists, pickers and suggestions; wheels over values.
(ui => {
  const { report, later, isList, replaceList, closeList, replacePicker, suggest, closeSuggestions, expectChooser } = ui;

  const MAX_VALUE = 200;
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
      const wasOpen = ui.wasDismissed(select);
      later(() => {
        ui.forgetDismissed();
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
      if (event.key === "ArrowDown" && ui.suggesting() !== element) suggest(element, false);
    });
  });
  on("keyup", event => {
    const element = innermost(event), select = listOf(event);
    later(() => { replaceList(select); replacePicker(element); });
  });
  on("input", event => { const element = innermost(event); later(() => suggest(element, false)); });
  on("focusout", event => {
    closeSuggestions(innermost(event));
    if (ui.openList() === innermost(event)) closeList();
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
      if (after !== before) report({ event: "value scrolled", before: before.slice(0, MAX_VALUE), after: after.slice(0, MAX_VALUE) });
    });
  });

  ui.handlers = handlers;
  // Whether what is drawn over the page still belongs to it: a new document has nothing.
  const isShown = element => element?.isConnected && element.checkVisibility?.({ visibilityProperty: true }) !== false;
  Object.defineProperty(window, Symbol.for("screenwright.shows"), { value: kind => {
    switch (kind) {
      case "tooltip":
        if (!isShown(titled) || !titled.matches(":hover")) shownTitle = "";
        return shownTitle !== "";
      case "list": return isShown(ui.openList());
      case "suggestions": return isShown(ui.suggesting());
      case "picker": return isShown(ui.choosing());
      default: return hasMenu;
    }
  } });
})
