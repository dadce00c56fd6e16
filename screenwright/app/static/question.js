// The open question: whether an action is allowed, or what the model asks. The first answer of a viewer counts.

import { attempt, clock, post } from "./common.js";

const SCOPES = { once: "Allow once", host: "Allow on", run: "Allow for this run" };

export class Question {
  #message = null;
  #title = "";

  constructor(api) {
    this.api = api;
    byId("reply").onsubmit = (event) => {
      event.preventDefault();
      const text = byId("reply-text").value.trim();
      this.#answer(this.asksUser, "once", text);
    };
  }

  get isOpen() { return this.#message !== null; }

  /** Whether the model asks the user, who may then use the screen. */
  get asksUser() { return this.#message?.asks === "question"; }

  open(message) {
    this.close();
    this.#message = message;
    const { asks, text, rule, reason, place, scopes, picture } = message;
    const source = asks === "rule" ? `Rule “${rule}” asks` : asks === "safety_check" ? "The model's safety check asks" : "The agent asks you";
    byId("question-why").textContent = [source, reason].filter(Boolean).join(": ") + (place ? ` (${place})` : "");
    byId("question-text").textContent = asks === "question" ? text : `${text} — allow it?`;
    byId("question-image").hidden = !picture;
    if (picture) byId("question-image").src = `${this.api}/questions/${message.question}.png`;
    byId("choices").replaceChildren(...(this.asksUser ? [] : scopes.map((scope) =>
      element("button", { type: "button", class: scope === "once" ? "primary" : "", onclick: () => this.#answer(true, scope, "") },
        SCOPES[scope] + (scope === "host" ? ` ${place}` : "")))));
    byId("reply-label").textContent = this.asksUser ? "Your answer; empty when the screen is ready" : "Reason, for the model";
    byId("reply-button").textContent = this.asksUser ? "Answer" : "Deny";
    byId("reply-button").className = this.asksUser ? "primary" : "danger";
    byId("question").hidden = false;
    if (document.activeElement === document.body) byId("question").focus(); // not on a button that a key would press
    this.#title = document.title;
    document.title = `(!) ${document.title}`;
    this.tick();
  }

  close() {
    if (this.isOpen) document.title = this.#title;
    this.#message = null;
    byId("question").hidden = true;
    byId("reply-text").value = "";
  }

  /** Shows how much time is left. */
  tick() {
    const left = this.#message?.ends ? this.#message.ends - Date.now() / 1000 : 0;
    byId("countdown").textContent = left > 0 ? `Denied in ${clock(left)} without an answer` : "";
  }

  #answer(allowed, scope, text) {
    const { question } = this.#message;
    attempt(() => post(`${this.api}/answer`, { question, allowed, scope, text }));
  }
}
