// Taking over: mouse and keyboard of the viewer become actions on the screen, in pixels of the screenshot.

const CLICK_MS = 250, TYPE_MS = 200, DRAG_PX = 6, NOTCH_PX = 100, PATH_POINTS = 20;

/** `act` carries out an action, `size` returns the size of the screenshot. Returns `enable`, `isEnabled` and `finish`. */
export function takeOver({ act, size }) {
  const figure = byId("figure");
  let isEnabled = false, pressed = null, path = [], click = null, text = "", timer = 0, scrolled = { x: 0, y: 0 };

  /** One action at a time, in order. */
  let last = Promise.resolve();
  const send = (action) => { last = last.then(() => act(action)); };
  /** Sends the click that might have become a double click, or the text in progress. */
  const flush = () => {
    clearTimeout(timer);
    if (click) send({ type: "click", ...click });
    if (text) send({ type: "type", text });
    click = null;
    text = "";
  };
  const wait = (milliseconds) => { clearTimeout(timer); timer = setTimeout(flush, milliseconds); };

  const point = ({ clientX, clientY }) => {
    const box = figure.getBoundingClientRect(), [width, height] = size();
    const within = (value, most) => Math.min(Math.max(value, 0), most - 1);
    return [within(((clientX - box.left) / box.width) * width, width), within(((clientY - box.top) / box.height) * height, height)];
  };
  const distance = ([x, y], [otherX, otherY]) => Math.hypot(x - otherX, y - otherY);
  const on = (name, listener) => figure.addEventListener(name, (event) => {
    if (!isEnabled || !size()) return;
    event.preventDefault();
    listener(event);
  }, { passive: false });
  const heldBy = (event) => [["ctrl", event.ctrlKey], ["alt", event.altKey], ["super", event.metaKey], ["shift", event.shiftKey]]
    .filter(([, isHeld]) => isHeld).map(([name]) => name);
  /** Some of the points of a drag, with its ends. */
  const thinned = (points) => {
    const every = Math.ceil((points.length - 1) / (PATH_POINTS - 1));
    return points.filter((_, index) => index % every === 0 || index === points.length - 1);
  };

  on("pointerdown", (event) => {
    if (text) flush();
    pressed = event;
    path = [point(event)];
    figure.setPointerCapture(event.pointerId);
    figure.focus();
  });
  on("pointermove", (event) => { if (pressed) path.push(point(event)); });
  on("pointerup", (event) => {
    if (!pressed) return;
    const isDrag = Math.hypot(event.clientX - pressed.clientX, event.clientY - pressed.clientY) > DRAG_PX;
    const button = ["left", "middle", "right", "back", "forward"][pressed.button] ?? "left", modifiers = heldBy(event), at = point(event);
    pressed = null;
    if (isDrag) {
      flush();
      send({ type: "drag", path: thinned([...path, at]), button, modifiers });
      return;
    }
    if (click && (click.button !== button || click.count === 3 || distance(click.at, at) > DRAG_PX)) flush();
    click = click ? { ...click, count: click.count + 1 } : { at, button, count: 1, modifiers };
    wait(CLICK_MS);
  });
  on("contextmenu", () => {});
  on("wheel", (event) => {
    flush();
    scrolled.x += event.deltaX;
    scrolled.y += event.deltaY;
    for (const [axis, back, onward] of [["x", "left", "right"], ["y", "up", "down"]]) {
      const amount = Math.trunc(Math.abs(scrolled[axis]) / NOTCH_PX);
      if (!amount) continue;
      send({ type: "scroll", direction: scrolled[axis] > 0 ? onward : back, amount: Math.min(amount, 20), at: point(event) });
      scrolled[axis] = 0;
    }
  });

  figure.addEventListener("keydown", (event) => {
    const isModifier = ["Control", "Shift", "Alt", "AltGraph", "Meta", "CapsLock", "Dead", "Process"].includes(event.key);
    if (!isEnabled || isModifier || event.key === "Tab") return; // Tab leaves the screen, for keyboard users
    event.preventDefault();
    if (click) flush();
    const isText = event.getModifierState("AltGraph") || !(event.ctrlKey || event.altKey || event.metaKey);
    if ([...event.key].length === 1 && isText) {
      text += event.key;
      wait(TYPE_MS);
      return;
    }
    flush();
    send({ type: "hotkey", keys: [...heldBy(event), event.key.toLowerCase()] });
  });

  byId("keyboard").onsubmit = (event) => {
    event.preventDefault();
    flush();
    if (byId("typed").value) send({ type: "type", text: byId("typed").value });
    byId("typed").value = "";
  };
  for (const button of document.querySelectorAll("[data-key]")) {
    button.onclick = () => { flush(); send({ type: "hotkey", keys: [button.dataset.key] }); };
  }

  return {
    get isEnabled() { return isEnabled; },
    /** Sends what is in progress; resolves when all of it has been carried out. */
    finish() { flush(); return last; },
    enable(wanted) {
      if (wanted === isEnabled) return;
      isEnabled = wanted;
      figure.classList.toggle("taken", wanted);
      byId("keyboard").hidden = !wanted;
      if (wanted) {
        figure.setAttribute("tabindex", "0");
        figure.setAttribute("role", "application");
        figure.setAttribute("aria-label", "The screen: mouse and keyboard act on it, Tab leaves it");
      } else for (const name of ["tabindex", "role", "aria-label"]) figure.removeAttribute(name);
    },
  };
}
