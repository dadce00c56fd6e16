"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const [A, B] = data.runs;
const both = Boolean(B);
const letters = ["A", "B"];
const byId = (id) => document.getElementById(id);
const percent = (share) => (100 * share).toFixed(1) + " %";
const COLOURS = { look: "#4c78a8", encode: "#72b7b2", model: "#f58518", act: "#54a24b", settle: "#b279a2", log: "#9d755d", rest: "#bab0ac" };

/** An element; children are nodes or text, which is never read as HTML. */
function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "style") node.style.cssText = value;
    else if (name.startsWith("on")) node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

function drawn(tag, attributes, text) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

/** A share with its interval, as a scale from 0 to 1. */
function scale([value, low, high], of = 0) {
  const said = `${percent(value)}, 95 % interval ${percent(low)} to ${percent(high)}`;
  return make("div", { class: `scale of-${"ab"[of]}`, role: "img", "aria-label": said, title: said },
    make("i", { style: `left:${100 * low}%;width:${100 * (high - low)}%` }),
    make("b", { style: `left:${100 * value}%` }));
}

function head(run, index) {
  const total = run.total;
  const facts = [
    `95 %: ${percent(total.success[1])} to ${percent(total.success[2])} (Wilson)`,
    run.tasks.length > 1 ? `drawing whole tasks ${percent(run.overTasks[1])} to ${percent(run.overTasks[2])}` : "",
    total.score === null ? "" : `mean score ${total.score.toFixed(3)}`,
    `${total.steps.toFixed(1)} steps an episode`,
    ...run.passes.filter(([k]) => k > 1).map(([k, any, all]) => `at least one of ${k}: ${percent(any)}, all of ${k}: ${percent(all)}`),
    run.usage.in ? `${run.usage.in.toLocaleString("en")} tokens in (${percent(run.usage.cached / run.usage.in)} cached), ${run.usage.out.toLocaleString("en")} out` : "",
    run.cost === null ? "" : `cost ${run.cost.toFixed(2)}`,
  ];
  const warnings = [
    total.episodes < run.planned ? `${run.planned - total.episodes} of ${run.planned} episodes are still to be done` : "",
    total.errors ? `${total.errors} were broken by the machinery and count as not done; without them ${percent(run.judged[0])}` : "",
    run.retried ? `${run.retried} were broken by it at first, and done again` : "",
  ].filter(Boolean);
  return make("div", { class: "head" },
    both ? make("h3", {}, `${letters[index]}  ${run.name}`) : null,
    make("div", { class: "line" },
      make("span", { class: "figure" }, percent(total.success[0])),
      make("span", {}, `${total.done} of ${total.episodes} episodes done`)),
    scale(total.success, index),
    make("p", { class: "soft" }, facts.filter(Boolean).join(" · ")),
    warnings.length ? make("p", { class: "warn" }, warnings.join(" · ")) : null);
}

/** The share of all episodes that were done within x. */
function curve(title, of, unit) {
  const width = 360, height = 190, left = 38, bottom = 26, top = 8, right = 10;
  const most = Math.max(...data.runs.flatMap((run) => run.episodes.map(of)), 1e-9);
  const svg = drawn("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title });
  const x = (value) => left + (value / most) * (width - left - right);
  const y = (share) => top + (1 - share) * (height - top - bottom);
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    svg.append(drawn("line", { x1: left, x2: width - right, y1: y(share), y2: y(share), stroke: "var(--line)" }));
    svg.append(drawn("text", { x: left - 5, y: y(share) + 4, "text-anchor": "end" }, `${100 * share} %`));
  }
  for (const part of [0, 0.5, 1]) {
    svg.append(drawn("text", { x: x(part * most), y: height - 8, "text-anchor": part === 1 ? "end" : "middle" }, `${+(part * most).toPrecision(3)} ${part === 1 ? unit : ""}`));
  }
  data.runs.forEach((run, index) => {
    const at = run.episodes.filter((one) => one.done).map(of).sort((a, b) => a - b);
    let path = `M${x(0)} ${y(0)}`;
    at.forEach((value, rank) => { path += `H${x(value).toFixed(1)}V${y((rank + 1) / run.episodes.length).toFixed(1)}`; });
    path += `H${x(most)}`;
    svg.append(drawn("path", { d: path, fill: "none", stroke: `var(--${"ab"[index]})`, "stroke-width": 2 }));
  });
  return make("div", { class: "card" }, make("h3", {}, title), svg);
}

