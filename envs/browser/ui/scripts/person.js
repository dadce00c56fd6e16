// What a person does in the page, for a demonstration: only trusted events, seen before any script of the page sees them.
// Keys in a field that is, or was, for a password are reported without saying which ones.
(ui => {
  const { report, now } = ui;
  const { apply, getOwnPropertyDescriptor } = Reflect;
  const { composedPath } = Event.prototype;
  const { add, has } = WeakSet.prototype;
  const { test } = RegExp.prototype;
  const { setTimeout } = window;
  const getterOf = name => getOwnPropertyDescriptor(HTMLInputElement.prototype, name).get;
  const typeOf = getterOf("type"), autocompleteOf = getterOf("autocomplete");
  const MOVE_MS = 50, WHEEL_MS = 50;
  const passwords = new WeakSet(), SECRET = /password|one-time-code/;

  const fieldOf = event => apply(composedPath, event, [])[0];
  const isHidden = event => {
    const field = fieldOf(event);
    if (!(field instanceof HTMLInputElement)) return false;
    if (apply(typeOf, field, []) === "password" || apply(test, SECRET, [apply(autocompleteOf, field, [])]))
      apply(add, passwords, [field]);
    return apply(has, passwords, [field]);
  };
  const isEditable = event => {
    const field = fieldOf(event);
    return field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement || field?.isContentEditable;
  };
  let turned;  // what the wheel did, until it is reported
  const timeOf = event => performance.timeOrigin + event.timeStamp;
  const turn = () => {
    if (turned) report(turned);
    turned = undefined;
  };
  const send = (kind, event, more) => {
    turn();
    report({ event: "person", kind, time: timeOf(event), x: event.clientX ?? 0, y: event.clientY ?? 0, ...more });
  };
  const listen = (type, handle) =>
    window.addEventListener(type, event => event.isTrusted && handle(event), { capture: true, passive: true });

  // -- the mouse
  let movedAt = 0;
  const move = event => {
    if (now() - movedAt < MOVE_MS) return;
    movedAt = now();
    send("move", event);
  };
  listen("mousedown", event => send("press", event, { button: event.button }));
  listen("mouseup", event => send("release", event, { button: event.button }));
  listen("mousemove", event => event.buttons && move(event));
  listen("drag", event => (event.clientX || event.clientY) && move(event));  // the last one has no position
  listen("dragend", event => send("release", event, { button: 0 }));

  listen("wheel", event => {
    const unit = [1, 16, 400][event.deltaMode];
    if (!turned) {
      turned = { event: "person", kind: "wheel", time: timeOf(event), x: event.clientX, y: event.clientY, dx: 0, dy: 0 };
      apply(setTimeout, window, [turn, WHEEL_MS]);
    }
    const sideways = event.shiftKey && !event.deltaX;
    turned.dx += (sideways ? event.deltaY : event.deltaX) * unit;
    turned.dy += (sideways ? 0 : event.deltaY) * unit;
  });

  // -- the keyboard
  const isShortcut = event => event.ctrlKey || event.altKey || event.metaKey;
  const isPaste = event => (event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "v";
  let typed = "";  // the character of the last key: one that arrives without a key is a text
  const key = (event, pressed) => {
    if (event.isComposing || ["Process", "Dead", "Unidentified"].includes(event.key)) return;
    if (isPaste(event) && isEditable(event)) return;  // the text follows
    const types = event.key.length <= 2 && !/^F\d$/.test(event.key) && (!isShortcut(event) || event.getModifierState("AltGraph"));
    const hidden = types && isHidden(event);
    if (pressed) typed = types ? event.key : "";
    send("key", event, { key: hidden ? "" : event.key, text: types && !hidden ? event.key : "", pressed, hidden });
  };
  listen("keydown", event => key(event, true));
  listen("keyup", event => key(event, false));
  const text = (event, value) => {
    const hidden = isHidden(event);
    if (value && isEditable(event)) send("text", event, { text: hidden ? "" : value, hidden });
  };
  listen("paste", event => text(event, event.clipboardData?.getData("text/plain")));
  listen("compositionend", event => text(event, event.data));
  listen("beforeinput", event => {
    if (event.inputType === "insertText" && !event.isComposing && event.data !== typed) text(event, event.data);
    typed = "";
  });
})
