// Tasks solved by dragging and drawing.
solvers["drag-circle"] = (utterance) => {
  const node = one(".black-circle");
  const [dx, dy] = { left: [-18, 0], right: [18, 0], up: [0, -18], down: [0, 18] }[utterance.match(/circle (\w+)/)[1]];
  return once("dragged", () => { const [x, y] = center(node); return drag([x, y], [x + dx, y + dy]); }) ?? submit();
};
solvers["drag-single-shape"] = (utterance) => {
  const node = one(".black-shape");
  const [dx, dy] = { left: [-18, 0], right: [18, 0], up: [0, -18], down: [0, 18] }[utterance.match(/item (\w+)/)[1]];
  return once("dragged", () => { const [x, y] = center(node); return drag([x, y], [x + dx, y + dy]); }) ?? submit();
};
solvers["drag-box"] = () => {
  const inner = one("#draggableSmall").getBoundingClientRect(), outer = one("#draggableLarge").getBoundingClientRect();
  const inside = inner.x > outer.x && inner.y > outer.y && inner.right < outer.right && inner.bottom < outer.bottom;
  return inside ? submit() : drag(clickPoint(one("#draggableSmall")) ?? center(one("#draggableSmall")), [
    outer.x + outer.width / 2 + ((clickPoint(one("#draggableSmall"))?.[0] ?? 0) - (inner.x + inner.width / 2)),
    outer.y + outer.height / 2 + ((clickPoint(one("#draggableSmall"))?.[1] ?? 0) - (inner.y + inner.height / 2)),
  ]);
};
const sortables = () => all("#sortable li");
const dropBefore = (item, place) => {
  const list = sortables(), from = list.indexOf(item);
  const to = list[place].getBoundingClientRect();
  const edge = from < place ? to.bottom - 2 : to.y + 2;
  const [x, y] = center(item);
  return [{ drag: [[x, y], [x, (y + edge) / 2], [x, edge], [x, edge + (from < place ? 1 : -1)]] }, { wait: 0.4 }];
};
solvers["drag-items"] = (utterance) => {
  const [, name, where] = utterance.match(/Drag (\w+) (.*)/);
  const list = sortables(), item = list.find((node) => textOf(node) === name), now = list.indexOf(item);
  const place = /up by one/.test(where) ? now - 1 : /down by one/.test(where) ? now + 1 : ordinal(where) - 1;
  return dropBefore(item, place);
};
solvers["drag-items-grid"] = (utterance) => {
  const [, name, where] = utterance.match(/Drag (\w+) (.*)\./);
  const list = sortables(), item = list.find((node) => textOf(node) === name), now = list.indexOf(item);
  const step = { "up by one": -3, "down by one": 3, "left by one": -1, "right by one": 1 }[where];
  const row = /top/.test(where) ? 0 : /bottom/.test(where) ? 2 : 1, column = /left/.test(where) ? 0 : /right/.test(where) ? 2 : 1;
  const place = step === undefined ? row * 3 + column : now + step;
  const to = center(list[place]), from = center(item);
  return [{ drag: [from, [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2], to, [to[0] + (place > now ? 3 : -3), to[1]]] }, { wait: 0.4 }];
};
solvers["drag-sort-numbers"] = () => {
  const list = sortables().map((node) => Number(textOf(node)));
  const sorted = [...list].sort((a, b) => a - b);
  const wrong = list.findIndex((value, index) => value !== sorted[index]);
  return wrong < 0 ? submit() : dropBefore(sortables()[list.indexOf(sorted[wrong])], wrong);
};
solvers["drag-shapes"] = solvers["drag-shapes-2"] = (utterance) => {
  const kinds = { circles: "circle", rectangles: "rect", triangles: "polygon" };
  const boxes = all("#shape-container").map((node) => node.getBoundingClientRect());
  const what = utterance.match(/all (\w+) (?:shapes )?into/)[1];
  const isWanted = (node) => (what in kinds ? node.tagName === kinds[what] : node.getAttribute("fill") === what);
  const home = (node) => (isWanted(node) ? 0 : boxes.length > 1 ? 1 : null);
  const goal = boxes;
  const isIn = (node, box) => { const [x, y] = center(node); return x > box.x + 4 && y > box.y + 4 && x < box.right - 4 && y < box.bottom - 4; };
  const shapes = drawnShapes();
  const next = shapes.find((node) => home(node) !== null && !isIn(node, goal[home(node)]));
  if (!next) return submit();
  const box = goal[home(next)], place = shapes.indexOf(next);
  const columns = 3, column = place % columns, row = Math.floor(place / columns) % 2;
  return drag(clickPoint(next) ?? center(next), [box.x + ((column + 1) * box.width) / (columns + 1), box.y + ((row + 1) * box.height) / 3]);
};
solvers["draw-line"] = (utterance) => {
  const [x, y] = center(one("#circ")), box = one("#area svg").getBoundingClientRect();
  const isUpright = /vertical/.test(utterance);
  const reach = isUpright ? Math.min(y - box.y, box.bottom - y, 32) - 3 : Math.min(x - box.x, box.right - x, 40) - 3;
  const path = Array.from({ length: 21 }, (_, index) => { const way = ((index - 10) / 10) * reach; return isUpright ? [x, y + way] : [x + way, y]; });
  return once("drawn", () => [{ drag: path }]) ?? submit();
};
solvers["draw-circle"] = () => {
  const [x, y] = center(one("#circ")), box = one("#area svg").getBoundingClientRect();
  const radius = Math.min(x - box.x, box.right - x, y - box.y, box.bottom - y, 30) - 3;
  const path = Array.from({ length: 41 }, (_, index) => [x + radius * Math.cos((index * Math.PI) / 20), y + radius * Math.sin((index * Math.PI) / 20)]);
  return once("drawn", () => [{ drag: path }]) ?? submit();
};
solvers["resize-textarea"] = (utterance) => {
  const [x, y] = center(one(".ui-resizable-se"));
  const by = /larger/.test(utterance) ? 20 : -20;
  return once("dragged", () => drag([x, y], /height/.test(utterance) ? [x, y + by] : [x + by, y])) ?? submit();
};
