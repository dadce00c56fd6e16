// Puts text with line breaks into the editor that has the focus, as text: an Enter key would indent, close brackets,
// accept a completion, or send a message. Called with the text; returns null where keys are right, such as in a terminal.
text => {
  const CODE = ".monaco-editor, .cm-editor, .CodeMirror, .ace_editor, [role=code]";
  const MAX_SHOWN = 120;
  let field = document.activeElement;
  while (field?.shadowRoot?.activeElement) field = field.shadowRoot.activeElement;
  if (!field) return null;

  const style = getComputedStyle(field);
  const isMonospace = /mono|courier|consol|menlo|code/i.test(style.fontFamily) &&
    !(field.nodeName === "TEXTAREA" && style.fontFamily === "monospace" && style.fontSize === "13.3333px");
  const isCode = field.closest(CODE) !== null || (isMonospace && !/^(INPUT|BODY)$/.test(field.nodeName));
  const isTextArea = field.nodeName === "TEXTAREA";
  const { x, y, width, height } = field.getBoundingClientRect();
  const hit = field.getRootNode().elementFromPoint?.(x + width / 2, y + height / 2) ?? null;
  const isSeen = Number(style.opacity) > 0 && width > 20 && (hit === null || field.contains(hit));
  const takesLines = field.getAttribute("aria-multiline") !== "false" && !field.readOnly && (
    field.closest(CODE) !== null || field.getAttribute("aria-multiline") === "true" ||
    (isTextArea ? isSeen : field.isContentEditable));
  const hasLines = isCode ? /[\n(){}[\]"'`<>]/.test(text) : /\n[^\n]/.test(text);
  if (!takesLines || !hasLines) return null;

  const host = isTextArea && isSeen ? null : field.isContentEditable ? field : field.closest(CODE);
  const contents = () => host ? host.textContent : field.value;
  const before = contents() ?? "";
  const { selectionStart = 0, selectionEnd = 0 } = field;

  const isBlock = element => !/^(inline|none|contents)/.test(getComputedStyle(element).display);
  const collapses = host !== null && getComputedStyle(field).whiteSpaceCollapse === "collapse" && field.isContentEditable;
  const clean = line => collapses ? line.replace(/[\s\u200b\ufeff]+/g, " ").trim() : line.replace(/\u00a0/g, " ").replace(/[\u200b\ufeff]/g, "").trimEnd();
  // The lines that the editor shows, from top to bottom. Some editors do not keep them in this order in the document.
  const shownLines = () => {
    if (field.isContentEditable) return field.innerText.split("\n").map(clean).filter(Boolean);
    const leaves = [...host.querySelectorAll("*")].filter(element => element.nodeName !== "TEXTAREA" && element.textContent &&
      element.getBoundingClientRect().height > 0 && isBlock(element) && ![...element.children].some(isBlock));
    return leaves.map(leaf => ({ top: leaf.getBoundingClientRect().top, leaf })).sort((one, other) => one.top - other.top)
      .flatMap(({ leaf }) => leaf.textContent.split("\n").map(clean)).filter(line => line && !/^\s*\d+$/.test(line));
  };
  const difference = (wanted, shown, fits) => {
    const line = wanted.findIndex((each, at) => !fits(each, shown[at] ?? "", at));
    const [is, instead] = [shown[line] ?? "", wanted[line] ?? ""].map(each => each.slice(0, MAX_SHOWN));
    return JSON.stringify({ line: line + 1, is, wanted: instead });
  };
  const problem = () => {
    if (!host) {
      const lines = value => value.replace(/\r\n?/g, "\n").split("\n");
      const wanted = lines(before.slice(0, selectionStart) + text + before.slice(selectionEnd)), shown = lines(field.value);
      const isSame = (each, other) => each === other;
      if (wanted.join("\n") === shown.join("\n")) return "";
      if (wanted.every((each, at) => isSame(each, shown[at]))) wanted.push("");  // there is more
      return difference(wanted, shown, isSame);
    }
    const wanted = text.split("\n").map(clean).filter(Boolean), shown = shownLines();
    const last = wanted.length - 1;
    const fits = (each, other, at) => at === 0 ? other.endsWith(each) || (at === last && other.includes(each))
      : at === last ? other.startsWith(each) : other === each;
    const isAt = (start, from) => wanted.every((each, at) => at < from || fits(each, shown[start + at - from] ?? "", at));
    const finds = from => shown.some((_, start) => isAt(start, from));
    const isAlone = before.trim() === "" || /^[\d\s\u00a0\u200b]*$/.test(before);
    if (finds(0)) return isAlone && shown.length > wanted.length && shown.at(-1) !== wanted.at(-1) && /^[\s\])}]+$/.test(shown.at(-1))
      ? JSON.stringify({ line: shown.length, is: shown.at(-1), wanted: "" }) : "";
    // a long text: only its end is drawn
    for (let from = 1; from <= last; from++) if (finds(from)) return shown.length < wanted.length || !isAlone ? "" : difference(wanted, shown, fits);
    return difference(wanted, shown, fits);
  };

  const data = new DataTransfer();
  data.setData("text/plain", text);
  const paste = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true, composed: true });
  window[Symbol.for("screenwright.pastes")]?.();
  const isHandled = !field.dispatchEvent(paste);
  return { isHandled, isCode, hasChanged: () => contents() !== before, problem };
}
