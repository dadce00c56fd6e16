// A run: its screen, the conversation, and what the viewer may do. Every message of the run passes `receive`.

import { OUTCOMES, attempt, badge, clock, follow, post } from "./common.js";
import { Conversation } from "./conversation.js";
import { Question } from "./question.js";
import { takeOver } from "./takeover.js";

const runId = location.pathname.split("/").pop();
const api = `/api/runs/${runId}`;
const command = (name, body) => attempt(() => post(`${api}/${name}`, body));
const conversation = new Conversation(byId("log"), (step) => show(step));
const question = new Question(api);
let steps, selected, state, seconds, tokens, limit, startedAt, ended, frame;

function reset() {
  steps = new Map();
  selected = frame = startedAt = ended = null; // `selected`: the step that the viewer chose; null follows the run
  state = "";
  seconds = tokens = 0;
  limit = null;
  conversation.clear();
  question.close();
  byId("strip").replaceChildren();
}

// -- messages

const receivers = {
  started(message) {
    byId("task").textContent = message.task;
    document.title = `${message.task.slice(0, 60)} · Screenwright`;
    limit = message.limit;
    startedAt = Date.parse(message.time);
    conversation.note(null, [message.model, message.screen].filter(Boolean).join(" · "));
  },
  state(message) {
    state = message.state;
    if (message.task) byId("task").textContent = message.task;
    if (state === "running") frame = null;
  },
  observed(message) {
    frame = null;
    steps.set(message.step, { ...message, actions: [], labels: [], failure: "" });
    addToStrip(message);
    for (const text of message.notes) conversation.note(message.step, text);
  },
  user_acted(message) { // a step between two of the agent, which have whole numbers
    const key = message.step + ([...steps.keys()].filter((one) => Math.floor(one) === message.step && one !== message.step).length + 1) / 10000;
    steps.set(key, { ...message, step: key, notes: [], failure: "" });
    addToStrip({ step: key, image: message.image });
    conversation.did(message.labels[0], key);
  },
  replied(message) { tokens += message.tokens; },
  decided(message) {
    Object.assign(steps.get(message.step) ?? {}, { actions: message.actions, labels: message.labels });
    conversation.decided(message);
  },
  intended(message) { conversation.doing(message.step, message.index); },
  acted(message) {
    const step = steps.get(message.step);
    if (step && message.failure) step.failure = message.failure;
    byId(`strip-${message.step}`)?.classList.toggle("failed", Boolean(message.failure));
    conversation.done(message.step, message.index, message.failure);
  },
  stepped(message) { seconds += message.seconds; },
  note(message) { if (message.text) conversation.note(message.step, message.text); },
  watch(message) { byId("watch").href = message.address; },
  said(message) { conversation.said(message.text || "The screen was handed back."); },
  asked(message) { conversation.asked(message.text); },
  question(message) { question.open(message); },
  closed() { question.close(); },
  frame(message) { frame = message; },
  ended(message) {
    ended = message;
    tokens = message.tokens;
    byId("answer").textContent = message.answer;
    conversation.note(null, [readable(message.stop), message.reason].filter(Boolean).join(": "));
  },
  failed(message) { state = "failed"; byId("problem").textContent = message.text; },
};

let isDrawn = true;
function receive(message) {
  if (message.kind === "started" || message.kind === "observed") ended = null; // it was continued
  receivers[message.kind]?.(message);
  if (isDrawn) requestAnimationFrame(draw); // many messages at once are drawn once
  isDrawn = false;
}

// -- drawing

const isLive = () => Boolean(state) && !ended && state !== "failed";

function draw() {
  isDrawn = true;
  const shownState = ended ? ended.stop : question.isOpen ? "waiting for you" : state || "interrupted";
  const label = badge(shownState);
  byId("state").className = `badge ${OUTCOMES[shownState] ?? (question.isOpen ? "warn" : state === "failed" ? "bad" : "good")}`;
  byId("state").textContent = label.textContent;
  byId("steps").textContent = [...steps.keys()].filter(Number.isInteger).length + (limit && isLive() ? ` of ${limit}` : "");
  byId("tokens").textContent = tokens.toLocaleString("en");
  drawTime();
  const isElsewhere = state === "running elsewhere"; // another process records it
  const canAct = isLive() && !isElsewhere && state !== "opening" && state !== "stopping";
  byId("pause").hidden = !canAct || state !== "running";
  byId("resume").hidden = !canAct || !["paused", "pausing"].includes(state);
  byId("take-over").hidden = !canAct || !(state === "paused" || question.asksUser);
  byId("stop").hidden = !isLive() || isElsewhere || state === "stopping";
  byId("say").hidden = !canAct;
  byId("watch").hidden = !isLive() || !byId("watch").hasAttribute("href");
  byId("continue").hidden = isLive() || (ended?.stop === "finished") || !steps.size;
  hands.enable(!byId("take-over").hidden && byId("take-over").getAttribute("aria-pressed") === "true");
  drawScreen();
}

