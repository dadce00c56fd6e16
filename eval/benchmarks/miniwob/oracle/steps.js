// Building blocks of the solvers. A solver reads the page and returns the next steps, in CSS pixels of the window; it
// changes nothing itself. Steps: {click, count, modifiers}, {move}, {drag}, {type}, {keys},
// {scroll, direction, amount}, {wait}. null means wait, an empty list means done.
"use strict";
const solvers = {};
let memory = {};

const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const one = (selector, within = document) => within.querySelector(selector);
const textOf = (node) => (node.innerText ?? node.textContent).trim();
const quoted = (utterance) => [...utterance.matchAll(/"([^"]*)"/g)].map((found) => found[1]);
const isShown = (node) => node.getClientRects().length > 0 && getComputedStyle(node).visibility !== "hidden";
const withText = (selector, text, within = document) => all(selector, within).find((node) => isShown(node) && textOf(node) === text);
const named = (utterance, before, after) => utterance.split(before)[1].split(after)[0].trim();
const listed = (text) => text.split(/, | and (?=\S+$)/).map((part) => part.trim()).filter(Boolean);
const ordinal = (utterance) => Number(utterance.match(/(\d+)(?:st|nd|rd|th)/)[1]);
const center = (node) => { const box = node.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; };
const inView = ([x, y]) => x >= 0 && y >= 0 && x < innerWidth && y < innerHeight;
const hits = (node, [x, y]) => {
  const top = document.elementFromPoint(x, y);
  return top !== null && (top === node || node.contains(top) || (top.contains(node) && top.tagName === "LABEL"));
};

/** A point in the window where a click hits `node`; undefined if there is none. */
function clickPoint(node) {
  for (const box of node.getClientRects()) {
    for (const [u, v] of [[0.5, 0.5], [0.25, 0.5], [0.75, 0.5], [0.5, 0.25], [0.5, 0.75], [0.1, 0.5], [0.9, 0.5], [0.5, 0.1], [0.5, 0.9]]) {
      const point = [box.x + u * box.width, box.y + v * box.height];
      if (inView(point) && hits(node, point)) return point;
    }
  }
  return undefined;
}

/** Scroll one notch toward `node`; null if nothing needs scrolling. */
function wheelTo(node) {
  for (let up = node.parentElement; up; up = up.parentElement) {
    const scrolls = up === document.documentElement || /auto|scroll/.test(getComputedStyle(up).overflowY);
    if (!scrolls || up.scrollHeight <= up.clientHeight + 1) continue;
    const frame = up === document.documentElement ? { x: 0, y: 0, width: innerWidth, height: innerHeight, bottom: innerHeight } : up.getBoundingClientRect();
    const box = node.getBoundingClientRect();
    const bottom = Math.min(frame.bottom, innerHeight);
    const at = [frame.x + frame.width / 2, (Math.max(0, frame.y) + bottom) / 2];
    if (box.bottom > bottom) return [{ scroll: at, direction: "down", amount: 1 }];
    if (box.y < frame.y) return [{ scroll: at, direction: "up", amount: 1 }];
  }
  return null;
}

function click(node, more = {}) {
  const at = clickPoint(node);
  return at ? [{ click: at, ...more }] : wheelTo(node);
}

const isAt = (node) => document.activeElement === node;

/** Steps that enter `value` into a field; null if the field contains it. */
function fill(field, value) {
  if (field.value === value) return null;
  const focus = isAt(field) ? [] : click(field);
  if (focus === null) return [{ wait: 0.1 }];
  if (focus.length && !focus[0].click) return focus;
  return [...focus, ...(field.value ? [{ keys: ["ctrl", "a"] }] : []), ...(value ? [{ type: value }] : [{ keys: ["delete"] }])];
}

const check = (box, wanted) => (box.checked === wanted ? null : click(box));
const first = (...steps) => { for (const step of steps) { const next = typeof step === "function" ? step() : step; if (next) return next; } return null; };
const submitter = () => one("#subbtn") ?? one("#submit") ?? all("button").find((node) => /^submit$/i.test(textOf(node))) ?? one(".secondary-action");
const submit = () => click(submitter());
const drag = (from, to) => [{ drag: [from, [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2], to] }];
/** Steps that are done only once per episode, tracked in the memory. */
const once = (name, steps) => { if (memory[name]) return null; const next = steps(); if (next) memory[name] = true; return next; };
const repeat = (count, step) => Array.from({ length: count }, () => step);

function nextSteps(task, utterance, remembered) {
  memory = remembered;
  const solver = solvers[task];
  return { steps: solver ? solver(utterance) : null, memory, isKnown: Boolean(solver) };
}
