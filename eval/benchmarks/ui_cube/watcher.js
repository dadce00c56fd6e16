(() => {
  // The page tests itself, and says how it went in an element that nobody sees.
  let said = null;
  const tell = (status) => {
    if (status === said) return;
    said = status;
    const when = performance.timeOrigin + performance.now();
    navigator.sendBeacon("/status", JSON.stringify({ path: location.pathname, status, when }));
  };
  tell("loading");
  setInterval(() => {
    const texts = [...document.querySelectorAll(".font-mono.hidden")].map((element) => element.textContent);
    tell(texts.includes("code#1") ? "passed" : texts.includes("code#0") ? "open" : "loading");
  }, 50);
})
