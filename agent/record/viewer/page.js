const GOOD = ["finished"];
const WARN = ["needs_user", "cancelled", "step_limit", "time_limit", "token_limit", "cost_limit", "invalid_answer", "infeasible"];
const KINDS = { failure: "failures", recovery: "recoveries", approval: "approvals" };
const ZOOMS = [1, 1.5, 2, 3, 4];
let current = 0, view = "before", zoom = 1, kind = "", shown = data.steps.map((_, index) => index), point = null;

const stepSeconds = (step) => sum(Object.values(step.times));
const textOf = (step) => [step.location, step.thought, step.reflection, step.reasoning, step.change, ...step.labels, ...step.descriptions,
  ...step.notes, ...step.events, ...step.parseFailures, ...step.outcomes.map((one) => one.text), ...step.replies.map((one) => one.text)]
  .filter(Boolean).join("\n").toLowerCase();
const texts = data.steps.map(textOf);

function renderHead() {
  const { task, stop, reason, answer, facts, totals, masked, divergence } = data.head;
  byId("task").textContent = byId("task").title = task;
  byId("task").onclick = () => byId("task").classList.toggle("whole");
  byId("stop").textContent = readable(stop);
  byId("stop").classList.add(GOOD.includes(stop) ? "good" : WARN.includes(stop) ? "warn" : "bad");
  byId("reason").textContent = reason;
  byId("answer").textContent = answer;
  byId("masked").hidden = !masked;
  byId("divergence").hidden = !divergence;
  if (divergence) byId("divergence").querySelector("img").src = divergence;
  byId("totals").textContent = totals ?? `${counted(data.steps.length, "step")} recorded`;
  for (const [name, value] of facts) if (value) byId("facts").append(element("dt", {}, name), element("dd", {}, value));
  const longest = Math.max(...data.steps.map(stepSeconds), 0.001);
  byId("overview").append(...data.steps.map((step, index) => {
    const title = `step ${step.step}: ${formatSeconds(stepSeconds(step))}`;
    return element("button", { type: "button", title, "aria-label": title, tabindex: -1, onclick: () => show(index) },
      Object.entries(step.times).map(([phase, value]) =>
        element("i", { style: `height:${(100 * value) / longest}%;background:${PHASES[phase]}` })));
  }));
  byId("legend").append(...Object.keys(PHASES).map((phase) => element("span", {}, swatch(phase), phase)));
  byId("kinds").append(...Object.entries(KINDS).flatMap(([name, title]) => {
    const found = data.steps.filter((step) => step.kinds.includes(name)).length;
    return found ? [element("button", { type: "button", "data-kind": name, "aria-pressed": "false", onclick: () => setKind(name) }, `${title} ${found}`)] : [];
  }));
}

function renderList() {
  byId("list").append(...data.steps.map((step, index) => {
    const failure = step.outcomes.find((outcome) => outcome.failure)?.failure ?? (step.parseFailures.length ? "parse failure" : "");
    const title = [step.labels.join("; "), step.thought].filter(Boolean).join("\n");
    return element("button", { type: "button", class: failure && "failed", title, onclick: () => show(index) },
      step.resumed ? element("small", {}, "resumed") : null, step.byUser ? element("small", {}, "user") : null,
      element("b", {}, step.step), element("span", {}, step.labels.join("; ") || "interrupted"), element("em", {}, failure));
  }));
}

// -- search

function setKind(name) {
  kind = kind === name ? "" : name;
  for (const button of byId("kinds").children) button.setAttribute("aria-pressed", String(button.dataset.kind === kind));
  filter();
}

/** Lists the steps that contain all words of the search and are of the chosen kind; the others are skipped. */
function filter() {
  const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const isWanted = (step, index) => (!kind || step.kinds.includes(kind)) && words.every((word) => texts[index].includes(word));
  shown = data.steps.flatMap((step, index) => (isWanted(step, index) ? [index] : []));
  const isShown = new Set(shown);
  [...byId("list").children].forEach((row, index) => { row.hidden = !isShown.has(index); });
  byId("matches").textContent = words.length || kind ? `${shown.length} of ${counted(data.steps.length, "step")}` : "";
  if (shown.length && !shown.includes(current)) show(shown.find((index) => index > current) ?? shown[0]);
}

/** Shows the listed step that is `by` places away. */
function move(by) {
  const next = by > 0 ? shown.find((index) => index > current) : shown.findLast((index) => index < current);
  if (next !== undefined) show(next);
}

/** Shows the next or previous step of a kind, from the other end after the last one. */
function jump(name, by) {
  const found = data.steps.flatMap((step, index) => (step.kinds.includes(name) ? [index] : []));
  const next = by > 0 ? found.find((index) => index > current) ?? found[0] : found.findLast((index) => index < current) ?? found.at(-1);
  if (next !== undefined) show(next);
}

// -- the screenshot

