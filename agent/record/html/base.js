const data = JSON.parse(byId("data").textContent);
byId("theme").onclick = toggleTheme;

/** The text of a part at the end of the page; waits for it while the page is still loading. */
async function part(name) {
  for (;;) {
    const found = byId(`part-${name}`);
    if (found?.nextElementSibling || document.readyState !== "loading") return found?.textContent ?? "";
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
}
