import { OUTCOMES, attempt, badge, clock, follow, formatDate, get, post } from "./common.js";

const RULES = {
  "": "usual rules", "read-only": "read only", careful: "ask before risky ones", trusted: "trusted sites",
  confirm: "ask before each",
};
const FIELDS = ["screen", "url", "program", "model", "rules", "steps"];
const FILTERS = { text: "text", stop: "stop", model: "by-model", tag: "by-tag", since: "since", until: "until" };
const ELSEWHERE_MS = 3000;
let options = null, live = [], shown = 0, newest = 0;
const compared = new Map(); // the runs that were chosen, at most two, and their tasks

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
  byId("task").readOnly = byId("run").disabled = false; // before this, a task would be sent without its choices, or not at all
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
  if (asked !== newest || editing) return; // another search is newer, or the end of editing loads the list
  live = [...found.live, ...found.going_on];
  const rows = found.runs.map(runRow);
  if (start) byId("runs").append(...rows); else byId("runs").replaceChildren(...rows);
  shown = start + rows.length;
  byId("more").hidden = !found.more;
  const left = found.unread ? `, ${found.unread} more are being read` : "";
  byId("found").textContent = counted(found.total, "run") + left;
  const isGone = [choices("by-model", found.models), choices("by-tag", found.tags)].some(Boolean);
  byId("tag-filter").hidden = !found.tags.length;
  const isElsewhere = found.going_on.some((id) => !found.live.includes(id)) && shown <= found.runs.length;
  const again = isGone ? 1 : found.unread ? 300 : isElsewhere ? ELSEWHERE_MS : 0; // no message comes from another process
  if (again) setTimeout(() => { if (asked === newest && !document.hidden) attempt(() => loadRuns()); }, again);
}

/** Offers `names`; returns whether the chosen one is gone. */
function choices(id, names) {
  const chosen = byId(id).value;
  byId(id).replaceChildren(element("option", { value: "" }, "all"), ...names.map((name) => element("option", { value: name }, name)));
  byId(id).value = names.includes(chosen) ? chosen : "";
  return byId(id).value !== chosen;
}

function runRow(run) {
  const outcome = live.includes(run.id) ? "running" : run.stop;
  const facts = [formatDate(run.started), run.model, run.screen, counted(run.steps, "step"), run.seconds ? clock(run.seconds) : "",
    run.tokens ? counted(run.tokens, "token") : ""].filter(Boolean).join(" · ");
  return element("li", { "data-run": run.id },
    run.image ? element("img", { class: "thumb", src: `/api/runs/${run.id}/thumbs/${run.image}.webp`, alt: "", loading: "lazy", width: 106, height: 60 }) : element("span", { class: "thumb" }),
    element("div", { class: "about" },
      element("a", { class: "title", href: `/runs/${run.id}` }, run.task),
      run.answer ? element("span", { class: "answer" }, run.answer) : null,
      element("span", { class: "soft small" }, facts),
      tagLine(run)),
    badge(outcome),
    element("label", { class: "pick" }, element("input", { type: "checkbox", ...(compared.has(run.id) ? { checked: "" } : {}),
      "aria-label": `Compare: ${run.task}`, onchange: (event) => pick(run, event.target.checked) }), "compare"));
}

// -- tags

let editing = false; // while a tag is typed, the list stays as it is

function tagLine(run) {
  const line = element("span", { class: "tags small" });
  const set = (tags) => attempt(async () => {
    await post(`/api/runs/${run.id}/tags`, { tags });
    await loadRuns();
  });
  const edit = () => {
    editing = true;
    const input = element("input", { type: "text", maxlength: 40, "aria-label": `New tag of: ${run.task}`, autocomplete: "off" });
    const leave = (isKept) => {
      input.onblur = null;
      editing = false;
      if (isKept && input.value.trim()) set([...run.tags, input.value]); else attempt(loadRuns);
    };
    input.onkeydown = (event) => {
      if (event.key === "Enter") event.preventDefault();
      if (["Enter", "Escape"].includes(event.key)) leave(event.key === "Enter");
    };
    input.onblur = () => leave(true);
    line.replaceChildren(input);
    input.focus();
  };
  line.append(
    ...run.tags.map((tag) => element("span", { class: "tag" }, tag,
      element("button", { type: "button", "aria-label": `Remove the tag ${tag} from: ${run.task}`, onclick: () => set(run.tags.filter((one) => one !== tag)) }, "×"))),
    element("button", { type: "button", class: "add", "aria-label": `Tag: ${run.task}`, onclick: edit }, "+ tag"));
  return line;
}

// -- two runs to compare

function pick(run, isPicked) {
  if (isPicked) compared.set(run.id, run.task); else compared.delete(run.id);
  if (compared.size > 2) compared.delete(compared.keys().next().value);
  for (const box of byId("runs").querySelectorAll(".pick input")) box.checked = compared.has(box.closest("li").dataset.run);
  const [a, b] = [...compared.keys()];
  byId("compare").hidden = !a;
  byId("compare-open").toggleAttribute("aria-disabled", !b);
  if (b) byId("compare-open").href = `/compare?a=${a}&b=${b}`; else byId("compare-open").removeAttribute("href");
  byId("compare-text").textContent = b ? `${compared.get(a)} — ${compared.get(b)}` : "Choose a second run to compare with.";
}

// -- evaluations

async function loadEvaluations() {
  const { evaluations } = await get("/api/evaluations");
  byId("evaluations-section").hidden = !evaluations.length;
  byId("evaluations").replaceChildren(...evaluations.map((one) => {
    const percent = one.ended ? ` (${((100 * one.done) / one.ended).toFixed(1)} %)` : "";
    const result = one.ended === null ? `${counted(one.planned, "episode")} planned` : `${one.done} of ${one.ended} done${percent}` + (one.ended < one.planned ? `, ${one.planned} planned` : "");
    return element("li", {},
      element("div", { class: "about" },
        element("a", { class: "title", href: `/api/evaluations/${one.id}/report` }, one.name),
        element("span", { class: "soft small" }, `${formatDate(one.started)} · ${result}`)),
      one.going_on ? badge("running") : one.ended === null || one.ended < one.planned ? badge("incomplete", "warn") : badge("complete"));
  }));
}

byId("stop").append(...Object.keys(OUTCOMES).map((name) => element("option", { value: name }, readable(name))));
byId("search").onsubmit = (event) => event.preventDefault();
let typing = 0;
byId("search").oninput = () => { clearTimeout(typing); typing = setTimeout(() => attempt(() => loadRuns()), 150); };
byId("more").onclick = () => attempt(() => loadRuns(shown));

const refresh = () => attempt(() => Promise.all([loadQueue(), loadRuns(), loadEvaluations()]));
await attempt(loadOptions);
follow("/api/changes", refresh, refresh);
