// Values that are chosen outside the page: dates, times, colours, and suggestions of a <datalist>.
(ui => {
  const { report, boxOf } = ui;

  let target = null;  // the control whose value is being chosen

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
  Object.defineProperty(window, Symbol.for("screenwright.setValue"), { value: setValue });

  Object.assign(ui, { PICKER_TYPES, isOpen, closeNative, replacePicker, suggest, closeSuggestions });
  ui.choosing = () => target;
  ui.suggesting = () => suggesting;
})