function times() {
  const card = make("div", { class: "card" }, make("h3", {}, "Where the seconds of an episode go"));
  data.runs.forEach((run, index) => {
    const all = Object.values(run.phases).reduce((a, b) => a + b, 0) || 1;
    const episodes = Math.max(1, run.total.episodes);
    if (both) card.append(make("p", { class: "soft" }, letters[index]));
    card.append(make("div", { class: "track" }, Object.entries(run.phases).map(([name, seconds]) =>
      make("div", { style: `width:${(100 * seconds) / all}%;background:${COLOURS[name]}`, title: `${name} ${(seconds / episodes).toFixed(2)} s` }))));
    card.append(make("p", { class: "legend" }, Object.entries(run.phases).map(([name, seconds]) =>
      make("span", {}, make("i", { style: `background:${COLOURS[name]}` }), `${name} ${(seconds / episodes).toFixed(2)} s`))));
  });
  return card;
}

/** A table whose columns sort: each column is [title, value of a row, cell of a row]. */
function table(rows, columns, first = 0) {
  const body = make("tbody");
  let by = null, up = true;
  const draw = () => {
    const sorted = by === null ? rows : [...rows].sort((a, b) => {
      const [one, other] = [columns[by][1](a), columns[by][1](b)];
      return (one < other ? -1 : one > other ? 1 : 0) * (up ? 1 : -1);
    });
    body.replaceChildren(...sorted.map((row) => make("tr", {}, columns.map(([, , cell]) => make("td", { class: "number" }, cell(row))))));
  };
  const heads = columns.map(([title], index) => make("th", {
    tabindex: 0, onclick: () => { up = by === index ? !up : index === first; by = index; draw(); },
    onkeydown: (event) => { if (event.key === "Enter") event.currentTarget.click(); },
  }, title));
  draw();
  return make("div", { class: "wide" }, make("table", {}, make("thead", {}, make("tr", {}, heads)), body));
}

function shares(kind) {
  const others = new Map((B ? B[kind] : []).map((share) => [share.name, share]));
  const rows = A[kind].map((share) => [share, others.get(share.name)]);
  const columns = [
    ["name", ([one]) => one.name, ([one]) => one.name],
    ["episodes", ([one]) => one.episodes, ([one]) => one.episodes],
    [both ? "A" : "done", ([one]) => one.success[0], ([one]) => percent(one.success[0])],
    ["", ([one]) => one.success[0], ([one, other]) => [scale(one.success), other ? scale(other.success, 1) : null]],
  ];
  if (both) {
    columns.splice(3, 0, ["B", ([, other]) => (other ? other.success[0] : -1), ([, other]) => (other ? percent(other.success[0]) : "-")]);
    columns.push(["B less A", ([one, other]) => (other ? other.success[0] - one.success[0] : 0), ([one, other]) => (other ? (100 * (other.success[0] - one.success[0])).toFixed(1) : "-")]);
  } else {
    columns.push(["score", ([one]) => one.score ?? -9, ([one]) => (one.score === null ? "-" : one.score.toFixed(3))]);
    columns.push(["steps", ([one]) => one.steps, ([one]) => one.steps.toFixed(1)]);
    columns.push(["errors", ([one]) => one.errors, ([one]) => one.errors || ""]);
  }
  return table(rows, columns);
}

function counts(title, of) {
  const names = [...new Set(data.runs.flatMap((run) => Object.keys(run[of])))];
  if (!names.length) return null;
  const columns = [["", (name) => name, (name) => name.replaceAll("_", " ")]];
  data.runs.forEach((run, index) => columns.push([both ? letters[index] : "episodes", (name) => run[of][name] || 0, (name) => run[of][name] || 0]));
  return make("div", { class: "card" }, make("h3", {}, title), table(names, columns));
}

const key = (one) => `${one.task}/${one.seed}${one.trial ? "." + one.trial : ""}`;

function strip(one) {
  if (!one.moments.length) return null;
  if (!one.strip) return make("p", { class: "soft" }, "Its pictures are in the folder of the episode.");
  const [width, height] = data.frame;
  return make("div", { class: "strip" }, one.moments.map(([step, did], place) => make("figure", {},
    make("div", { style: `width:${width}px;height:${height}px;background-image:url(${one.strip});background-position:-${place * width}px 0` }),
    make("figcaption", {}, `${step}  ${did}`))));
}

