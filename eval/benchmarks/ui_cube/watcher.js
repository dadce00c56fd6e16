(() => {
  // The page tests itself and writes the result into a hidden element.
  let reported = null;
  const report = (status) => {
    if (status === reported) return;
    reported = status;
    const when = performance.timeOrigin + performance.now();
    navigator.sendBeacon("/status", JSON.stringify({ path: location.pathname, status, when }));
  };
  report("loading");
  setInterval(() => {
    const texts = [...document.querySelectorAll(".font-mono.hidden")].map((element) => element.textContent);
    report(texts.includes("code#1") ? "passed" : texts.includes("code#0") ? "open" : "loading");
  }, 50);
})
