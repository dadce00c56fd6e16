const data = JSON.parse(byId("data").textContent);
byId("theme").onclick = toggleTheme;
