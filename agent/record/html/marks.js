const MAX_LABEL = 60;

/** An empty drawing over a screenshot of `size`; returns the pixels of the screenshot in a CSS pixel of the figure. */
function clearMarks(svg, [width, height]) {
  svg.replaceChildren();
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  return width / svg.parentElement.clientWidth;
}

const markStroke = { fill: "none", stroke: "var(--mark)", "stroke-width": 3, "vector-effect": "non-scaling-stroke" };

// Points are in screenshot pixels, so marks fit the image at any page width; sizes are in CSS pixels (`unit`).
/** Draws `actions` on a screenshot; `descriptions` are shown for those without a point. */
function drawActions(svg, [width, height], unit, actions, descriptions) {
  const label = (x, y, text) => {
    const size = 13 * unit, labelWidth = text.length * size * 0.58 + 14 * unit;
    const left = Math.min(Math.max(x + 16 * unit, 0), Math.max(width - labelWidth, 0));
    const top = Math.min(Math.max(y - 30 * unit, 0), height - 24 * unit);
    svg.append(svgElement("rect", { x: left, y: top, width: labelWidth, height: 23 * unit, rx: 4 * unit, fill: "var(--mark)" }));
    svg.append(svgElement("text", { x: left + 7 * unit, y: top + 16 * unit, fill: "#fff", "font-size": size, "font-family": "system-ui, sans-serif" }, text));
  };
  const arrow = (x1, y1, x2, y2) => {
    svg.append(svgElement("line", { ...markStroke, x1, y1, x2, y2 }));
    const angle = Math.atan2(y2 - y1, x2 - x1), size = 14 * unit;
    const barb = (side) => `${x2 - size * Math.cos(angle + side)},${y2 - size * Math.sin(angle + side)}`;
    svg.append(svgElement("polyline", { ...markStroke, points: `${barb(0.5)} ${x2},${y2} ${barb(-0.5)}` }));
  };
  let pointer = [width / 2, height / 2];
  actions.forEach((action, index) => {
    const point = action.at ?? action.to;
    const [x, y] = point ?? pointer;
    if (action.type === "drag") {
      action.path.slice(1).forEach((end, number) => arrow(...action.path[number], ...end));
      pointer = action.path.at(-1);
    } else if (action.type === "scroll") {
      const length = 70 * unit;
      const [dx, dy] = { up: [0, -1], down: [0, 1], left: [-1, 0], right: [1, 0] }[action.direction];
      arrow(x, y, x + dx * length, y + dy * length);
      label(x, y, `scroll ${action.direction} ${action.amount}`);
    } else if (point) {
      for (let ring = 0; ring < Math.min(action.count ?? 1, 3); ring++) {
        svg.append(svgElement("circle", { ...markStroke, cx: x, cy: y, r: (14 + 7 * ring) * unit }));
      }
      svg.append(svgElement("circle", { cx: x, cy: y, r: 3.5 * unit, fill: "var(--mark)", "data-mark": index }));
      if ((action.button ?? "left") !== "left") label(x, y, action.button);
      pointer = [x, y];
    } else {
      const text = descriptions[index], limit = Math.min(MAX_LABEL, Math.floor(width / unit / 8) - 2);
      label(...pointer, text.length > limit ? text.slice(0, limit - 1) + "…" : text);
    }
  });
}