function renderMarks(step) {
  const svg = byId("marks");
  const unit = clearMarks(svg, step.size);
  const box = ([left, top, right, bottom], style) =>
    svg.append(svgElement("rect", { ...markStroke, x: left, y: top, width: right - left, height: bottom - top, ...style }));
  if (view === "changes") {
    step.regions.forEach((region) => box(region, { fill: "var(--mark)", "fill-opacity": 0.12 }));
    step.masked.forEach((region) => box(region, { "stroke-dasharray": 6 }));
  }
  if (view === "before" || view === "both") drawActions(svg, step.size, unit, step.actions, step.descriptions);
}

/** Shows a screenshot, which may not have been loaded yet. */
async function showImage(id, name, alt) {
  const image = byId(id);
  Object.assign(image, { alt }).dataset.name = name;
  const src = await part(name);
  if (image.dataset.name === name) image.src = src;
}

function renderScreens(step) {
  const after = step.screenshotAfter ?? step.screenshot;
  const alt = (when) => `Screenshot ${when} step ${step.step}: ${step.labels.join("; ")}`;
  const isBefore = view === "before" || view === "both";
  showImage("screenshot", isBefore ? step.screenshot : after, alt(isBefore ? "before" : "after"));
  byId("second").hidden = view !== "both";
  byId("screens").classList.toggle("pair", view === "both");
  if (view === "both") showImage("screenshot-after", after, alt("after"));
  renderMarks(step);
}

/** Zooms in or out, with the place at the centre of the view kept there. */
function setZoom(value) {
  const figures = [byId("figure"), byId("second")], before = zoom;
  zoom = value;
  for (const figure of figures) {
    const [x, y] = [figure.scrollLeft + figure.clientWidth / 2, figure.scrollTop + figure.clientHeight / 2];
    figure.classList.toggle("zoomed", zoom > 1);
    if (zoom > 1) { figure.tabIndex = 0; figure.setAttribute("role", "region"); figure.setAttribute("aria-label", "Zoomed screenshot"); }
    else for (const name of ["tabindex", "role", "aria-label"]) figure.removeAttribute(name);
    figure.firstElementChild.style.width = `${100 * zoom}%`;
    figure.scrollTo((x * zoom) / before - figure.clientWidth / 2, (y * zoom) / before - figure.clientHeight / 2);
  }
  byId("zoom").textContent = `${100 * zoom} %`;
  if (data.steps.length) renderMarks(data.steps[current]);
}
const zoomBy = (by) => setZoom(ZOOMS[Math.min(Math.max(ZOOMS.indexOf(zoom) + by, 0), ZOOMS.length - 1)]);

for (const [figure, other] of [["figure", "second"], ["second", "figure"]]) {
  const pixel = (event) => {
    const box = byId(figure).firstElementChild.getBoundingClientRect(), [width, height] = data.steps[current].size;
    return [Math.floor(((event.clientX - box.left) / box.width) * width), Math.floor(((event.clientY - box.top) / box.height) * height)];
  };
  byId(figure).addEventListener("scroll", () => byId(other).scrollTo(byId(figure).scrollLeft, byId(figure).scrollTop));
  byId(figure).addEventListener("pointermove", (event) => { byId("pointer").textContent = pixel(event).join(", "); });
  byId(figure).addEventListener("pointerleave", () => { if (point) byId("pointer").textContent = point.join(", "); });
  byId(figure).addEventListener("click", (event) => {
    point = pixel(event);
    byId("pointer").textContent = point.join(", ");
    byId("copy-point").hidden = false;
  });
}

// -- copy

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // the page may not use the clipboard: copy a selection
    const area = element("textarea", { style: "position:fixed;opacity:0" });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  byId("copied").textContent = `copied ${text.length > 60 ? text.slice(0, 59) + "…" : text}`;
}
const copyActions = (step) => copy(step.actions.map((action) => JSON.stringify(action)).join("\n"));
const pointOf = (action) => action.at ?? action.to ?? action.path?.[0];

// -- the panel

