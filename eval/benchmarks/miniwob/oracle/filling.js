// Forms: fill in, select, submit.
const only = (selector, value) => first(() => fill(one(selector), value), submit);

solvers["enter-text"] = solvers["enter-text-dynamic"] = (utterance) => only("#tt", quoted(utterance)[0]);
solvers["enter-text-2"] = (utterance) => only("#tt", /upper case/.test(utterance) ? quoted(utterance)[0].toUpperCase() : quoted(utterance)[0].toLowerCase());
solvers["enter-password"] = (utterance) => first(() => fill(one("#password"), quoted(utterance)[0]), () => fill(one("#verify"), quoted(utterance)[0]), submit);
solvers["login-user"] = (utterance) => first(() => fill(one("#username"), quoted(utterance)[0]), () => fill(one("#password"), quoted(utterance)[1]), submit);
solvers["login-user-popup"] = (utterance) => {
  const popup = all("#popup-cancel, #popup .cancel, .popup button").find(isShown) ?? all("button").find((node) => isShown(node) && /^(cancel|no)$/i.test(textOf(node)));
  return popup ? click(popup) : solvers["login-user"](utterance);
};
solvers["enter-date"] = (utterance) => {
  const [month, day, year] = utterance.match(/(\d+)\/(\d+)\/(\d+)/).slice(1);
  const field = one("#tt");
  if (field.value === `${year}-${month}-${day}`) return submit();
  const box = field.getBoundingClientRect();
  return [{ click: [box.x + 8, box.y + box.height / 2] }, { type: `${month}${day}${year}` }];
};
solvers["enter-time"] = (utterance) => {
  const [hour, minute, half] = utterance.match(/(\d+):(\d+) ([AP]M)/).slice(1);
  const field = one("#tt");
  const wanted = `${String((Number(hour) % 12) + (half === "PM" ? 12 : 0)).padStart(2, "0")}:${minute}`;
  if (field.value === wanted) return submit();
  const box = field.getBoundingClientRect();
  return [{ click: [box.x + 8, box.y + box.height / 2] }, { type: `${hour.padStart(2, "0")}${minute}${half}` }];
};
const boxNamed = (name) => { const label = all("label").find((node) => textOf(node) === name); return label && one("input", label); };
const checkAll = (names) => {
  for (const label of all("label")) {
    const box = one("input", label);
    if (!box) continue;
    const step = check(box, names.includes(textOf(label)));
    if (step) return step;
  }
  return submit();
};
solvers["click-checkboxes"] = solvers["click-checkboxes-transfer"] = solvers["click-checkboxes-large"] = (utterance) => checkAll(listed(named(utterance, "Select ", " and click")));
solvers["click-checkboxes-soft"] = (utterance) => {
  const words = listed(named(utterance, "similar to ", " and click"));
  const groups = SYNONYMS.filter((group) => group.some((word) => words.includes(word)));
  return checkAll(all("label").map(textOf).filter((word) => groups.some((group) => group.includes(word))));
};
solvers["click-option"] = (utterance) => first(() => check(boxNamed(named(utterance, "Select ", " and click")), true), submit);
solvers["number-checkboxes"] = (utterance) => {
  const wanted = PATTERNS[Number(quoted(utterance)[0])].flat();
  const boxes = all("#area input[type=checkbox]").slice(0, wanted.length);
  for (const [index, box] of boxes.entries()) { const step = check(box, Boolean(wanted[index])); if (step) return step; }
  return submit();
};
solvers["click-shades"] = (utterance) => {
  const colour = utterance.match(/shades of (\w+)/)[1];
  const next = all("#area span[data-color]").find((node) => node.dataset.color === colour && !memory[all("#area span").indexOf(node)]);
  if (!next) return submit();
  memory[all("#area span").indexOf(next)] = true;
  return click(next);
};
solvers["choose-list"] = (utterance) => {
  const list = one("#options"), name = named(utterance, "Select ", " from the list");
  const wanted = [...list.options].findIndex((option) => option.text === name);
  if (list.selectedIndex === wanted) return submit();
  const moves = wanted - list.selectedIndex;
  return [...click(list), ...repeat(Math.abs(moves), { keys: [moves > 0 ? "down" : "up"] }), { keys: ["enter"] }];
};
solvers["click-scroll-list"] = (utterance) => {
  const names = listed(named(utterance, "Select ", " from the scroll list")), list = one("#options");
  const options = [...list.options];
  const wrong = options.find((option) => option.selected !== names.includes(option.text) && option.selected) ?? options.find((option) => names.includes(option.text) && !option.selected);
  if (!wrong) return submit();
  const at = center(wrong), frame = list.getBoundingClientRect();
  if (at[1] > frame.bottom - 6) return [{ scroll: center(list), direction: "down", amount: 1 }];
  if (at[1] < frame.y + 6) return [{ scroll: center(list), direction: "up", amount: 1 }];
  return [{ click: [frame.x + 20, at[1]], modifiers: ["ctrl"] }];
};
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const pickDate = (utterance) => {
  const [month, day, year] = utterance.match(/(\d+)\/(\d+)\/(\d+)/).slice(1).map(Number);
  const field = one("#datepicker");
  if (field.value === `${String(month).padStart(2, "0")}/${String(day).padStart(2, "0")}/${year}`) return null;
  const picker = one("#ui-datepicker-div");
  if (!picker || !isShown(picker)) return [...click(field), { wait: 0.3 }];
  const shown = Number(textOf(one(".ui-datepicker-year", picker))) * 12 + MONTHS.indexOf(textOf(one(".ui-datepicker-month", picker)));
  const wanted = year * 12 + month - 1;
  if (shown !== wanted) return click(one(shown > wanted ? ".ui-datepicker-prev" : ".ui-datepicker-next", picker));
  return click(all("td a", picker).find((node) => textOf(node) === String(day)));
};
solvers["choose-date"] = solvers["choose-date-easy"] = solvers["choose-date-medium"] = solvers["choose-date-nodelay"] = (utterance) => pickDate(utterance) ?? submit();
const slide = (slider, value) => {
  const handle = one(".ui-slider-handle", slider), now = $(slider).slider("value");
  if (now === value) return null;
  const up = value > now;
  if (!isAt(handle)) return [...click(handle)];
  return repeat(Math.min(40, Math.abs(value - now)), { keys: [up ? "right" : "left"] });
};
solvers["use-slider"] = (utterance) => slide(one("#slider"), Number(utterance.match(/Select (-?\d+)/)[1])) ?? submit();
solvers["use-slider-2"] = (utterance) => {
  const values = utterance.match(/\[(.*)\]/)[1].split(",").map(Number);
  return first(...values.map((value, index) => () => slide(one(`#slider-${index + 1}`), value)), submit);
};
solvers["use-spinner"] = (utterance) => {
  const value = Number(utterance.match(/Select (-?\d+)/)[1]), now = Number(one("#spinner").value || 0);
  if (now === value) return submit();
  return repeat(Math.abs(value - now), click(one(value > now ? ".ui-spinner-up" : ".ui-spinner-down"))[0]);
};
solvers["form-sequence"] = (utterance) => first(
  () => slide(one("#slider"), Number(utterance.match(/Select (-?\d+)/)[1])),
  () => check(all("input[type=checkbox]")[ordinal(utterance) - 1], true),
  submit,
);
solvers["form-sequence-2"] = (utterance) => {
  const [radio, field] = [...utterance.matchAll(/(\d+)(?:st|nd|rd|th)/g)].map((found) => Number(found[1]));
  return first(() => check(all("input[type=radio]")[radio - 1], true), () => fill(all("input[type=text]")[field - 1], quoted(utterance)[0]), submit);
};
solvers["form-sequence-3"] = (utterance) => {
  const name = utterance.match(/Choose (.*) from the dropdown/)[1];
  if (textOf(one(".selectric .label")) === name) return click(withText("button", quoted(utterance)[0]));
  const items = one(".selectric-items");
  return isShown(items) ? click(all("li", items).find((node) => textOf(node) === name)) : click(one(".selectric"));
};
solvers["use-autocomplete"] = solvers["use-autocomplete-nodelay"] = (utterance) => {
  const [begin, end = ""] = quoted(utterance), field = one("#tags");
  const fine = (text) => text.startsWith(begin) && text.endsWith(end);
  if (fine(field.value) && memory.chosen) return submit();
  const option = all(".ui-menu-item").find((node) => isShown(node) && fine(textOf(node)));
  if (option) { const steps = click(option); if (steps?.[0].click) memory.chosen = true; return steps; }
  return field.value === begin ? [{ wait: 0.5 }] : fill(field, begin);
};
solvers["multi-layouts"] = solvers["multi-orderings"] = (utterance) => {
  const [, genre, director, year] = utterance.match(/Search for (.*) movies directed by (.*) from year (\d+)/);
  const wanted = { genre, director, year };
  for (const field of all("#area input[type=text]")) {
    const around = field.closest("tr, .ui-entry, p, li, div");
    const text = (textOf(around) + " " + (field.placeholder ?? "")).toLowerCase();
    const key = Object.keys(wanted).find((name) => text.includes(name)) ?? (/director|by/.test(text) ? "director" : undefined);
    const step = key && fill(field, wanted[key]);
    if (step) return step;
  }
  const go = one(".ui-submit, .final, #area button, #area input[type=submit]") ?? all("#area *").find((node) => node.children.length === 0 && /^(search|submit|go|ok)/i.test(textOf(node)));
  return click(go);
};
solvers["search-engine"] = (utterance) => {
  const [name] = quoted(utterance), wanted = ordinal(utterance);
  const field = one("#search-text");
  if (!memory.searched) {
    const step = fill(field, name);
    if (step) return step;
    memory.searched = true;
    return click(one("#search"));
  }
  const page = Math.floor((wanted - 1) / 3) + 1, current = Number(textOf(one("#pagination .active") ?? one("#pagination li")));
  if (page !== (memory.page ?? 1)) { const next = all("#pagination a, #pagination li").find((node) => textOf(node) === String(page)) ?? one("#pagination .next a"); memory.page = page; return click(one("a", next) ?? next); }
  return click(all("#page-content a")[(wanted - 1) % 3]);
};
solvers["use-colorwheel"] = solvers["use-colorwheel-2"] = (utterance) => {
  const field = one("#col"), shown = one("#query .cc");
  const wanted = shown ? getComputedStyle(shown).backgroundColor.match(/\d+/g).map((part) => Number(part).toString(16).padStart(2, "0")).join("")
    : ui_utils.colorNameToHex(utterance.match(/Select (\w+) with/)[1]).slice(1);
  if (field.value.toLowerCase() !== wanted.toLowerCase()) return fill(field, wanted);
  return clickPoint(submitter()) ? submit() : [{ keys: ["tab"] }];
};
const nameIn = (utterance, people) => people.filter((name) => new RegExp(`\\b${name}\\b`).test(utterance));
const emails = { trash: (utterance) => /trash|delete/i.test(utterance), star: (utterance) => /star|important/i.test(utterance) };
const mailbox = (utterance) => {
  const senders = all(".email-thread").map((thread) => [textOf(one(".email-sender", thread)), thread]);
  const from = utterance.match(/by (\w+)/)?.[1] ?? utterance.match(/(?:from|email) (\w+)/i)?.[1];
  return senders.find(([name]) => name === from)?.[1];
};
const icon = (kind) => (utterance) => click(one(`.${kind}`, mailbox(utterance)));
solvers["email-inbox-delete"] = solvers["email-inbox-noscroll"] = solvers["email-inbox-important"] = (utterance) =>
  /reply|forward/.test(utterance) ? answered(utterance) : icon(emails.trash(utterance) ? "trash" : "star")(utterance);
const answered = (utterance) => {
  const reply = all("#reply-text").find(isShown), to = all(".forward-sender").find(isShown);
  if (reply) return first(() => fill(reply, quoted(utterance)[0]), () => click(one("#send-reply")));
  if (to) return first(() => fill(to, utterance.match(/to (\w+)\W*$/)[1]), () => click(one("#send-forward")));
  const button = all(/forward/.test(utterance) ? ".email-forward" : ".email-reply").find(isShown);
  if (button) return click(one(".icon", button));
  return click(one(".email-subject", mailbox(utterance)));
};
solvers["email-inbox"] = solvers["email-inbox-star-reply"] = solvers["email-inbox-important"];
solvers["email-inbox-reply"] = solvers["email-inbox-forward"] = answered;
