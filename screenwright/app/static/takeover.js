// Taking over: mouse and keyboard of the viewer become actions on the screen, in pixels of the screenshot.

const CLICK_MS = 250, TYPE_MS = 200, DRAG_PX = 6, NOTCH_PX = 100;

/** `act` carries out an action, `size` returns the size of the screenshot. Returns `enable` and `isEnabled`. */
export function takeOver({ act, size }) {
  const figure = byId("figure");
  let isEnabled = false, pressed = null, clicks = 0, timer = 0, text = "", scrolled = 0;

  /** One action at a time, in order. */
  let last = Promise.resolve();
  const send = (action) => { last = last.then(() => act(action)); };

  const point = ({ clientX, clientY }) => {
    const box = figure.getBoundingClientRect(), [width, height] = size();
    const within = (value, most) => Math.min(Math.max(value, 0), most - 1);
    return [within(((clientX - box.left) / box.width) * width, width), within(((clientY - box.top) / box.height) * height, height)];
  };
  const on = (name, listener) => figure.addEventListener(name, (event) => {
    if (!isEnabled || !size()) return;
    event.preventDefault();
    listener(event);
  }, { passive: false });

  on("pointerdown", (event) => { pressed = event; figure.setPointerCapture(event.pointerId); figure.focus(); });
  on("pointerup", (event) => {
    if (!pressed) return;
    const start = pressed, isDrag = Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY) > DRAG_PX;
    pressed = null;
    const button = ["left", "middle", "right", "back", "forward"][start.button] ?? "left";
    if (isDrag) return send({ type: "drag", path: [point(start), point(event)], button });
    clicks = Math.min(clicks + 1, 3);
    clearTimeout(timer);
    timer = setTimeout(() => { send({ type: "click", at: point(event), button, count: clicks }); clicks = 0; }, CLICK_MS);
  });
  on("contextmenu", () => {});
  on("wheel", (event) => {
    scrolled += event.deltaY;
    const amount = Math.trunc(Math.abs(scrolled) / NOTCH_PX);
    if (!amount) return;
    send({ type: "scroll", direction: scrolled > 0 ? "down" : "up", amount: Math.min(amount, 20), at: point(event) });
    scrolled = 0;
  });

  const flush = () => { if (text) send({ type: "type", text }); text = ""; };
  figure.addEventListener("keydown", (event) => {
    const isModifier = ["Control", "Shift", "Alt", "Meta", "CapsLock", "Dead", "Process"].includes(event.key);
    if (!isEnabled || isModifier || event.key === "Tab") return; // Tab leaves the screen, for keyboard users
    event.preventDefault();
    clearTimeout(timer);
    if ([...event.key].length === 1 && !event.ctrlKey && !event.altKey && !event.metaKey) {
      text += event.key;
      timer = setTimeout(flush, TYPE_MS);
      return;
    }
    flush();
    const held = [["ctrl", event.ctrlKey], ["alt", event.altKey], ["super", event.metaKey], ["shift", event.shiftKey]];
    send({ type: "hotkey", keys: [...held.filter(([, isHeld]) => isHeld).map(([name]) => name), event.key.toLowerCase()] });
  });

  byId("keyboard").onsubmit = (event) => {
    event.preventDefault();
    if (byId("typed").value) send({ type: "type", text: byId("typed").value });
    byId("typed").value = "";
  };
  for (const button of document.querySelectorAll("[data-key]")) {
    button.onclick = () => send({ type: "hotkey", keys: [button.dataset.key] });
  }

  return {
    get isEnabled() { return isEnabled; },
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
