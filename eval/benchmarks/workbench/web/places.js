// The centre of the `nth` visible element called `what` that the mouse would hit, or null. `what` is a CSS selector if it
// starts like one; else a text, label, placeholder or title, or else the text in a field. Looks into shadow roots and frames
// of the same origin; reads only.
([what, nth]) => {
  const isSelector = /^[.#[]/.test(what);
  const squash = text => (text ?? "").replace(/\s+/g, " ").trim();
  const own = element => squash([...element.childNodes].filter(node => node.nodeType === 3).map(node => node.data).join(" "));
  const isField = ({ nodeName, type }) => nodeName === "INPUT" && !["button", "submit", "reset"].includes(type);
  const names = element => [own(element), ...["aria-label", "placeholder", "title", "alt", "data-tooltip"].map(name =>
    squash(element.getAttribute(name))), /^(INPUT|BUTTON)$/.test(element.nodeName) && !isField(element) ? squash(element.value) : ""];
  const visible = (element, left, top) => {
    if ((element.nodeName === "OPTION" && !element.closest("select").multiple) || !element.checkVisibility({ visibilityProperty: true })) return null;
    for (const { x, y, width, height } of element.getClientRects()) {
      const from = [Math.max(x, 0), Math.max(y, 0)], view = element.ownerDocument.defaultView;
      const to = [Math.min(x + width, view.innerWidth), Math.min(y + height, view.innerHeight)];
      if (to[0] - from[0] < 2 || to[1] - from[1] < 2) continue;
      const at = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
      const hit = element.getRootNode().elementFromPoint(...at);
      const label = hit?.closest("label");
      if (hit && (element.contains(hit) || hit.contains(element) || label?.contains(element) || hit.shadowRoot ||
          getComputedStyle(element).pointerEvents === "none")) {
        return [at[0] + left, at[1] + top];
      }
    }
    return null;
  };
  const exact = [], loose = [];
  const walk = (root, left, top) => {
    for (const element of root.querySelectorAll("*")) {
      const isMatch = isSelector ? element.matches(what) : names(element).includes(what);
      if (isMatch || (!isSelector && isField(element) && squash(element.value) === what) || (!isSelector &&
          element.children.length && element.textContent.length < what.length + 40 && squash(element.innerText) === what)) {
        const at = visible(element, left, top);
        if (at) (isMatch ? exact : loose).push(at);
      }
      if (element.shadowRoot) walk(element.shadowRoot, left, top);
      if (element.nodeName === "IFRAME") {
        const { x, y } = element.getBoundingClientRect();
        try { walk(element.contentDocument, left + x + element.clientLeft, top + y + element.clientTop); } catch { /* another origin */ }
      }
    }
  };
  walk(document, 0, 0);
  return (exact.length ? exact : loose.slice(-1)).at(nth) ?? null;
}
