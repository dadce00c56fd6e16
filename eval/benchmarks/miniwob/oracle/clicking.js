// Tasks solved by clicking.
const buttonNamed = (text) => withText("button", text);

solvers["click-test"] = () => click(one("#subbtn"));
solvers["click-test-2"] = solvers["click-test-transfer"] = (utterance) => click(buttonNamed(utterance.match(/button (\w+)/)[1]));
solvers["click-button"] = solvers["unicode-test"] = (utterance) => click(buttonNamed(quoted(utterance)[0]));
solvers["click-button-sequence"] = () => [...click(buttonNamed("ONE")), ...click(buttonNamed("TWO"))];
solvers["button-delay"] = (utterance) => [...click(buttonNamed("ONE")), { wait: Number(utterance.match(/(\d+) second/)[1]) + 0.3 }, ...click(buttonNamed("TWO"))];
solvers["click-dialog"] = () => click(one(".ui-dialog-titlebar-close"));
solvers["click-dialog-2"] = (utterance) => {
  const name = quoted(utterance)[0];
  return click(name === "x" ? one(".ui-dialog-titlebar-close") : withText(".ui-dialog button", name));
};
solvers["click-link"] = (utterance) => click(withText(".alink", quoted(utterance)[0]));
solvers["click-color"] = (utterance) => click(one(`.color[data-color="${utterance.match(/the (\w+) colored/)[1]}"]`));
solvers["click-tab"] = (utterance) => click(withText(".ui-tabs-anchor", utterance.match(/Tab #\d+/)[0]));
solvers["click-tab-2"] = solvers["click-tab-2-easy"] = solvers["click-tab-2-medium"] = solvers["click-tab-2-hard"] = (utterance) => {
  const link = all(".alink").find((node) => node.textContent.trim() === quoted(utterance)[0]);
  if (!link) return click(all(".ui-tabs-anchor")[1]); // its panel is empty, and opening it counts
  const panel = link.closest(".ui-tabs-panel");
  return isShown(link) ? click(link) : click(one(`a[href="#${panel.id}"]`));
};
solvers["click-collapsible"] = solvers["click-collapsible-nodelay"] = () => {
  if (memory.opened) return isShown(submitter()) && clickPoint(submitter()) ? submit() : [{ wait: 0.3 }];
  memory.opened = true;
  return click(one("h3"));
};
solvers["click-collapsible-2"] = solvers["click-collapsible-2-nodelay"] = (utterance) => {
  const link = all(".alink").find((node) => node.textContent.trim() === quoted(utterance)[0]);
  if (isShown(link)) return clickPoint(link) ? click(link) : wheelTo(link) ?? [{ wait: 0.3 }];
  const head = one(`#${link.closest(".ui-accordion-content").getAttribute("aria-labelledby")}`);
  return [...(click(head) ?? []), { wait: 0.5 }];
};
solvers["click-widget"] = (utterance) => {
  const kind = quoted(utterance)[0];
  return click(one(`[data-type="${kind}"]`));
};
solvers["focus-text"] = () => click(one("#tt"));
solvers["focus-text-2"] = (utterance) => click(all("input")[ordinal(utterance) - 1]);
solvers["grid-coordinate"] = (utterance) => click(document.getElementById(utterance.match(/\(-?\d+,-?\d+\)/)[0]));
solvers["ascending-numbers"] = () => {
  const texts = all("#area_svg text");  // a click covers them
  return texts.sort((a, b) => Number(a.textContent) - Number(b.textContent)).map((node) => ({ click: center(node) }));
};
solvers["navigate-tree"] = (utterance) => {
  const name = quoted(utterance)[0];
  const target = all("#tree span").find((node) => node.textContent.trim() === name);
  if (isShown(target)) return click(target);
  const closed = [];
  for (let up = target.parentElement.parentElement; up.id !== "tree"; up = up.parentElement) if (up.tagName === "UL" && !isShown(up)) closed.push(up);
  const outer = closed.reverse().find((list) => isShown(list.parentElement));
  return [...click(one(":scope > .hitarea", outer.parentElement)), { wait: 0.4 }];
};
solvers["click-menu"] = (utterance) => {
  const path = utterance.replace(/^Select /, "").split(">").map((part) => part.trim());
  const item = (name) => all(".ui-menu-item-wrapper").find((node) => isShown(node) && node.textContent.trim() === name);
  const reached = path.filter((name) => item(name));
  const next = item(reached.at(-1));
  if (reached.length === path.length) return [{ move: center(item(path.at(-2) ?? path[0])) }, ...click(next)];
  return [{ move: center(next) }, { wait: 0.6 }];
};
const openMenuTo = (target) => {
  if (!isShown(one("#menu"))) return [...click(one("#open-menu")), { wait: 0.5 }];
  if (isShown(target)) {
    const parent = target.parentElement.closest("ul").id === "menu" ? null : target.parentElement.closest("ul").parentElement.firstElementChild;
    return [...(parent ? [{ move: center(parent) }] : []), ...click(target)];
  }
  return [{ move: center(target.parentElement.closest("ul").parentElement.firstElementChild) }, { wait: 0.7 }];
};
solvers["click-menu-2"] = (utterance) => {
  const items = all("#menu .ui-menu-item-wrapper");
  const name = quoted(utterance)[1];
  const icon = one("#query .ui-icon")?.classList[1];
  return openMenuTo(items.find((node) => (icon && !name ? one(`.${icon}`, node) : node.textContent.trim() === name)));
};
solvers["click-pie"] = solvers["click-pie-nodelay"] = (utterance) => {
  const label = all("#divWheel text").find((node) => node.textContent.trim() === quoted(utterance)[0] && isShown(node) && node.getBoundingClientRect().width > 2);
  if (label && memory.opened) { const [x, y] = center(label); return [{ click: [x, y] }]; }
  memory.opened = true;
  const wheel = one("#divWheel svg").getBoundingClientRect();
  const plus = all("#divWheel text").find((node) => node.textContent.trim() === "+");
  return [{ click: plus ? center(plus) : [wheel.x + 78, wheel.y + 78] }, { wait: 1.2 }];
};

// Drawn shapes, described as `size colour kind`.
const KINDS = { circle: "circle", rectangle: "rect", triangle: "polygon" };
const isSmall = (node) => node.tagName === "text" ? parseFloat(node.getAttribute("font-size")) <= 10 : node.getBBox().width <= 10.5;
const fits = (words) => (node) => words.every((word) => {
  const noun = word.replace(/s$/, "");
  if (word === "small" || word === "large") return isSmall(node) === (word === "small");
  if (noun in KINDS) return node.tagName === KINDS[noun];
  if (noun === "letter") return node.tagName === "text" && /[a-z]/i.test(node.textContent);
  if (noun === "digit") return node.tagName === "text" && /\d/.test(node.textContent);
  if (noun === "item" || noun === "shape") return noun === "item" || node.tagName !== "text";
  if (node.tagName === "text" && (node.textContent === word || node.textContent === noun)) return true;
  return node.getAttribute("fill") === word || node.getAttribute("fill") === noun;
});
const drawnShapes = () => all("#area_svg > *").filter((node) => node.id !== "shape-container");
solvers["click-shape"] = (utterance) => click(drawnShapes().find(fits(utterance.replace(/^Click on an? /, "").split(" "))));
solvers["count-shape"] = (utterance) => {
  const words = utterance.match(/How many (.*) are there/)[1].split(" ");
  return click(buttonNamed(String(drawnShapes().filter(fits(words)).length)));
};
solvers["identify-shape"] = () => {
  const node = drawnShapes()[0];
  const kind = node.tagName === "text" ? (/\d/.test(node.textContent) ? "digit" : "letter") : Object.keys(KINDS).find((name) => KINDS[name] === node.tagName);
  return click(one(`[data-type="${kind}"]`));
};
solvers["odd-or-even"] = () => {
  const row = all(".row")[memory.row ?? 0];
  if (!row) return submit();
  memory.row = (memory.row ?? 0) + 1;
  return click(one(Number(textOf(one(".display-number", row))) % 2 ? ".odd" : ".even", row)) ?? [{ wait: 0.1 }];
};
solvers["find-greatest"] = () => {
  const cards = all(".card").sort((a, b) => Number(b.textContent) - Number(a.textContent));
  return first(() => (cards[0].classList.contains("hidden") ? click(cards[0]) : null), submit);
};
solvers["generate-number"] = (utterance) => {
  const value = Number(textOf(one("#display-number")));
  const bound = Number(utterance.match(/-?\d+/)?.[0]);
  const fine = /even/.test(utterance) ? value % 2 === 0 : /odd/.test(utterance) ? Math.abs(value % 2) === 1 : /greater/.test(utterance) ? value > bound : value < bound;
  return fine ? submit() : click(one("#generate"));
};
solvers["social-media"] = (utterance) => {
  const user = utterance.match(/(@\S+?),? /)[1];
  const post = all(".media").find((node) => textOf(one(".username", node)) === user);
  const name = quoted(utterance)[0];
  const kind = { Reply: "reply", Retweet: "retweet", Like: "like", "Share via DM": "share", "Copy link to Tweet": "copy", "Embed Tweet": "embed", Report: "report" }[name] ?? (name === "More" ? "more" : /^Mute/.test(name) ? "menu-user" : "block-user");
  const target = one(`.${kind}`, post);
  return isShown(target) ? click(target) : click(one(".more", post));
};
solvers["social-media-all"] = solvers["social-media-some"] = (utterance) => {
  const user = utterance.match(/by (@\S+)/)[1];
  const kind = { Reply: "reply", Retweet: "retweet", Like: "like", Share: "share" }[quoted(utterance)[0]];
  const posts = all(".media").filter((node) => textOf(one(".username", node)) === user);
  const wanted = /all posts/.test(utterance) ? posts.length : Number(utterance.match(/on (\d+) post/)[1]);
  memory.done ??= 0;
  if (memory.done >= wanted) return submit();
  const target = one(`.${kind}`, posts[memory.done]);
  const steps = click(target);
  if (steps?.[0].click) memory.done += 1;
  return steps;
};
solvers["phone-book"] = (utterance) => {
  const name = utterance.match(/Find (.+?) in the/)[1];
  const kind = utterance.match(/their (\w+)/)[1].replace(/ number/, "");
  const shown = all("#contact h2").find((node) => textOf(node) === name);
  return click(shown ? one(`.${kind}`, shown.parentElement) : one(".page-item.next a"));
};
solvers["buy-ticket"] = (utterance) => {
  const value = (node) => /duration/.test(utterance) ? Number(one(".time-duration", node).dataset.duration) : Number(one(".buy-ticket", node).dataset.price);
  const sorted = all(".flight").sort((a, b) => value(a) - value(b));
  return click(one(".buy-ticket", /cheapest|shortest/.test(utterance) ? sorted[0] : sorted.at(-1)));
};
solvers["order-food"] = (utterance) => {
  const byName = all(".food-item").filter((node) => utterance.includes(node.dataset.item));
  const count = Number(utterance.match(/Order (\d+) items?/)?.[1] ?? 0);
  const kind = utterance.match(/that are (\S+)/)?.[1] ?? utterance.match(/items? (?:with|containing|that contains?) (\S+)/)?.[1];
  const chosen = byName.length ? byName : all(".food-item").filter((node) => one(`img[alt="${kind}"]`, node));
  memory.added ??= [];
  const each = (node) => Number(utterance.match(new RegExp(`(\\d+) ${node.dataset.item}`))?.[1] ?? 1);
  const todo = byName.length ? chosen.flatMap((node) => repeat(each(node), node)) : Array.from({ length: count }, (_, index) => chosen[index % chosen.length]);
  if (memory.added.length >= todo.length) return click(one("#submit-order button"));
  const steps = click(one(".add", todo[memory.added.length]));
  if (steps?.[0].click) memory.added.push(1);
  return steps;
};
solvers["circle-center"] = () => {
  const circle = one(".black-circle");
  return once("put", () => [{ click: center(circle) }]) ?? submit();
};
solvers["find-midpoint"] = () => {
  const [a, b] = all(".black-circle").map(center);
  return once("put", () => [{ click: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2] }]) ?? submit();
};
const towards = (from, to, length) => { const d = Math.hypot(to[0] - from[0], to[1] - from[1]); return [(length * (to[0] - from[0])) / d, (length * (to[1] - from[1])) / d]; };
const withinGrid = ([x, y]) => { const box = one("#svg-grid").getBoundingClientRect(); return x > box.x + 2 && y > box.y + 2 && x < box.right - 2 && y < box.bottom - 2 && inView([x, y]); };
solvers["bisect-angle"] = () => {
  const vertex = center(one(".init-blue")), [a, b] = all(".init-black").map(center);
  const [u, v] = [towards(vertex, a, 1), towards(vertex, b, 1)];
  const way = towards([0, 0], [u[0] + v[0], u[1] + v[1]], 1);
  const at = [70, 60, 50, 40, 30, 20].map((far) => [vertex[0] + far * way[0], vertex[1] + far * way[1]]).find(withinGrid);
  return once("put", () => [{ click: at }]) ?? submit();
};
solvers["right-angle"] = () => {
  const vertex = center(one("#init-blue")), a = center(one("#init-black"));
  const [x, y] = towards(vertex, a, 1);
  const at = [60, 50, 40, 30, 20].flatMap((far) => [[vertex[0] - far * y, vertex[1] + far * x], [vertex[0] + far * y, vertex[1] - far * x]]).find(withinGrid);
  return once("put", () => [{ click: at }]) ?? submit();
};
solvers["tic-tac-toe"] = () => {
  const cells = Array.from({ length: 9 }, (_, index) => one(`#ttt-${index}`));
  const mark = cells.map((cell) => (cell.classList.contains("mark-x") ? "x" : cell.classList.contains("mark-o") ? "o" : ""));
  const lines = [[0, 1, 2], [3, 4, 5], [6, 7, 8], [0, 3, 6], [1, 4, 7], [2, 5, 8], [0, 4, 8], [2, 4, 6]];
  const third = (who) => { for (const line of lines) { const free = line.filter((cell) => !mark[cell]); if (free.length === 1 && line.filter((cell) => mark[cell] === who).length === 2) return free[0]; } return undefined; };
  const forks = [4, 0, 2, 6, 8, 1, 3, 5, 7].filter((cell) => !mark[cell]).map((cell) => [cell, lines.filter((line) => line.includes(cell) && line.every((other) => mark[other] !== "o")).length]);
  const best = third("x") ?? third("o") ?? forks.sort((a, b) => b[1] - a[1])[0]?.[0];
  return best === undefined ? null : click(cells[best]);
};
solvers["hover-shape"] = () => [{ move: center(one("#highlight") ?? one(".highlight-green")) }];
