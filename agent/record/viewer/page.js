const GOOD = ["finished"];
const WARN = ["needs_user", "cancelled", "step_limit", "time_limit", "token_limit", "cost_limit", "invalid_answer", "infeasible"];
let current = 0, view = "before";

const stepSeconds = (step) => sum(Object.values(step.times));

function renderHead() {
  const { task, stop, reason, answer, facts, totals } = data.head;
  byId("task").textContent = byId("task").title = task;
  byId("task").onclick = () => byId("task").classList.toggle("whole");
  byId("stop").textContent = readable(stop);
  byId("stop").classList.add(GOOD.includes(stop) ? "good" : WARN.includes(stop) ? "warn" : "bad");
  byId("reason").textContent = reason;
  byId("answer").textContent = answer;
  byId("totals").textContent = totals ?? `${data.steps.length} steps recorded`;
  for (const [name, value] of facts) if (value) byId("facts").append(element("dt", {}, name), element("dd", {}, value));
  const longest = Math.max(...data.steps.map(stepSeconds), 0.001);
  byId("overview").append(...data.steps.map((step, index) => {
    const title = `step ${step.step}: ${formatSeconds(stepSeconds(step))}`;
    return element("button", { type: "button", title, "aria-label": title, onclick: () => show(index) },
      Object.entries(step.times).map(([phase, value]) =>
        element("i", { style: `height:${(100 * value) / longest}%;background:${PHASES[phase]}` })));
  }));
  byId("legend").append(...Object.keys(PHASES).map((phase) => element("span", {}, swatch(phase), phase)));
}

function renderList() {
  byId("list").append(...data.steps.map((step, index) => {
    const failure = step.outcomes.find((outcome) => outcome.failure)?.failure ?? (step.parseFailures.length ? "parse failure" : "");
    const title = [step.labels.join("; "), step.thought].filter(Boolean).join("\n");
    return element("button", { type: "button", class: failure && "failed", title, onclick: () => show(index) },
      step.resumed ? element("small", {}, "resumed") : null,
      element("b", {}, step.step), element("span", {}, step.labels.join("; ") || "…"), element("em", {}, failure));
  }));
}

function renderMarks(step) {
  const svg = byId("marks");
  const unit = clearMarks(svg, step.size);
  const box = ([left, top, right, bottom], style) =>
    svg.append(svgElement("rect", { ...markStroke, x: left, y: top, width: right - left, height: bottom - top, ...style }));
  if (view === "changes") {
    step.regions.forEach((region) => box(region, { fill: "var(--mark)", "fill-opacity": 0.12 }));
    step.masked.forEach((region) => box(region, { "stroke-dasharray": 6 }));
  }
  if (view === "before") drawActions(svg, step.size, unit, step.actions, step.descriptions);
}

function renderPanel(step) {
  const sections = [];
  const section = (title, ...content) => sections.push(element("div", {}, element("h2", {}, title), ...content));
  const paragraphs = (texts, attributes = {}) => texts.map((text) => element("p", attributes, text));
  const folded = (title, text) => text ? element("details", {}, element("summary", {}, title), element("pre", {}, text)) : null;
  if (step.thought || step.reflection || step.reasoning) {
    section("Thought", ...paragraphs([step.thought ?? ""], { class: "thought" }), folded("reflection", step.reflection), folded("reasoning", step.reasoning));
  }
  const actions = [
    ...step.labels.map((label, index) => element("p", { class: "action" }, label,
      label === step.descriptions[index] ? null : element("span", { class: "soft" }, ` (${step.descriptions[index]})`))),
    ...step.outcomes.map((outcome) => element("p", { class: outcome.failure ? "bad" : "good" }, outcome.text)),
    ...paragraphs(step.parseFailures.map((failure) => `parse failure: ${failure}`), { class: "bad" }),
  ];
  section("Action", ...(actions.length ? actions : paragraphs(["the run was interrupted here"], { class: "bad" })));
  if (step.change !== null) section("Screen change", ...paragraphs([step.change]));
  if (step.events.length) section("Events", ...paragraphs(step.events));
  if (step.notes.length) section("Notes for the model", ...paragraphs(step.notes));
  if (step.points.length) section("Points in each coordinate space", pointTable(step));
  section("Time", ...paragraphs([formatSeconds(stepSeconds(step))]), ...phaseBar(step.times));
  const { prompt, cached, completion } = step.tokens;
  const titles = { act: "model reply", zoom: "model reply for the magnified crop", summarize: "summary of earlier steps", ground: "reply of the grounder", answer: "answer in its form" };
  section("Screen and reply",
    ...paragraphs([step.location, `${step.size[0]} x ${step.size[1]} px`].filter(Boolean)),
    prompt ? element("p", {}, `${prompt} prompt tokens (${cached} cached), ${completion} completion tokens`) : null,
    step.replies.map(([purpose, text], index) => folded(titles[purpose] + (purpose === "act" && index ? ` ${index + 1}` : ""), text)));
  byId("panel").replaceChildren(...sections);
}

