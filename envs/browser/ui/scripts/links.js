// Links to other programs: the browser's own question about them blocks the page.
(ui => {
  const { report } = ui;

  const isExternal = url =>
    !/^(https?|file|data|blob|about|javascript|filesystem|view-source|chrome[\w-]*|devtools):/i.test(String(url).trim()) &&
    /^[a-z][a-z0-9+.-]*:/i.test(String(url).trim());
  const keepOut = (event, url) => {
    if (event.defaultPrevented || !isExternal(url)) return;
    event.preventDefault();
    report({ event: "external link", url });
  };
  window.navigation?.addEventListener("navigate", event => keepOut(event, event.destination.url));
  const keepLink = event => {  // a new window has no listener yet
    const link = event.composedPath().find(node => node instanceof HTMLAnchorElement && node.target);
    if (link) keepOut(event, link.href);
  };
  ui.keepLinks = () => window.addEventListener("click", keepLink);
  ui.keepLinks();

  // -- windows for data: URLs stay empty forever, since the browser blocks the navigation
  const nativeOpen = window.open;
  window.open = {
    open(url, ...passed) {
      if (isExternal(url ?? "")) {
        report({ event: "external link", url: String(url) });
        return null;
      }
      if (!/^\s*data:/i.test(String(url ?? ""))) return nativeOpen.call(window, url, ...passed);
      report({ event: "refused", what: "data window" });
      return nativeOpen.call(window, "", ...passed);
    },
  }.open;
})
