"use strict";
const byId = (id) => document.getElementById(id);
const PHASES = {
  capture: "#4c9f9b", encode: "#7fb069", model: "#4577b8", act: "#c97b3a", settle: "#d9b44a", log: "#9a7bb5", other: "#9aa3a9",
};

/** An element; children are nodes or text. Text is never parsed as HTML. */
function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "style") node.style.cssText = value;
    else if (name.startsWith("on")) node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

function svgElement(tag, attributes, text) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
const readable = (name) => name.replaceAll("_", " ");
/** A number and its noun, whose plural ends in s. */
const counted = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
const formatSeconds = (seconds) => (seconds >= 1 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds * 1000)} ms`);
const swatch = (phase) => element("i", { style: `background:${PHASES[phase]}` });

/** Seconds by phase as a bar with a legend. */
function phaseBar(seconds) {
  const total = sum(Object.values(seconds)) || 1;
  const parts = Object.entries(seconds).map(([phase, value]) => [phase, value, `${phase} ${formatSeconds(value)}`]);
  return [
    element("div", { class: "track" }, parts.map(([phase, value, title]) =>
      element("div", { style: `width:${(100 * value) / total}%;background:${PHASES[phase]}`, title }))),
    element("p", { class: "legend" }, parts.map(([phase, , title]) => element("span", {}, swatch(phase), title))),
  ];
}

function toggleTheme() {
  const theme = document.documentElement.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  document.documentElement.dataset.theme = theme === "dark" ? "light" : "dark";
}