function pointTable(step) {
  const pair = ([x, y]) => `${+x.toFixed(2)}, ${+y.toFixed(2)}`;
  const row = (tag, cells) => element("tr", {}, cells.map((cell) => element(tag, {}, cell)));
  return element("div", { class: "scroll" }, element("table", {}, row("th", ["model", "image", "screen", "device"]), step.points.map((point) =>
    row("td", [pair(point.model), pair(point.image), pair(point.screen) + (point.clamped ? " (clamped)" : ""), pair(point.device)]))));
}

function show(index) {
  current = Math.min(Math.max(index, 0), data.steps.length - 1);
  const step = data.steps[current];
  if (!step) { byId("position").textContent = "no steps"; return; }
  const name = view === "before" ? step.screenshot : step.screenshotAfter ?? step.screenshot;
  byId("screenshot").src = data.images[name];
  byId("screenshot").alt = `Screenshot of step ${step.step}: ${step.labels.join("; ")}`;
  byId("position").textContent = `step ${step.step} of ${data.steps.at(-1).step}`;
  for (const button of document.querySelectorAll("[data-view]")) button.setAttribute("aria-pressed", String(button.dataset.view === view));
  for (const group of ["list", "overview"]) {
    [...byId(group).children].forEach((child, number) => number === current ? child.setAttribute("aria-current", "step") : child.removeAttribute("aria-current"));
  }
  byId("list").children[current]?.scrollIntoView({ block: "nearest", inline: "nearest" });
  renderMarks(step);
  renderPanel(step);
  history.replaceState(null, "", `#step-${step.step}`);
}

function setView(name) { view = name; show(current); }

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const targets = { ArrowRight: current + 1, j: current + 1, ArrowLeft: current - 1, k: current - 1, Home: 0, End: data.steps.length - 1 };
  if (event.key in targets) { event.preventDefault(); show(targets[event.key]); }
  if (event.key === " " && !["BUTTON", "SUMMARY"].includes(event.target.tagName)) { event.preventDefault(); setView(view === "before" ? "after" : "before"); }
});
let touchX = null;
byId("figure").addEventListener("touchstart", (event) => { touchX = event.touches[0].clientX; }, { passive: true });
byId("figure").addEventListener("touchend", (event) => {
  const distance = event.changedTouches[0].clientX - (touchX ?? 0);
  if (touchX !== null && Math.abs(distance) > 60) show(current + (distance < 0 ? 1 : -1));
  touchX = null;
});
byId("previous").onclick = () => show(current - 1);
byId("next").onclick = () => show(current + 1);
addEventListener("resize", () => { if (data.steps.length) renderMarks(data.steps[current]); });
for (const button of document.querySelectorAll("[data-view]")) button.onclick = () => setView(button.dataset.view);
renderHead();
renderList();
show(Math.max(data.steps.findIndex((step) => `#step-${step.step}` === location.hash), 0));