function renderPanel(step) {
  const sections = [];
  const section = (title, ...content) => sections.push(element("div", {}, element("h2", {}, title), ...content));
  const paragraphs = (texts, attributes = {}) => texts.map((text) => element("p", attributes, text));
  const folded = (title, ...content) => element("details", {}, element("summary", {}, title), ...content);
  const quoted = (title, text) => (text ? folded(title, element("pre", {}, text)) : null);
  const tool = (label, text) => element("button", { type: "button", class: "tool", onclick: () => copy(text) }, label);
  if (step.thought || step.reflection || step.reasoning) {
    section("Thought", ...paragraphs([step.thought ?? ""], { class: "thought" }), quoted("reflection", step.reflection), quoted("reasoning", step.reasoning));
  }
  const actions = [
    ...step.labels.map((label, index) => {
      const action = step.actions[index], at = action && pointOf(action);
      return element("p", { class: "action" }, label,
        label === (step.descriptions[index] ?? label) ? null : element("span", { class: "soft" }, ` (${step.descriptions[index]})`), " ",
        action ? tool("Copy action", JSON.stringify(action)) : null, " ", at ? tool("Copy coordinates", at.map(Math.round).join(", ")) : null);
    }),
    ...step.outcomes.map((outcome) => element("p", { class: outcome.failure ? "bad" : "good" }, outcome.text)),
    ...paragraphs(step.parseFailures.map((failure) => `parse failure: ${failure}`), { class: "bad" }),
  ];
  section("Action", ...(actions.length ? actions : paragraphs(["the run was interrupted here"], { class: "bad" })));
  if (step.change !== null) section("Screen change", ...paragraphs([step.change]));
  if (step.events.length) section("Events", ...paragraphs(step.events));
  if (step.notes.length) section("Notes for the model", ...paragraphs(step.notes));
  if (step.points.length) section("Points in each coordinate space", pointTable(step));
  section("Time", ...paragraphs([formatSeconds(stepSeconds(step))]), ...phaseBar(step.times));
  section("Screen", ...paragraphs([step.location, `${step.size[0]} x ${step.size[1]} px`].filter(Boolean)));
  if (step.replies.length) {
    section("Requests and replies",
      ...paragraphs([step.used].filter(Boolean)),
      step.replies.map(({ title, request, text }) => folded(title, ...paragraphs([request].filter(Boolean), { class: "soft" }), element("pre", {}, text))));
  }
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
  byId("position").textContent = `step ${step.step} of ${data.steps.at(-1).step}`;
  for (const button of document.querySelectorAll("[data-view]")) button.setAttribute("aria-pressed", String(button.dataset.view === view));
  const hadFocus = byId("list").contains(document.activeElement);
  for (const group of ["list", "overview"]) {
    [...byId(group).children].forEach((child, number) => {
      if (number === current) child.setAttribute("aria-current", "step"); else child.removeAttribute("aria-current");
      if (group === "list") child.tabIndex = number === current ? 0 : -1; // one stop for Tab, however long the run is
    });
  }
  byId("list").children[current].scrollIntoView({ block: "nearest", inline: "nearest" });
  if (hadFocus) byId("list").children[current].focus();
  renderScreens(step);
  renderPanel(step);
  history.replaceState(null, "", `#step-${step.step}`);
}

function setView(name) { view = name; show(current); }

// -- input

const KEYS = {
  ArrowRight: () => move(1), j: () => move(1), ArrowLeft: () => move(-1), k: () => move(-1),
  Home: () => show(shown[0] ?? 0), End: () => show(shown.at(-1) ?? data.steps.length - 1),
  f: () => jump("failure", 1), F: () => jump("failure", -1), r: () => jump("recovery", 1), R: () => jump("recovery", -1),
  a: () => jump("approval", 1), A: () => jump("approval", -1), "/": () => byId("search").focus(), b: () => setView(view === "both" ? "before" : "both"),
  "+": () => zoomBy(1), "=": () => zoomBy(1), "-": () => zoomBy(-1), 0: () => setZoom(1), c: () => copyActions(data.steps[current]),
  " ": () => setView(view === "before" ? "after" : "before"),
};
document.addEventListener("keydown", (event) => {
  const target = event.target.tagName, isScrolled = event.target.classList?.contains("zoomed") && /^(Arrow|Home|End)/.test(event.key);
  if (event.key === "Escape" && target === "INPUT") { byId("search").value = ""; filter(); event.target.blur(); }
  const isTaken = target === "INPUT" || isScrolled || (event.key === " " && ["BUTTON", "SUMMARY"].includes(target));
  if (isTaken || !Object.hasOwn(KEYS, event.key) || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  if (data.steps.length) KEYS[event.key]();
});
let touchX = null;
byId("screens").addEventListener("touchstart", (event) => { touchX = event.touches.length === 1 && zoom === 1 ? event.touches[0].clientX : null; }, { passive: true });
byId("screens").addEventListener("touchend", (event) => {
  const distance = event.changedTouches[0].clientX - (touchX ?? 0);
  if (touchX !== null && Math.abs(distance) > 60) move(distance < 0 ? 1 : -1);
  touchX = null;
});
byId("search").oninput = filter;
byId("previous").onclick = () => move(-1);
byId("next").onclick = () => move(1);
byId("smaller").onclick = () => zoomBy(-1);
byId("larger").onclick = () => zoomBy(1);
byId("zoom").onclick = () => setZoom(1);
byId("copy-point").onclick = () => copy(point.join(", "));
addEventListener("resize", () => { if (data.steps.length) renderMarks(data.steps[current]); });
for (const button of document.querySelectorAll("[data-view]")) button.onclick = () => setView(button.dataset.view);
renderHead();
renderList();
setZoom(1);
show(Math.max(data.steps.findIndex((step) => `#step-${step.step}` === location.hash), 0));
