"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const $ = id => document.getElementById(id);
const PHASES = {
  capture: "#4c9f9b", encode: "#7fb069", model: "#4577b8", act: "#c97b3a", settle: "#d9b44a", log: "#9a7bb5", rest: "#9aa3a9",
};
const GOOD = ["finished"], WARN = ["needs_user", "cancelled", "step_limit", "time_limit", "token_limit", "infeasible"];
let at = 0, view = "before";

const make = (tag, text, attributes = {}) => {
  const element = document.createElement(tag);
  if (text !== undefined && text !== null) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};
const draw = (tag, attributes, text) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text) element.textContent = text;
  return element;
};
const total = step => Object.values(step.times).reduce((sum, seconds) => sum + seconds, 0);
const seconds = value => value >= 1 ? `${value.toFixed(1)} s` : `${Math.round(value * 1000)} ms`;

function head() {
  const { task, stop, reason, answer, facts, totals } = data.head;
  $("task").textContent = task;
  $("stop").textContent = stop.replaceAll("_", " ");
  $("stop").classList.add(GOOD.includes(stop) ? "good" : WARN.includes(stop) ? "warn" : "bad");
  $("reason").textContent = reason;
  $("answer").textContent = answer;
  $("totals").textContent = totals ?? `${data.steps.length} steps recorded`;
  for (const [name, value] of facts) if (value) $("facts").append(make("dt", name), make("dd", value));
  const most = Math.max(...data.steps.map(total), 0.001);
  data.steps.forEach((step, index) => {
    const bar = make("button", null, { type: "button", title: `step ${step.step}: ${seconds(total(step))}` });
    for (const [phase, value] of Object.entries(step.times)) {
      const part = make("i");
      part.style.height = `${value / most * 100}%`;
      part.style.background = PHASES[phase];
      bar.append(part);
    }
    bar.onclick = () => show(index);
    $("overview").append(bar);
  });
  for (const [phase, colour] of Object.entries(PHASES)) {
    const entry = make("span"), dot = make("i");
    dot.style.background = colour;
    entry.append(dot, phase);
    $("legend").append(entry);
  }
}

function list() {
  data.steps.forEach((step, index) => {
    const button = make("button", null, { type: "button" });
    const trouble = step.outcomes.some(outcome => !outcome.ok) ? "refused" : step.misread.length ? "misread" : "";
    button.append(make("b", step.step), make("span", step.said.join("; ") || "…"), make("em", trouble));
    button.onclick = () => show(index);
    $("list").append(button);
  });
}

// Marks are drawn in pixels of the screen, so they lie right at any size of the page.
function marks(step) {
  const svg = $("marks");
  const [width, height] = step.size;
  svg.replaceChildren();
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const unit = Math.max(width, height) / 1280;
  const colour = getComputedStyle(document.documentElement).getPropertyValue("--mark");
  const line = { fill: "none", stroke: colour, "stroke-width": 3 * unit, "vector-effect": "non-scaling-stroke" };
  if (view === "changes") {
    for (const [left, top, right, bottom] of step.regions) {
      svg.append(draw("rect", { ...line, x: left, y: top, width: right - left, height: bottom - top, fill: colour, "fill-opacity": 0.12 }));
    }
    for (const [left, top, right, bottom] of step.masked) {
      svg.append(draw("rect", { ...line, x: left, y: top, width: right - left, height: bottom - top, "stroke-dasharray": `${6 * unit}` }));
    }
    return;
  }
  if (view === "after") return;
  const label = (x, y, text) => {
    const size = 15 * unit, wide = text.length * size * 0.58 + 14 * unit;
    const left = Math.min(Math.max(x + 16 * unit, 0), Math.max(width - wide, 0));
    const top = Math.min(Math.max(y - 30 * unit, 0), height - 24 * unit);
    svg.append(draw("rect", { x: left, y: top, width: wide, height: 23 * unit, rx: 4 * unit, fill: colour }));
    svg.append(draw("text", { x: left + 7 * unit, y: top + 16.5 * unit, fill: "#fff", "font-size": size, "font-family": "system-ui, sans-serif" }, text));
  };
  const arrow = (x1, y1, x2, y2) => {
    svg.append(draw("line", { ...line, x1, y1, x2, y2 }));
    const turn = Math.atan2(y2 - y1, x2 - x1), size = 14 * unit;
    const wing = side => `${x2 - size * Math.cos(turn + side)},${y2 - size * Math.sin(turn + side)}`;
    svg.append(draw("polyline", { ...line, points: `${wing(0.5)} ${x2},${y2} ${wing(-0.5)}` }));
  };
  let last = [width / 2, height / 2];
  step.actions.forEach((action, index) => {
    const point = action.at ?? action.to;
    const [x, y] = point ?? last;
    if (action.type === "drag") {
      action.path.slice(1).forEach((end, number) => arrow(...action.path[number], ...end));
      last = action.path.at(-1);
    } else if (action.type === "scroll") {
      const length = 70 * unit;
      const [dx, dy] = { up: [0, -1], down: [0, 1], left: [-1, 0], right: [1, 0] }[action.direction];
      arrow(x, y, x + dx * length, y + dy * length);
      label(x, y, `scroll ${action.direction} ${action.amount}`);
    } else if (point) {
      for (let ring = 0; ring < Math.min(action.count ?? 1, 3); ring++) {
        svg.append(draw("circle", { ...line, cx: x, cy: y, r: (14 + 7 * ring) * unit }));
      }
      svg.append(draw("circle", { cx: x, cy: y, r: 3.5 * unit, fill: colour, "data-mark": index }));
      if ((action.button ?? "left") !== "left") label(x, y, action.button);
      last = [x, y];
    } else {
      label(...last, step.said[index].length > 60 ? step.said[index].slice(0, 59) + "…" : step.said[index]);
    }
  });
}

