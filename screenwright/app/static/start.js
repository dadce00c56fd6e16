import { OUTCOMES, attempt, badge, clock, follow, formatDate, get, post } from "./common.js";

const RULES = {
  "": "usual rules", "read-only": "read only", careful: "ask before risky ones", trusted: "trusted sites",
  confirm: "ask before each",
};
const FIELDS = ["screen", "url", "program", "model", "rules", "steps"];
const FILTERS = { text: "text", stop: "stop", model: "by-model", since: "since", until: "until" };
let options = null, live = [], shown = 0, newest = 0;

// -- a new task

async function loadOptions() {
  options = await get("/api/options");
  byId("screen").append(...options.screens.map(({ id, name, problem }) =>
    element("option", { value: id, ...(problem ? { disabled: "", title: problem } : {}) }, name + (problem ? " (not installed)" : ""))));
  byId("models").append(...options.models.map((model) => element("option", { value: model })));
  byId("model").value = options.policy ? "" : options.models[0];
  byId("model").disabled = Boolean(options.policy);
  byId("model").placeholder = options.policy && `policy ${options.policy}`;
  byId("rules").append(...(options.rules.length ? options.rules : [""]).map((name) =>
    element("option", { value: name }, options.rules.length ? RULES[name] ?? name : options.fixed)));
  byId("rules").disabled = !options.rules.length;
  byId("steps").value = options.steps ?? "";
  byId("url").value = options.url;
  byId("program").value = options.program;
  showFields();
}

function showFields() {
  for (const label of document.querySelectorAll("[data-screen]")) label.hidden = label.dataset.screen !== byId("screen").value;
}

byId("screen").onchange = showFields;
byId("task").onkeydown = (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) byId("new").requestSubmit();
};
byId("new").onsubmit = (event) => {
  event.preventDefault();
  const isShown = (name) => !byId(name).disabled && !byId(name).closest("[hidden]");
  const choices = Object.fromEntries(FIELDS.filter(isShown).map((name) => [name, byId(name).value]));
  attempt(async () => {
    await post("/api/queue", { task: byId("task").value, choices });
    byId("task").value = "";
    await loadQueue();
  });
};

// -- the queue

async function loadQueue() {
  const { jobs } = await get("/api/queue");
  byId("queue").replaceChildren(...jobs.map(queueRow));
  if (!jobs.length) byId("queue").append(element("li", { class: "soft" }, "No task is running or waiting."));
}

function queueRow(job) {
  const command = (name, label) => element("button", {
    type: "button", "aria-label": `${label}: ${job.task}`,
    onclick: () => attempt(() => post(`/api/queue/${job.id}/${name}`).finally(loadQueue)),
  }, label);
  const isRunning = ["running", "waiting for you"].includes(job.state);
  const task = isRunning || job.recorded ? element("a", { class: "title", href: `/runs/${job.run}` }, job.task) : element("span", { class: "title" }, job.task);
  const kind = { running: "good", waiting: "soft", failed: "bad" }[job.state] ?? "warn";
  return element("li", {}, element("span", { class: `badge ${kind}` }, job.state), task,
    job.problem ? element("p", { class: "bad wide" }, job.problem) : null,
    element("span", { class: "controls" },
      job.state === "interrupted" && job.recorded ? command("resume", "Resume") : null,
      ["interrupted", "failed"].includes(job.state) ? command("retry", "Start again") : null,
      isRunning ? element("a", { class: "button", href: `/runs/${job.run}` }, "Watch") : command("remove", "Remove")));
}

// -- the runs

async function loadRuns(start = 0) {
  const asked = ++newest;
  const query = new URLSearchParams({ start });
  for (const [name, id] of Object.entries(FILTERS)) if (byId(id).value) query.set(name, byId(id).value);
  const found = await get(`/api/runs?${query}`);
  if (asked !== newest) return; // another search is newer
  live = found.live;
  const rows = found.runs.map(runRow);
  if (start) byId("runs").append(...rows); else byId("runs").replaceChildren(...rows);
  shown = start + rows.length;
  byId("more").hidden = !found.more;
  const left = found.unread ? `, ${found.unread} more are being read` : "";
  byId("found").textContent = (found.total === 1 ? "1 run" : `${found.total} runs`) + left;
  const chosen = byId("by-model").value;
  byId("by-model").replaceChildren(element("option", { value: "" }, "all"), ...found.models.map((model) => element("option", { value: model }, model)));
  byId("by-model").value = chosen;
  if (found.unread) setTimeout(() => { if (asked === newest) loadRuns(); }, 300);
}

function runRow(run) {
  const outcome = live.includes(run.id) ? "running" : run.stop;
  const facts = [formatDate(run.started), run.model, run.screen, run.steps === 1 ? "1 step" : `${run.steps} steps`, run.seconds ? clock(run.seconds) : "",
    run.tokens ? `${run.tokens.toLocaleString("en")} tokens` : ""].filter(Boolean).join(" · ");
  return element("li", {},
    run.image ? element("img", { class: "thumb", src: `/api/runs/${run.id}/thumbs/${run.image}.webp`, alt: "", loading: "lazy", width: 106, height: 60 }) : element("span", { class: "thumb" }),
    element("div", { class: "about" },
      element("a", { class: "title", href: `/runs/${run.id}` }, run.task),
      run.answer ? element("span", { class: "answer" }, run.answer) : null,
      element("span", { class: "soft small" }, facts)),
    badge(outcome));
}

byId("stop").append(...Object.keys(OUTCOMES).map((name) => element("option", { value: name }, readable(name))));
byId("search").onsubmit = (event) => event.preventDefault();
let typing = 0;
byId("search").oninput = () => { clearTimeout(typing); typing = setTimeout(() => attempt(() => loadRuns()), 150); };
byId("more").onclick = () => attempt(() => loadRuns(shown));

const refresh = () => attempt(() => Promise.all([loadQueue(), loadRuns()]));
await attempt(loadOptions);
follow("/api/changes", refresh, refresh);
