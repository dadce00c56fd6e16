const [A, B] = data.runs;
const LETTERS = ["A", "B"];
const RUN_COLOURS = ["var(--accent)", "var(--second)"];
const PAGE_SIZE = 20;
const percent = (share) => `${(100 * share).toFixed(1)} %`;
const range = ({ low, high }) => `${percent(low)} to ${percent(high)}`;
const episodeName = ({ id }) => `${id.task}/${id.seed}${id.trial ? "." + id.trial : ""}`;
const encodePath = (path) => path.split("/").map(encodeURIComponent).join("/");
let shown = PAGE_SIZE, drawn = 0;
data.runs.forEach((run, number) => {
  run.episodes = run.episodes.map(([task, seed, trial, done, steps, seconds, errors, kind], index) =>
    ({ run: number, index, id: { task: run.tasks[task].name, seed, trial }, done, steps, seconds, errors, kind }));
});

/** The details of an episode, from a part of the page that is read once. */
const pages = new Map();
async function detailsOf({ run, index }) {
  const name = `${run}-${Math.floor(index / data.pageSize)}`;
  if (!pages.has(name)) pages.set(name, part(name).then(JSON.parse));
  return (await pages.get(name))[index % data.pageSize];
}

/** A success rate with its interval, on a scale from 0 to 1. */
function scale(interval, run = 0) {
  const { value, low, high } = interval;
  const title = `${percent(value)}, 95 % interval ${range(interval)}`;
  return element("div", { class: `scale run-${"ab"[run]}`, role: "img", "aria-label": title, title },
    element("i", { style: `left:${100 * low}%;width:${100 * (high - low)}%` }),
    element("b", { style: `left:${100 * value}%` }));
}

function head(run, index) {
  const { total, usage } = run;
  const facts = [
    `95 % interval: ${range(total.success)} (Wilson)`,
    run.tasks.length > 1 ? `${range(run.clustered)} resampling whole tasks` : "",
    total.score === null ? "" : `mean score ${total.score.toFixed(3)}`,
    total.attackable ? `${total.attacks} of ${total.attackable} attacks succeeded` : "",
    `${total.steps.toFixed(1)} steps per episode`,
    ...run.pass_rates.filter(({ k }) => k > 1).map((one) => `pass@${one.k} ${percent(one.pass_at_k)}, pass^${one.k} ${percent(one.pass_all_k)}`),
    run.best_of ? `best of ${run.best_of.n}, ${run.best_of.variants} variants: pass@1 ${percent(run.best_of.pass_at_1)}, picked@${run.best_of.n} ${percent(run.best_of.picked.value)} (${range(run.best_of.picked)}), pass@${run.best_of.n} ${percent(run.best_of.pass_at_n)}` : "",
    usage.prompt ? `${usage.prompt.toLocaleString("en")} prompt tokens (${percent(usage.cached / usage.prompt)} cached), ${usage.completion.toLocaleString("en")} completion tokens` : "",
    run.cost === null ? "" : `cost ${run.cost.toFixed(2)}`,
  ];
  const warnings = [
    total.episodes < run.planned ? `not run yet: ${run.planned - total.episodes} of ${counted(run.planned, "episode")}` : "",
    total.errors ? `infrastructure errors: ${total.errors}, counted as not done; without them ${percent(run.without_errors.value)}` : "",
    run.best_of && run.best_of.undecided ? `${run.best_of.undecided} variants have no verdict, counted as not done` : "",
    run.retried ? `${run.retried} were retried after an infrastructure error` : "",
  ].filter(Boolean);
  return element("div", { class: "head" },
    B ? element("h3", {}, `${LETTERS[index]}  ${run.name}`) : null,
    element("div", { class: "line" },
      element("span", { class: "figure" }, percent(total.success.value)),
      element("span", {}, `${total.done} of ${counted(total.episodes, "episode")} done`)),
    scale(total.success, index),
    element("p", { class: "soft" }, facts.filter(Boolean).join(" · ")),
    warnings.length ? element("p", { class: "warn" }, warnings.join(" · ")) : null);
}