function panel(step) {
  const box = $("panel");
  box.replaceChildren();
  const section = (title, ...content) => {
    const part = make("div");
    part.append(make("h2", title), ...content);
    box.append(part);
  };
  const folded = (title, text) => {
    const details = make("details");
    details.append(make("summary", title), make("pre", text));
    return details;
  };
  if (step.thought || step.reflection || step.reasoning) {
    const parts = [make("p", step.thought ?? "", { class: "thought" })];
    if (step.reflection) parts.push(folded("reflection", step.reflection));
    if (step.reasoning) parts.push(folded("reasoning", step.reasoning));
    section("thought", ...parts);
  }
  const doing = step.said.map(text => make("p", text, { class: "said" }));
  for (const outcome of step.outcomes) doing.push(make("p", outcome.text, { class: outcome.ok ? "ok" : "no" }));
  for (const problem of step.misread) doing.push(make("p", `unreadable reply: ${problem}`, { class: "no" }));
  section("action", ...(doing.length ? doing : [make("p", "the run broke off here", { class: "no" })]));
  if (step.change !== null) section("what changed", make("p", step.change));
  if (step.noted.length) section("what the loop did", ...step.noted.map(text => make("p", text)));
  if (step.notes.length) section("told to the model", ...step.notes.map(note => make("p", note)));
  if (step.points.length) section("points, in every space", points(step));
  section("time", ...times(step));
  const more = [make("p", `${step.size[0]} x ${step.size[1]} px`)];
  if (step.location) more.unshift(make("p", step.location));
  if (step.tokens.prompt) more.push(make("p", `${step.tokens.prompt} tokens in (${step.tokens.cached} cached), ${step.tokens.completion} out`));
  const purposes = { act: "raw reply", zoom: "raw reply to the magnified crop", summarize: "summary of earlier steps" };
  step.replies.forEach(([purpose, reply], index) => more.push(folded(purposes[purpose] + (purpose === "act" && index ? `, ${index + 1}` : ""), reply)));
  section("screen and reply", ...more);
}

function points(step) {
  const table = make("table");
  const pair = ([x, y]) => `${+x.toFixed(2)}, ${+y.toFixed(2)}`;
  const row = (tag, cells) => { const line = make("tr"); cells.forEach(cell => line.append(make(tag, cell))); table.append(line); };
  row("th", ["model", "image", "screen", "device"]);
  for (const point of step.points) {
    row("td", [pair(point.model), pair(point.image), pair(point.screen) + (point.clamped ? " (clamped)" : ""), pair(point.device)]);
  }
  return table;
}

function times(step) {
  const whole = total(step) || 1, track = make("div", null, { class: "track" }), words = make("p", null, { class: "times" });
  for (const [phase, value] of Object.entries(step.times)) {
    const part = make("div"), word = make("span"), dot = make("i");
    part.style.cssText = `width:${value / whole * 100}%;background:${PHASES[phase]}`;
    dot.style.background = PHASES[phase];
    word.append(dot, `${phase} ${seconds(value)}`);
    track.append(part);
    words.append(word);
  }
  return [make("p", seconds(total(step))), track, words];
}

function show(index) {
  at = Math.min(Math.max(index, 0), data.steps.length - 1);
  const step = data.steps[at];
  if (!step) { $("where").textContent = "no steps"; return; }
  const name = view === "before" ? step.picture : step.after ?? step.picture;
  $("picture").src = data.pictures[name];
  $("picture").alt = `The screen at step ${step.step}: ${step.said.join("; ")}`;
  $("where").textContent = `step ${step.step} of ${data.steps.at(-1).step}`;
  for (const button of document.querySelectorAll("[data-view]")) button.setAttribute("aria-pressed", String(button.dataset.view === view));
  for (const group of ["list", "overview"]) {
    [...$(group).children].forEach((child, number) => number === at ? child.setAttribute("aria-current", "step") : child.removeAttribute("aria-current"));
  }
  $("list").children[at]?.scrollIntoView({ block: "nearest", inline: "nearest" });
  marks(step);
  panel(step);
  history.replaceState(null, "", `#step-${step.step}`);
}

function look(which) { view = which; show(at); }

document.addEventListener("keydown", event => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const moves = { ArrowRight: at + 1, j: at + 1, ArrowLeft: at - 1, k: at - 1, Home: 0, End: data.steps.length - 1 };
  if (event.key in moves) { event.preventDefault(); show(moves[event.key]); }
  if (event.key === " " && !["BUTTON", "SUMMARY"].includes(event.target.tagName)) { event.preventDefault(); look(view === "before" ? "after" : "before"); }
});
let touched = null;
$("shot").addEventListener("touchstart", event => { touched = event.touches[0].clientX; }, { passive: true });
$("shot").addEventListener("touchend", event => {
  const moved = event.changedTouches[0].clientX - (touched ?? 0);
  if (touched !== null && Math.abs(moved) > 60) show(at + (moved < 0 ? 1 : -1));
  touched = null;
});
$("previous").onclick = () => show(at - 1);
$("next").onclick = () => show(at + 1);
for (const button of document.querySelectorAll("[data-view]")) button.onclick = () => look(button.dataset.view);
$("theme").onclick = () => {
  const dark = getComputedStyle(document.documentElement).getPropertyValue("--paper").trim() === "#15181a";
  document.documentElement.dataset.theme = dark ? "light" : "dark";
  if (data.steps.length) marks(data.steps[at]);
};
head();
list();
const wanted = data.steps.findIndex(step => `#step-${step.step}` === location.hash);
show(wanted >= 0 ? wanted : 0);
