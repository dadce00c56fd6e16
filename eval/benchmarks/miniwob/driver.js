// Runs in a page of MiniWoB++ right behind its core.js: seeds it, starts the episode, and reports to the page's server.
// The agent has no part in any of this: it sees pixels, and moves a mouse.
(function (config) {
  "use strict";
  const style = document.createElement("style");
  style.textContent = "#reward-display, #click-canvas, #sync-task-cover { display: none !important }";
  document.head.appendChild(style);
  Math.seedrandom(config.seed); // what a page draws while it loads is drawn the same each time

  // Where the instruction cannot be seen, the icon or the colour that stands in its midst is put into words.
  const plainUtterance = core.getUtterance;
  const hex = (part) => Number(part).toString(16).padStart(2, "0");
  const inWords = (node) => {
    const text = node.textContent.replace(/\s+/g, " ").trim();
    if (text || node.nodeType !== Node.ELEMENT_NODE) return text;
    if (node.classList.contains("ui-icon")) return `"${node.classList[1]}"`;
    const colour = node.style.backgroundColor.match(/^rgb\((\d+), (\d+), (\d+)\)$/);
    return colour ? "#" + colour.slice(1).map(hex).join("") : "";
  };
  const utterance = () => {
    if (config.hideQuery && core.getUtterance === plainUtterance && query().children.length > 0) {
      const words = [...query().childNodes].map(inWords);
      const isPicture = (word) => word.startsWith('"ui-icon') || /^#[0-9a-f]{6}$/.test(word);
      if (words.some(isPicture)) return words.filter(Boolean).join(" ");
    }
    const asked = core.getUtterance();
    return typeof asked === "string" ? asked : asked.utterance;
  };

  let hiddenQuery = null;
  const query = () => document.getElementById("query");
  const hideQuery = () => {
    hiddenQuery = query().innerHTML;
    query().innerHTML = "";
  };

  // Synchronous: once the action that ended the episode is over, the server knows.
  const report = (what) => {
    const request = new XMLHttpRequest();
    request.open("POST", config.report, false);
    request.send(JSON.stringify(what));
  };

  const watchTheEnd = () => {
    const endEpisode = core.endEpisode;
    core.endEpisode = function (...given) {
      const episodes = WOB_EPISODE_ID;
      if (hiddenQuery !== null) query().innerHTML = hiddenQuery; // some pages compare with it
      endEpisode.apply(core, given);
      if (config.hideQuery) hideQuery();
      if (WOB_EPISODE_ID === episodes) return;
      const reason = String(WOB_REWARD_REASON ?? "");
      report({ event: "over", raw: WOB_RAW_REWARD_GLOBAL, reward: WOB_REWARD_GLOBAL, reason });
    };
  };

  const whenReady = () => {
    if (!WOB_TASK_READY) {
      setTimeout(whenReady, 20);
      return;
    }
    const asked = utterance();
    if (config.hideQuery) hideQuery();
    report({ event: "ready", utterance: asked, limit_ms: core.EPISODE_MAX_TIME });
  };

  const start = () => {
    watchTheEnd();
    if (config.limitMs !== null) core.EPISODE_MAX_TIME = config.limitMs;
    core.setDataMode(config.dataMode);
    Math.seedrandom(config.seed);
    core.startEpisodeReal();
    clearInterval(core.CD_TIMER); // it counts down on a display that is hidden
    whenReady();
  };

  // The page's own load handler is set by then, and makes what starting needs.
  document.addEventListener("DOMContentLoaded", () => addEventListener("load", start));
  addEventListener("pagehide", () => navigator.sendBeacon(config.report, JSON.stringify({ event: "left" })));
})