/** The share of all episodes that were done within a number of steps or seconds. */
function curve(title, valueOf, unit) {
  const width = 360, height = 190, left = 38, bottom = 26, top = 8, right = 10;
  const longest = data.runs.reduce((most, run) => run.episodes.reduce((max, episode) => Math.max(max, valueOf(episode)), most), 1e-9);
  const svg = svgElement("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title });
  const x = (value) => left + (value / longest) * (width - left - right);
  const y = (share) => top + (1 - share) * (height - top - bottom);
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    svg.append(svgElement("line", { x1: left, x2: width - right, y1: y(share), y2: y(share), stroke: "var(--line)" }));
    svg.append(svgElement("text", { x: left - 5, y: y(share) + 4, "text-anchor": "end" }, `${100 * share} %`));
  }
  for (const part of [0, 0.5, 1]) {
    svg.append(svgElement("text", { x: x(part * longest), y: height - 8, "text-anchor": part === 1 ? "end" : "middle" }, `${+(part * longest).toPrecision(3)}${part === 1 ? " " + unit : ""}`));
  }
  data.runs.forEach((run, index) => {
    const values = run.episodes.filter((episode) => episode.done).map(valueOf).sort((a, b) => a - b);
    const steps = new Map(values.map((value, rank) => [x(value).toFixed(1), y((rank + 1) / run.episodes.length).toFixed(1)]));
    const d = `M${x(0)} ${y(0)}${[...steps].map(([at, share]) => `H${at}V${share}`).join("")}H${x(longest)}`;
    svg.append(svgElement("path", { d, fill: "none", stroke: RUN_COLOURS[index], "stroke-width": 2 }));
  });
  return element("div", { class: "card" }, element("h3", {}, title), svg);
}

function timeCard() {
  return element("div", { class: "card" }, element("h3", {}, "Seconds per episode, by phase"), data.runs.map((run, index) => {
    const episodes = Math.max(1, run.total.episodes);
    const perEpisode = Object.fromEntries(Object.entries(run.phases).map(([phase, seconds]) => [phase, seconds / episodes]));
    return [B ? element("p", { class: "soft" }, LETTERS[index]) : null, ...phaseBar(perEpisode)];
  }));
}

/** A sortable table; a column is [title, sort key of a row, cell content of a row]. */
function table(rows, columns) {
  const body = element("tbody");
  let sortedBy = null, ascending = true;
  const draw = () => {
    const sorted = sortedBy === null ? rows : [...rows].sort((a, b) => {
      const [one, other] = [columns[sortedBy][1](a), columns[sortedBy][1](b)];
      return (one < other ? -1 : one > other ? 1 : 0) * (ascending ? 1 : -1);
    });
    body.replaceChildren(...sorted.map((row) => element("tr", {}, columns.map(([, , cell]) => element("td", {}, cell(row))))));
  };
  // Names sort ascending at first, numbers descending.
  const sortBy = (index) => { ascending = sortedBy === index ? !ascending : index === 0; sortedBy = index; draw(); };
  const heads = columns.map(([title], index) => element("th", {
    tabindex: 0, onclick: () => sortBy(index), onkeydown: (event) => { if (event.key === "Enter") sortBy(index); },
  }, title));
  draw();
  return element("div", { class: "scroll" }, element("table", {}, element("thead", {}, element("tr", {}, heads)), body));
}

function groupTable(kind) {
  const groupsOfB = new Map((B ? B[kind] : []).map((group) => [group.name, group]));
  const rows = A[kind].map((group) => [group, groupsOfB.get(group.name)]);
  const name = ["name", ([a]) => a.name, ([a]) => a.name];
  const episodes = ["episodes", ([a]) => a.episodes, ([a]) => a.episodes];
  const success = (title) => [title, ([a]) => a.success.value, ([a]) => percent(a.success.value)];
  const scales = ["95 % interval", ([a]) => a.success.value, ([a, b]) => [scale(a.success), b ? scale(b.success, 1) : null]];
  if (!B) {
    return table(rows, [name, episodes, success("done"), scales,
      ...(A.total.attackable ? [["attacks", ([a]) => a.attacks, ([a]) => `${a.attacks} of ${a.attackable}`]] : []),
      ["score", ([a]) => a.score ?? -9, ([a]) => (a.score === null ? "-" : a.score.toFixed(3))],
      ["steps", ([a]) => a.steps, ([a]) => a.steps.toFixed(1)],
      ["errors", ([a]) => a.errors, ([a]) => a.errors || ""]]);
  }
  const difference = ([a, b]) => (b ? 100 * (b.success.value - a.success.value) : 0);
  return table(rows, [name, episodes, success("A"),
    ["B", ([, b]) => (b ? b.success.value : -1), ([, b]) => (b ? percent(b.success.value) : "-")],
    ["B - A", difference, (row) => (row[1] ? difference(row).toFixed(1) : "-")], scales]);
}

function countTable(title, kind) {
  const names = [...new Set(data.runs.flatMap((run) => Object.keys(run[kind])))];
  if (!names.length) return null;
  const columns = data.runs.map((run, index) => [B ? LETTERS[index] : "episodes", (name) => run[kind][name] || 0, (name) => run[kind][name] || 0]);
  return element("div", { class: "card" }, element("h3", {}, title), table(names, [["", (name) => name, readable], ...columns]));
}

function filmstrip(episode) {
  if (!episode.moments.length) return null;
  if (!episode.filmstrip) return element("p", { class: "soft" }, "The filmstrip is in the folder of the recording.");
  const [width, height] = data.frame;
  return element("div", { class: "filmstrip" }, episode.moments.map(({ step, actions }, frame) => {
    const image = element("div", { style: `width:${width}px;height:${height}px;background-image:url(${episode.filmstrip});background-position:-${frame * width}px 0` });
    const link = episode.page && element("a", { href: `${encodePath(episode.page)}#step-${step}`, "aria-label": `step ${step} of the recording` }, image);
    return element("figure", {}, link || image, element("figcaption", {}, `${step}  ${actions}`));
  }));
}

