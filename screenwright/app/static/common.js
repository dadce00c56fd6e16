// What both pages share: requests, the connection for events, outcomes and times.

export const OUTCOMES = {
  finished: "good", infeasible: "warn", needs_user: "warn", refused: "warn", stuck: "bad", diverged: "bad", step_limit: "warn",
  time_limit: "warn", token_limit: "warn", cost_limit: "warn", invalid_answer: "warn", env_lost: "bad", model_lost: "bad", cancelled: "warn", interrupted: "warn",
};

/** The outcome of a run as a coloured label. */
export const badge = (outcome, kind = OUTCOMES[outcome] ?? "good") => element("span", { class: `badge ${kind}` }, readable(outcome));

export async function get(path) {
  return parsed(await fetch(path));
}

export async function post(path, body = {}) {
  return parsed(await fetch(path, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  }));
}

async function parsed(response) {
  if (response.status === 401) location.reload(); // the server was restarted
  const data = await response.json();
  if (!response.ok) throw new Error(data.error);
  return data;
}

/** Calls `change`, and shows in the element `problem` why it was refused. */
export async function attempt(change) {
  byId("problem").textContent = "";
  try {
    return await change();
  } catch (error) {
    byId("problem").textContent = error.message;
    return null;
  }
}

/**
 * Follows the events at `path` while the page is visible, since browsers open few connections to one server.
 * `onMessage` gets each message, `onFrom` the number of the first one, before it.
 */
export function follow(path, onMessage, onFrom = () => {}) {
  let source = null, isOver = false;
  const open = () => {
    if (source || isOver || document.hidden) return;
    source = new EventSource(path);
    source.onopen = () => { byId("offline").textContent = ""; };
    source.onerror = () => { byId("offline").textContent = "no connection to the server"; };
    source.onmessage = (event) => onMessage(JSON.parse(event.data));
    source.addEventListener("from", (event) => onFrom(Number(event.data)));
    source.addEventListener("end", () => { isOver = true; source.close(); });
  };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { source?.close(); source = null; } else open();
  });
  open();
}

/** Seconds as minutes and seconds. */
export function clock(seconds) {
  const whole = Math.max(Math.round(seconds), 0);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

export const formatDate = (iso) => new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });

byId("theme").onclick = toggleTheme;
