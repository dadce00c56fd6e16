// Two runs side by side: the same step of both, with its screenshot, thought and actions. What a user did is a step, too.

import { badge, clock, follow } from "./common.js";

const query = new URLSearchParams(location.search);
let current = 1;

/** One run, and the part of the page that shows it. */
class Side {
  constructor(name, id) {
    this.api = `/api/runs/${encodeURIComponent(id)}`;
    this.clear();
    this.head = element("h2", {}, `${name}: `);
    this.facts = element("p", { class: "bar soft small" });
    this.image = element("img", { alt: "" });
    this.marks = svgElement("svg", { "aria-hidden": "true" });
    this.about = element("div", {});
    byId("pair").append(element("section", { "aria-label": `Run ${name}` }, this.head, this.facts,
      element("div", { class: "shot" }, this.image, this.marks), this.about));
    this.title = element("a", { href: `/runs/${encodeURIComponent(id)}` });
    this.head.append(this.title);
    follow(`${this.api}/events`, (message) => this.#receive(message), (from) => { if (from === 0) this.clear(); });
  }

  clear() {
    Object.assign(this, { steps: [], model: "", ended: null, tokens: 0, seconds: 0 });
  }

  #receive(message) {
    const step = this.steps.find((one) => one.step === message.step && !one.byUser);
    const receivers = {
      started: () => { this.model = message.model; this.title.textContent = message.task; },
      observed: () => { this.steps = [...this.steps.filter((one) => one !== step), { ...message, actions: [], labels: [], thought: "", failures: [] }]; },
      decided: () => Object.assign(step ?? {}, { actions: message.actions, labels: message.labels, thought: message.thought }),
      user_acted: () => this.steps.push({ ...message, byUser: true, thought: "", failures: [], notes: ["done by the user"] }),
      acted: () => { if (message.failure) step?.failures.push(message.failure); },
      replied: () => { this.tokens += message.tokens; },
      stepped: () => { this.seconds += message.seconds; },
      ended: () => { this.ended = message; },
    };
    receivers[message.kind]?.();
    scheduleDraw();
  }

  draw(other) {
    const step = this.steps[current - 1];
    const { stop = "interrupted", seconds = this.seconds } = this.ended ?? {};
    this.facts.replaceChildren(badge(stop), [this.model, counted(this.steps.length, "step"), clock(seconds), counted(this.tokens, "token")].filter(Boolean).join(" · "));
    this.image.parentElement.hidden = !step;
    if (!step) { this.about.replaceChildren(element("p", { class: "soft" }, "This run has no such step.")); return; }
    const url = `${this.api}/images/${step.image}.png`;
    if (this.image.getAttribute("src") !== url) this.image.src = url;
    this.image.alt = `Screenshot of step ${current}: ${step.labels.join("; ")}`;
    this.image.style.aspectRatio = `${step.size[0]} / ${step.size[1]}`;
    drawActions(this.marks, step.size, clearMarks(this.marks, step.size), step.actions, step.labels);
    const theirs = other.steps[current - 1];
    const isSame = theirs !== undefined && sameActions(step, theirs);
    this.about.className = isSame ? "" : "differs";
    this.about.replaceChildren(
      step.thought ? element("p", { class: "thought" }, step.thought) : "",
      ...(step.labels.length ? step.labels : ["look"]).map((label) => element("p", { class: "action" }, label)),
      ...step.failures.map((failure) => element("p", { class: "bad" }, failure)),
      ...step.notes.map((note) => element("p", { class: "note" }, note)));
  }
}

const sameActions = (one, other) => one.labels.join("\n") === other.labels.join("\n");
const sides = [new Side("A", query.get("a") ?? ""), new Side("B", query.get("b") ?? "")];
const last = () => Math.max(...sides.map((side) => side.steps.length), 1);

let isScheduled = false;
function scheduleDraw() {
  if (!isScheduled) requestAnimationFrame(draw);
  isScheduled = true;
}

function draw() {
  isScheduled = false;
  const [a, b] = sides;
  a.draw(b);
  b.draw(a);
  byId("position").textContent = `step ${current} of ${last()}`;
  const first = Array.from({ length: last() }, (_, index) => index + 1).find((number) => {
    const [one, other] = sides.map((side) => side.steps[number - 1]);
    return !one || !other || !sameActions(one, other);
  });
  byId("difference").hidden = first === undefined;
  byId("difference").textContent = `First difference: step ${first}`;
  byId("difference").onclick = () => show(first);
}

function show(number) {
  current = Math.min(Math.max(number, 1), last());
  draw();
}

byId("previous").onclick = () => show(current - 1);
byId("next").onclick = () => show(current + 1);
addEventListener("keydown", (event) => {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (by && !event.altKey && !event.ctrlKey && !event.metaKey) { event.preventDefault(); show(current + by); }
});
addEventListener("resize", scheduleDraw);
