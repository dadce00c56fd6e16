// The thoughts and actions of a run as a conversation, with what the user and the agent say to each other.

export class Conversation {
  /** Writes into `log`; `onStep` is called with the number of a step that the viewer chooses. */
  constructor(log, onStep) {
    this.log = log;
    this.onStep = onStep;
    this.steps = new Map();
    this.isAtEnd = true;
    log.onscroll = () => { this.isAtEnd = log.scrollTop + log.clientHeight > log.scrollHeight - 40; };
    new ResizeObserver(() => this.#keepEnd()).observe(log);
  }

  clear() {
    this.log.replaceChildren();
    this.steps.clear();
  }

  note(step, text) {
    this.#add(step, element("p", { class: "note" }, text));
  }

  said(text) {
    this.#add(null, element("p", { class: "said" }, element("span", { class: "soft" }, "You: "), text));
  }

  did(text, step) {
    this.#add(null, element("p", { class: "said" }, element("span", { class: "soft" }, "You did: "),
      element("button", { type: "button", class: "step", onclick: () => this.onStep(step) }, text)));
  }

  asked(text) {
    this.#add(null, element("p", { class: "action" }, element("span", { class: "soft" }, "The agent asks: "), text));
  }

  decided({ step, thought, labels }) {
    const actions = labels.map((label) => element("p", { class: "action" }, label, element("span", { class: "outcome" })));
    this.#add(step, thought ? element("p", { class: "thought" }, thought) : null, ...actions);
    this.steps.get(step).actions = actions;
  }

  doing(step, index) {
    this.#outcome(step, index, "soft", " …");
  }

  done(step, index, failure) {
    this.#outcome(step, index, failure ? "bad" : "good", failure ? ` ${failure}` : " ✓");
  }

  #outcome(step, index, kind, text) {
    const outcome = this.steps.get(step)?.actions[index]?.querySelector(".outcome");
    if (outcome) Object.assign(outcome, { className: `outcome ${kind}`, textContent: text });
  }

  #keepEnd() {
    if (this.isAtEnd) this.log.scrollTop = this.log.scrollHeight;
  }

  /** Appends to the part of `step`, or below everything without one; keeps the end in view if it was. */
  #add(step, ...nodes) {
    let part = step === null ? null : this.steps.get(step)?.part;
    if (!part || part !== this.log.lastElementChild) {
      part = element("article", {}, step === null ? null :
        element("button", { type: "button", class: "step", onclick: () => this.onStep(step) }, `Step ${step}`));
      if (step !== null) this.steps.set(step, { part, actions: [] });
      this.log.append(part);
    }
    part.append(...nodes.filter(Boolean));
    this.#keepEnd();
  }
}
