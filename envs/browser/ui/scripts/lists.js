// <select>: the native list is not part of the page and takes no clicks. Whatever opened it, it is closed again and
// reported; the page sees the events of the native one. A list that the page itself draws as "base-select" stays.
(ui => {
  const { now, report, boxOf, isOpen, closeNative } = ui;

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

  Object.assign(ui, { isList, replaceList, closeList });
  ui.openList = () => list?.select;
  // Whether the list of `select` was closed a moment ago by a press that could open it again; asked once.
  ui.wasDismissed = select => dismissed !== null && dismissed.select === select && now() - dismissed.at < DISMISSED_MS;
  ui.forgetDismissed = () => { dismissed = null; };
})
