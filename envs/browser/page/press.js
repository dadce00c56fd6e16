// Decides when a press may end. A page that looks at the mouse and the keys in each frame, or that draws between press and
// release, has to get a frame while they are pressed. One in which nothing runs, and that did nothing when it was pressed,
// cannot tell the difference, and is not waited for.
(page => {
  const { now, nativeSetTimeout, nativeFrame } = page;
  const PRESS_MS = 20, MAX_PRESS_MS = 150;
  const PASSIVE_MS = 250;
  const LATEST_MS = 50;  // a press that is older is another one, and this one went to a frame or was not delivered
  const OWN_BEHAVIOUR = "select, option, optgroup, embed, object, iframe, canvas, video, audio, " +
    "input:is([type=color], [type=date], [type=datetime-local], [type=file], [type=month], [type=range], [type=time], [type=week])";

  let pressed = null;
  for (const type of ["mousedown", "keydown"]) {
    window.addEventListener(type, event => {
      if (event.isTrusted) pressed = { at: now(), target: event.composedPath()[0] };
    }, { capture: true, passive: true });
  }
  // whether `element` is one whose behaviour is not known: the browser's, or that of a closed shadow root
  const isOwn = element => !(element instanceof Element) || element.nodeName.includes("-") || element.matches(OWN_BEHAVIOUR);
  const isUnaffected = press => {
    const time = now();
    return press !== null && time - press.at < LATEST_MS && page.changedAt() < press.at && time - page.activeAt() > PASSIVE_MS &&
      !isOwn(press.target);
  };
  const drawn = () => new Promise(resolve => {
    const started = now();
    nativeFrame.call(window, () => nativeSetTimeout.call(window, resolve, PRESS_MS - (now() - started)));
    nativeSetTimeout.call(window, resolve, MAX_PRESS_MS);  // a page in the background draws none
  });
  // Resolves when the latest press may end.
  const pressEnds = () => {
    const press = pressed;
    pressed = null;
    return isUnaffected(press) ? undefined : drawn();
  };
  Object.defineProperty(window, Symbol.for("screenwright.drawn"), { value: drawn });
  Object.defineProperty(window, Symbol.for("screenwright.pressEnds"), { value: pressEnds });
})
