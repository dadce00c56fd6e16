// Every root that events can start in has the handlers: the window, closed shadow roots, a document that is written again.
(ui => {
  const adoptRoot = root => {  // adding a listener twice has no effect
    for (const [type, handle] of ui.handlers) root.addEventListener(type, handle, { capture: true, passive: true });
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
    ui.keepLinks();
    window[Symbol.for("screenwright.reopened")]?.();
  };
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
})