function episode([index, one]) {
  const state = one.done === null ? ["warn", "broken"] : one.done ? ["good", "done"] : ["bad", "not done"];
  return make("article", { class: "episode" },
    make("div", { class: "line" },
      both ? make("b", {}, letters[index]) : null,
      make("b", {}, key(one)), make("span", { class: `badge ${state[0]}` }, state[1]),
      one.triage ? make("span", { class: "badge soft" }, one.triage[0]) : null,
      make("span", { class: "soft" }, `${one.stop.replaceAll("_", " ")} · ${one.steps} steps · ${one.seconds.toFixed(1)} s${one.score === null ? "" : " · score " + one.score}`)),
    make("p", { class: "asked" }, one.asked),
    one.triage ? make("p", {}, make("span", { class: "soft" }, "at first sight: "), one.triage[1]) : null,
    one.found ? make("p", {}, make("span", { class: "soft" }, "judge: "), one.found) : null,
    one.answer ? make("p", {}, make("span", { class: "soft" }, "answer: "), one.answer) : null,
    strip(one),
    one.errors.map((line) => make("pre", { class: "warn" }, line)));
}

const CHOICES = [
  ["failures", (one) => one.done === false], ["all", () => true], ["done", (one) => one.done],
  ["broken by the machinery", (one) => one.done === null || one.errors.length > 0],
  ...[...new Set(data.runs.flatMap((run) => Object.keys(run.triage)))].map((kind) => [`failures: ${kind}`, (one) => one.triage && one.triage[0] === kind]),
];
const PAGE = 20;
let shown = PAGE;

function episodes() {
  const choice = CHOICES[byId("which").selectedIndex][1], part = byId("filter").value.trim().toLowerCase();
  const found = data.runs.flatMap((run, index) => run.episodes.filter((one) => choice(one) && key(one).toLowerCase().includes(part)).map((one) => [index, one]));
  if (both) found.sort((a, b) => (key(a[1]) < key(b[1]) ? -1 : key(a[1]) > key(b[1]) ? 1 : a[0] - b[0]));
  byId("episodes").replaceChildren(...found.slice(0, shown).map(episode));
  byId("count").textContent = `${Math.min(shown, found.length)} of ${found.length}`;
  byId("more").hidden = found.length <= shown;
}

function differing() {
  const section = byId("differing");
  if (!data.comparison) return section.remove();
  const { counts: [all, onlyA, onlyB, none], gained, lost, leftOut } = data.comparison;
  const list = (title, names) => make("div", { class: "card" }, make("h3", {}, `${title}: ${names.length}`),
    make("p", { style: "max-height:14em;overflow:auto" }, names.join(", ") || "none"));
  section.append(make("h2", {}, "Pairs"),
    make("p", {}, `both did ${all}, neither ${none}, only A ${onlyA}, only B ${onlyB}${leftOut ? `; ${leftOut} in one of them only or not judged` : ""}`),
    list("only B did", gained), list("only A did", lost));
}

byId("title").textContent = both ? `${A.name} and ${B.name}` : A.name;
byId("heads").append(...data.runs.map(head));
byId("verdict").textContent = data.comparison ? data.comparison.verdict : "";
byId("plots").append(curve("Done within so many steps", (one) => one.steps, "steps"), curve("Done within so many seconds", (one) => one.seconds, "s"), times());
byId("categories").append(shares("categories"));
byId("tasks").append(shares("tasks"));
byId("made").append(make("h2", {}, "How they ended"), make("div", { id: "kinds", style: "display:grid;grid-template-columns:repeat(auto-fit,minmax(260px,1fr));gap:16px" },
  counts("Reason to stop", "stops"), counts("Failures at first sight", "triage")));
differing();
byId("which").append(...CHOICES.map(([name]) => make("option", {}, name)));
byId("which").onchange = byId("filter").oninput = () => { shown = PAGE; episodes(); };
byId("more").onclick = () => { shown += PAGE; episodes(); };
episodes();
data.runs.forEach((run, index) => byId("facts").append(both ? make("h3", {}, letters[index]) : "", make("dl", {}, run.facts.map(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]))));
byId("theme").onclick = () => {
  const dark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "light" : "dark";
};
