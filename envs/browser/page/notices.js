// Notices that come and go between two screenshots. Their text is reported with the next one.
(page => {
  const { nativeSetTimeout } = page;
  const REGION = "[role=alert], [role=status], [role=alertdialog], [aria-live=polite], [aria-live=assertive], output";
  const SHOWN_MS = 300;  // what is gone sooner cannot be read
  const MAX_LETTERS = 200;
  const MAX_NOTICES = 3;
  const MAX_SHARE = 0.25;  // of the window; what is larger is a part of the application

  const notices = new Map();  // node -> its text, and the action whose screenshot may show it
  let added = [];
  const elementOf = node => node instanceof Element ? node : node.parentElement;
  const isShown = (node, text) => node.isConnected && node.textContent.trim() === text &&
    Boolean(elementOf(node)?.checkVisibility?.({ opacityProperty: true, visibilityProperty: true }));
  const isNotice = node => {
    for (let element = elementOf(node); element; element = element.parentElement ?? element.getRootNode().host) {
      if (element.matches(REGION)) return true;
      if (getComputedStyle(element).position !== "fixed") continue;
      const { width, height } = element.getBoundingClientRect();
      return width * height <= MAX_SHARE * innerWidth * innerHeight;
    }
    return false;
  };
  const examine = () => {
    for (const node of added) {
      const text = node.isConnected ? node.textContent.trim() : "";
      if (!text || text.length > MAX_LETTERS || page.isLoadingText(text)) continue;
      if (isShown(node, text) && isNotice(node)) notices.set(node, { text, action: null });
    }
    added = [];
    for (const node of [...notices.keys()].slice(0, -20)) notices.delete(node);
  };
  page.addedText = node => {
    if (added.length === 0) nativeSetTimeout.call(window, examine, SHOWN_MS);
    if (added.length < 50) added.push(node);
  };
  // The notices that no screenshot has shown, as of now.
  page.takeNotices = () => {
    const gone = [];
    for (const [node, notice] of notices) {
      const { text, action } = notice;
      if (isShown(node, text)) notice.action = page.since();  // unless it goes before this action has settled
      else {
        notices.delete(node);
        if (action === null || action === page.since()) gone.push(text);
      }
    }
    return [...new Set(gone)].slice(-MAX_NOTICES);
  };
})
