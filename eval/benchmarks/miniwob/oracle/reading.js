// Tasks that need reading and arithmetic.
const answer = (value) => first(() => fill(one("#math-answer") ?? one("#answer-input") ?? one("#tt"), String(value)), submit);

solvers["simple-arithmetic"] = () => {
  const [, a, sign, b] = textOf(one("#math-problem")).match(/(-?\d+)\s*([x+\-*÷/])\s*(-?\d+)/);
  return answer({ "+": Number(a) + Number(b), "-": a - b, x: a * b, "*": a * b }[sign]);
};
solvers["simple-algebra"] = () => {
  const [left, right] = textOf(one("#math-problem")).split("=").map((part) => part.trim());
  const [, a, sign, b] = left.match(/(\w+)\s*([x+\-*])\s*(\w+)/);
  const total = Number(right);
  if (sign === "+") return answer(total - Number(a === "x" ? b : a));
  return answer(a === "x" ? total + Number(b) : Number(a) - total);
};
solvers["visual-addition"] = () => answer(all(".addition-block").length);
solvers["text-transform"] = () => first(() => fill(one("#tt"), all("#captcha span").map((node) => node.textContent).join("")), submit);
solvers["find-word"] = (utterance) => answer(one("#area p").textContent.trim().split(/\s+/)[ordinal(utterance) - 1].replace(/[.,]/g, ""));
solvers["read-table"] = (utterance) => {
  const name = utterance.match(/value of (.*) into/)[1];
  return answer(textOf(all("#tab tr").map((row) => all("td", row)).find(([key]) => textOf(key) === name)[1]));
};
solvers["read-table-2"] = () => {
  const table = new Map(all("#tab tr").map((row) => all("td", row).map(textOf)));
  return first(...[1, 2].map((number) => () => fill(one(`#tt${number}`), table.get(one(`#ll${number}`).dataset.key))), submit);
};
solvers["scroll-text"] = () => answer(one("#text-area").value.trim().split(/\s+/).at(-1).replace(/[.,]+$/, ""));
const atEnd = (area) => area.scrollTop + area.clientHeight >= area.scrollHeight - 1;
solvers["scroll-text-2"] = (utterance) => {
  const area = one("#text-area");
  if (/top/.test(utterance) ? area.scrollTop <= 0 : atEnd(area)) return submit();
  return [{ scroll: center(area), direction: /top/.test(utterance) ? "up" : "down", amount: 10 }];
};
solvers["sign-agreement"] = (utterance) => {
  const area = one("#text-area"), [name, button] = quoted(utterance);
  if (!atEnd(area)) return [{ scroll: center(area), direction: "down", amount: 10 }];
  if (button === undefined) return click(one(/cancel/i.test(name) ? "#cancel" : "#agree"));
  return first(() => fill(one("#area input[type=text]"), name), () => click(one(/cancel/i.test(button) ? "#cancel" : "#agree")));
};
solvers["guess-number"] = () => {
  memory.low ??= 0;
  memory.high ??= 9;
  const bound = (id) => { const node = one(id); return isShown(node) ? Number(textOf(one("span", node))) : null; };
  const [lower, higher] = [bound("#lower"), bound("#higher")];
  if (lower !== null) memory.high = Math.min(memory.high, lower - 1);
  if (higher !== null) memory.low = Math.max(memory.low, higher + 1);
  const guess = Math.floor((memory.low + memory.high) / 2);
  return first(() => fill(one("#tt"), String(guess)), submit);
};
const copied = (from) => {
  const to = one("#answer-input");
  if (to.value === from.value && to.value) return submit();
  return [...click(from), { keys: ["ctrl", "a"] }, { keys: ["ctrl", "c"] }, ...click(to), { keys: ["ctrl", "v"] }];
};
solvers["copy-paste"] = () => copied(one("#to-copy"));
solvers["copy-paste-2"] = (utterance) => copied(one(`#text-${ordinal(utterance)}`));
const highlighted = (node) => {
  if (getSelection().toString().trim() === node.innerText.trim()) return submit();
  const range = document.createRange();
  range.selectNodeContents(node);
  const lines = [...range.getClientRects()].filter((box) => box.width > 1);
  const begin = lines[0], end = lines.at(-1);
  return drag([begin.x + 0.5, begin.y + begin.height / 2], [end.right + 4, end.y + end.height / 2]);
};
solvers["highlight-text"] = () => highlighted(one("#randomText"));
solvers["highlight-text-2"] = (utterance) => highlighted(all("#randomText p")[ordinal(utterance) - 1]);
solvers["terminal"] = (utterance) => {
  const extension = utterance.match(/ending with the extension (\S+)/)?.[1] ?? (/no file extension/.test(utterance) ? "" : utterance.match(/\.(\w[\w.]*)/)?.[1]);
  if (!memory.typed) { memory.typed = true; return [...click(one("#terminal")), { type: "ls\n" }]; }
  const files = all(".terminal-output").flatMap((node) => textOf(node).split(/\s+/)).filter((name) => /^[a-z]+(\.[\w.]+)?$/.test(name));
  const wanted = files.find((name) => (name.includes(".") ? name.slice(name.indexOf(".") + 1) : "") === extension.replace(/^\./, "").replace(/\.$/, ""));
  return wanted ? [{ type: `rm ${wanted}\n` }] : [{ wait: 0.3 }];
};
solvers["stock-market"] = (utterance) => {
  const [, sign, price] = utterance.match(/(less|greater) than(?: or equal to)? \$([\d.]+)/);
  const now = Number(textOf(one("#stock-price")).replace("$", ""));
  return (sign === "less" ? now <= Number(price) : now >= Number(price)) && now ? click(one("#buy")) : [{ wait: 0.4 }];
};