function drawTime() {
  const now = isLive() && startedAt ? (Date.now() - startedAt) / 1000 : seconds;
  byId("time").textContent = clock(ended ? ended.seconds : now);
}

function drawScreen() {
  const step = steps.get(selected ?? Math.max(...steps.keys()));
  const isNow = frame !== null && selected === null, shown = isNow ? frame : step;
  byId("live").hidden = selected === null;
  for (const button of byId("strip").children) {
    if (step && button.id === `strip-${step.step}`) button.setAttribute("aria-current", "step"); else button.removeAttribute("aria-current");
  }
  if (!shown) return;
  const url = `${api}/${isNow ? "frames" : "images"}/${shown.image}.png`;
  if (byId("screenshot").getAttribute("src") !== url) byId("screenshot").src = url;
  byId("screenshot").alt = isNow ? "The screen now" : `Screenshot of ${nameOf(step.step)}: ${step.labels.join("; ")}`;
  byId("figure").classList.add("shown");
  byId("figure").style.aspectRatio = `${shown.size[0]} / ${shown.size[1]}`;
  byId("location").textContent = isNow ? "" : step.location;
  const unit = clearMarks(byId("marks"), shown.size);
  if (!isNow) drawActions(byId("marks"), step.size, unit, step.actions, step.labels);
}

function show(step) {
  selected = step;
  draw();
}

const nameOf = (step) => (Number.isInteger(step) ? `step ${step}` : "what you did");

function addToStrip({ step, image }) {
  byId(`strip-${step}`)?.remove(); // repeated after an interruption
  const button = element("button", { type: "button", id: `strip-${step}`, "aria-label": `Show ${nameOf(step)}`, onclick: () => show(step) },
    element("img", { src: `${api}/thumbs/${image}.webp`, alt: "", loading: "lazy", width: 98, height: 58 }), Number.isInteger(step) ? String(step) : "you");
  const strip = byId("strip"), isAtEnd = strip.scrollLeft + strip.clientWidth > strip.scrollWidth - 120;
  strip.append(button);
  if (isAtEnd && selected === null) strip.scrollLeft = strip.scrollWidth;
}

// -- what the viewer does

const hands = takeOver({
  act: (action) => command("act", { action }),
  size: () => (frame ?? steps.get(Math.max(...steps.keys())))?.size,
});
byId("pause").onclick = () => command("pause");
byId("resume").onclick = async () => {
  await hands.finish();
  byId("take-over").setAttribute("aria-pressed", "false");
  draw();
  command("resume");
};
byId("stop").onclick = () => command("stop");
byId("take-over").onclick = () => {
  const isTaken = byId("take-over").getAttribute("aria-pressed") === "true";
  byId("take-over").setAttribute("aria-pressed", String(!isTaken));
  if (!isTaken) command("look").then((shown) => { if (shown) byId("problem").textContent = shown.problem; });
  selected = null;
  draw();
};
byId("continue").onclick = async () => { if (await command("continue")) location.assign("/"); };
byId("live").onclick = () => show(null);
byId("say").onsubmit = (event) => {
  event.preventDefault();
  const text = byId("text").value.trim();
  if (text) command("message", { text }).then((done) => { if (done) byId("text").value = ""; });
};
addEventListener("resize", () => { if (steps.size) drawScreen(); });
addEventListener("keydown", (event) => {
  const isFree = !event.altKey && !event.ctrlKey && !event.metaKey && ["BODY", "BUTTON", "A"].includes(document.activeElement.tagName);
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!isFree || !by || !steps.size || hands.isEnabled) return;
  const numbers = [...steps.keys()].sort((a, b) => a - b), at = numbers.indexOf(selected ?? numbers.at(-1)) + by;
  event.preventDefault();
  show(at >= numbers.length - 1 ? null : numbers[Math.max(at, 0)]);
});
setInterval(() => {
  if (isLive()) drawTime();
  if (hands.isEnabled && !document.hidden) post(`${api}/look`).catch(() => {}); // the screen may change by itself
  question.tick();
}, 1000);

reset();
follow(`${api}/events`, receive, (from) => { if (from === 0) { reset(); draw(); } });
