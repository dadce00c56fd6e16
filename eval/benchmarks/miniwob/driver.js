// Runs in a MiniWoB++ page right after its core.js: seeds it, starts the episode, and reports events to the server.
// Invisible to the agent, which sees pixels only.
(function (config) {
  "use strict";
  const style = document.createElement("style");
  style.textContent = "#reward-display, #click-canvas, #sync-task-cover { display: none !important }";
  document.head.appendChild(style);
  Math.seedrandom(config.seed); // some pages draw random numbers while they load

  // Where the instruction is hidden, icons and colours inside it are described in text.
  const plainUtterance = core.getUtterance;
  const hex = (value) => Number(value).toString(16).padStart(2, "0");
  const describe = (node) => {
    const text = node.textContent.replace(/\s+/g, " ").trim();
    if (text || node.nodeType !== Node.ELEMENT_NODE) return text;
    if (node.classList.contains("ui-icon")) return `"${node.classList[1]}"`;
    const colour = node.style.backgroundColor.match(/^rgb\((\d+), (\d+), (\d+)\)$/);
    return colour ? "#" + colour.slice(1).map(hex).join("") : "";
  };
  const utterance = () => {
    if (config.hideQuery && core.getUtterance === plainUtterance && query().children.length > 0) {
      const parts = [...query().childNodes].map(describe);
      const isGraphic = (part) => part.startsWith('"ui-icon') || /^#[0-9a-f]{6}$/.test(part);
      if (parts.some(isGraphic)) return parts.filter(Boolean).join(" ");
    }
    const given = core.getUtterance();
    return typeof given === "string" ? given : given.utterance;
  };

  let hiddenQuery = null;
  const query = () => document.getElementById("query");
  const hideQuery = () => {
    hiddenQuery = query().innerHTML;
    query().innerHTML = "";
  };

  // Synchronous, so that the server knows of the end before the action that caused it returns.
  const report = (event) => {
    const request = new XMLHttpRequest();
    request.open("POST", config.report, false);
    request.send(JSON.stringify(event));
  };

  const reportEnd = () => {
    const endEpisode = core.endEpisode;
    core.endEpisode = function (...args) {
      const episodes = WOB_EPISODE_ID;
      if (hiddenQuery !== null) query().innerHTML = hiddenQuery; // some pages read it to compute the reward
      endEpisode.apply(core, args);
      if (config.hideQuery) hideQuery();
      if (WOB_EPISODE_ID === episodes) return;
      const reason = String(WOB_REWARD_REASON ?? "");
      report({ event: "ended", raw: WOB_RAW_REWARD_GLOBAL, reward: WOB_REWARD_GLOBAL, reason });
    };
  };

  const whenReady = () => {
    if (!WOB_TASK_READY) {
      setTimeout(whenReady, 20);
      return;
    }
    const instruction = utterance();
    if (config.hideQuery) hideQuery();
    report({ event: "ready", utterance: instruction, limit_ms: core.EPISODE_MAX_TIME });
  };

  const start = () => {
    reportEnd();
    if (config.limitMs !== null) core.EPISODE_MAX_TIME = config.limitMs;
    core.setDataMode(config.dataMode);
    Math.seedrandom(config.seed);
    core.startEpisodeReal();
    clearInterval(core.CD_TIMER); // it updates a display that we hide
    whenReady();
  };

  // At DOMContentLoaded the page has set its own load handler, which prepares the task and must run before ours.
  document.addEventListener("DOMContentLoaded", () => addEventListener("load", start));
  addEventListener("pagehide", () => navigator.sendBeacon(config.report, JSON.stringify({ event: "unloaded" })));
})