function episodeCard(run, episode) {
  const [colour, outcome] = episode.done === null ? ["warn", "error"] : episode.done ? ["good", "done"] : ["bad", "not done"];
  const line = (title, text) => (text ? element("p", {}, element("span", { class: "soft" }, `${title}: `), text) : null);
  const details = [readable(episode.stop), counted(episode.steps, "step"), formatSeconds(episode.seconds), episode.score === null ? "" : `score ${episode.score}`];
  const href = episode.page ? encodePath(episode.page) : episode.folder && `${encodePath(episode.folder)}/`;
  return element("article", { class: "card episode" },
    element("div", { class: "line" },
      B ? element("b", {}, LETTERS[run]) : null,
      element("b", {}, episodeName(episode)), element("span", { class: `badge ${colour}` }, outcome),
      episode.picked === null ? null : element("span", { class: "badge soft" }, "picked"),
      episode.triage ? element("span", { class: "badge soft" }, episode.triage.kind) : null,
      element("span", { class: "soft" }, details.filter(Boolean).join(" · "))),
    element("p", { class: "instruction" }, episode.instruction),
    line("likely failure", episode.triage && episode.triage.evidence), line("judge", episode.found), line("picked because", episode.picked), line("answer", episode.answer),
    line("recording", href && element("a", { href, title: `screenwright view ${episode.folder}` }, episode.folder)),
    filmstrip(episode),
    episode.errors.map((text) => element("pre", { class: "warn" }, text)));
}

const CHOICES = [
  ["failures", (episode) => episode.done === false], ["all", () => true], ["done", (episode) => episode.done],
  ["infrastructure errors", (episode) => episode.done === null || episode.errors > 0],
  ...[...new Set(data.runs.flatMap((run) => Object.keys(run.triage)))].map((kind) => [`failures: ${kind}`, (episode) => episode.kind === kind]),
];

async function renderEpisodes() {
  const matches = CHOICES[byId("choice").selectedIndex][1], words = byId("filter").value.trim().toLowerCase();
  const found = data.runs.flatMap((run) => run.episodes
    .filter((episode) => matches(episode) && (!words || episodeName(episode).toLowerCase().includes(words))));
  if (B) {
    const names = new Map(found.map((episode) => [episode, episodeName(episode)]));
    found.sort((one, other) => (names.get(one) < names.get(other) ? -1 : names.get(one) > names.get(other) ? 1 : one.run - other.run));
  }
  byId("count").textContent = `${Math.min(shown, found.length)} of ${found.length}`;
  byId("more").hidden = found.length <= shown;
  const drawing = ++drawn, listed = found.slice(0, shown);
  const details = await Promise.all(listed.map(detailsOf));
  if (drawing === drawn) byId("episodes").replaceChildren(...details.map((episode, index) => episodeCard(listed[index].run, episode)));
}

function renderPairs() {
  const section = byId("pairs");
  if (!data.comparison) return section.remove();
  const { result, gained, lost, unpaired } = data.comparison;
  const list = (title, names) => element("div", { class: "card" }, element("h3", {}, `${title}: ${names.length}`),
    element("p", { class: "names" }, names.join(", ") || "none"));
  section.append(element("h2", {}, "Pairs"),
    element("p", {}, `done in both ${result.both}, in neither ${result.neither}, only in A ${result.only_a}, only in B ${result.only_b}${unpaired ? `; ${unpaired} have no result in one of them` : ""}`),
    list("Done only in B", gained), list("Done only in A", lost));
}

byId("title").textContent = B ? "Two evaluations of the same episodes" : A.name;
byId("heads").append(...data.runs.map(head));
byId("verdict").textContent = data.comparison ? data.comparison.verdict : "";
byId("plots").append(curve("Done within this many steps", (episode) => episode.steps, "steps"), curve("Done within this many seconds", (episode) => episode.seconds, "s"), timeCard());
byId("categories").append(groupTable("categories"));
byId("tasks").append(groupTable("tasks"));
byId("outcomes").append(...[countTable("Stop reasons", "stops"), countTable("Likely failures", "triage")].filter(Boolean));
renderPairs();
byId("choice").append(...CHOICES.map(([name]) => element("option", {}, name)));
byId("choice").onchange = byId("filter").oninput = () => { shown = PAGE_SIZE; renderEpisodes(); };
byId("more").onclick = () => { shown += PAGE_SIZE; renderEpisodes(); };
renderEpisodes();
data.runs.forEach((run, index) => byId("facts").append(B ? element("h3", {}, LETTERS[index]) : "", element("dl", {}, run.facts.map(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]))));
