// The overlay page: draws the panels, and reports the user's input to them through `answer`.
(() => {
  const answer = window.screenwrightAnswer;
  const popups = document.getElementById("popups"), modals = document.getElementById("modals");
  const tabStrip = document.getElementById("tab-strip");
  const two = number => String(number).padStart(2, "0");

  const make = (tag, properties = {}, ...children) => {
    const { className = "", ...rest } = properties;
    const element = Object.assign(document.createElement(tag), rest);
    element.className = className;
    element.append(...children);
    return element;
  };

  // -- dialogs
  const dialog = (id, spec) => {
    const box = make("div", { className: "panel dialog" });
    box.setAttribute("role", "dialog");
    box.tabIndex = -1;
    if (spec.title) box.append(make("h1", {}, spec.title));
    if (spec.message) box.append(make("p", {}, spec.message));
    const fields = spec.fields.map(field => {
      const input = make("input", { type: field.secret ? "password" : "text", value: field.value, autocomplete: "off" });
      box.append(make("label", {}, field.label, input));
      return input;
    });
    const rows = spec.choices.map((name, index) => {
      const row = make("div", {}, name);
      row.setAttribute("role", "option");
      row.setAttribute("aria-selected", String(spec.choices.length === 1));
      row.onclick = event => {
        const adds = spec.multiple && (event.ctrlKey || event.metaKey);
        for (const other of rows) if (other !== row && !adds) other.setAttribute("aria-selected", "false");
        row.setAttribute("aria-selected", String(!adds || row.getAttribute("aria-selected") !== "true"));
      };
      row.ondblclick = () => finish(spec.buttons[0].value);
      return row;
    });
    if (rows.length) box.append(make("div", { className: "choices" }, ...rows));
    const check = make("input", { type: "checkbox" });
    if (spec.check) box.append(make("label", { className: "check" }, check, spec.check));
    const finish = value => answer(id, {
      value,
      fields: fields.map(field => field.value),
      chosen: rows.flatMap((row, index) => row.getAttribute("aria-selected") === "true" ? [index] : []),
      checked: check.checked,
    });
    const buttons = spec.buttons.map((button, index) =>
      make("button", { className: index ? "" : "first", onclick: () => finish(button.value) }, button.label));
    box.append(make("div", { className: "buttons" }, ...buttons));
    box.onkeydown = event => {
      const isButton = event.target instanceof HTMLButtonElement;
      if (event.key === "Escape") finish(spec.buttons.at(-1).value);
      else if (event.key === "Enter" && !isButton) finish(spec.buttons[0].value);
      else return;
      event.preventDefault();
    };
    const modal = make("div", { className: "modal", id }, box);
    modal.onmousedown = event => { if (event.target === modal) event.preventDefault(); };  // the dialog keeps the focus
    modals.append(modal);
    (fields[0] ?? buttons[0]).focus();
    fields[0]?.select();
  };

  // -- popups at a control or at a point
  const place = (box, x, below, above) => {
    popups.append(box);
    const { width, height } = box.getBoundingClientRect();
    box.style.left = `${Math.max(2, Math.min(x, innerWidth - width - 2))}px`;
    const top = below + height <= innerHeight - 2 || above - height < 2 ? below : above - height;
    box.style.top = `${Math.max(2, Math.min(top, innerHeight - height - 2))}px`;
  };
  const atControl = (box, anchor) => place(box, anchor.x, anchor.y + anchor.height + 1, anchor.y - 1);

  // Rows that are chosen by mouse or keys; `keys` handles those that only one kind of panel has.
  const entries = (box, rows, choose, start = -1, keys = () => false) => {
    let active = -1;
    const mark = index => {
      rows[active]?.classList.remove("active");
      active = index;
      rows[active]?.classList.add("active");
      rows[active]?.scrollIntoView({ block: "nearest" });
    };
    const usable = index => rows[index] && !rows[index].classList.contains("off") && rows[index].classList.contains("entry");
    const move = (from, step) => {
      let next = from;
      do next += step; while (rows[next] && !usable(next));
      if (rows[next]) mark(next);
    };
    rows.forEach((row, index) => {
      row.onmousemove = () => usable(index) && mark(index);
      row.onmouseup = event => event.button === 0 && usable(index) && choose(index);
    });
    box.onkeydown = event => {
      if (keys(event, { active, mark, move, usable })) { /* handled */ }
      else if (event.key === "Escape") answer(box.id, { value: "" });
      else if (event.key === "Enter" && active >= 0) choose(active);
      else if (event.key === "Enter") answer(box.id, { value: "" });
      else if (event.key === "ArrowDown") move(active, 1);
      else if (event.key === "ArrowUp") move(active < 0 ? rows.length : active, -1);
      else return;
      event.preventDefault();
    };
    box.tabIndex = -1;
    box.focus({ preventScroll: true });
    if (start >= 0) mark(start);
  };

  const menu = (id, spec) => {
    const box = make("div", { className: "panel menu", id });
    const rows = spec.items.map(item => item.label
      ? make("div", { className: item.enabled ? "entry" : "entry off" }, item.label)
      : make("div", { className: "line" }));
    box.append(...rows);
    place(box, spec.x, spec.y, spec.y);
    entries(box, rows, index => answer(id, { value: spec.items[index].value }));
  };

  const suggestions = (id, spec) => {
    const box = make("div", { className: "panel options", id });
    box.style.minWidth = `${spec.anchor.width}px`;
    const rows = spec.options.map(option => {
      const row = make("div", { className: "entry" }, option.value);
      if (option.label && option.label !== option.value) row.append(make("small", {}, option.label));
      return row;
    });
    box.append(...rows);
    atControl(box, spec.anchor);
    entries(box, rows, index => answer(id, { value: spec.options[index].value }));
  };

  // -- the list of a <select>, with the keys of a native one
  const MIN_LIST_TEXT = 11, MAX_LIST_TEXT = 24;  // the text is as large as that of the select, but readable
  const LIST_KEYS_MS = 900;  // a pause ends the search for typed letters; Chromium's own takes a second
  const list = (id, spec) => {
    const box = make("div", { className: "panel options list", id });
    const { anchor } = spec, size = Math.min(MAX_LIST_TEXT, Math.max(MIN_LIST_TEXT, spec.text_size));
    box.style.fontSize = `${size}px`;
    box.style.minWidth = `${Math.max(40, anchor.width)}px`;
    box.style.maxHeight = `${Math.max(120, Math.min(20 * 1.7 * size, Math.max(innerHeight - anchor.y - anchor.height, anchor.y) - 8))}px`;
    const labels = spec.rows.map(row => row.label.trim().toLowerCase());
    const rows = spec.rows.map((row, index) => {
      const element = make("div", { className: row.kind }, row.label);
      if (row.colour) element.style.color = row.colour;
      if (index === spec.selected) element.classList.add("chosen");
      return element;
    });
    box.append(...rows);
    atControl(box, anchor);
    let search = { text: "", at: 0 };
    const find = (letter, { active, mark, usable }) => {
      const time = Date.now();
      search = { text: (time - search.at < LIST_KEYS_MS ? search.text : "") + letter.toLowerCase(), at: time };
      const { text } = search;
      const isSame = [...text].every(each => each === text[0]);  // one letter repeated goes through those it starts
      const order = rows.map((_, index) => (Math.max(0, active + (isSame ? 1 : 0)) + index) % rows.length);
      const starts = wanted => order.find(index => usable(index) && labels[index].startsWith(wanted));
      const found = (text.length > 1 ? starts(text) : undefined) ?? (isSame ? starts(text[0]) : undefined);
      if (found !== undefined) mark(found);
    };
    const onKey = (event, state) => {
      const { active, mark, move } = state;
      const isSearching = Date.now() - search.at < LIST_KEYS_MS;
      const isPlain = !event.ctrlKey && !event.altKey && !event.metaKey;
      if (event.key === "Escape") answer(id, { value: "escape" });
      else if (event.key === "Tab") answer(id, { value: active >= 0 ? `${active} tab` : "tab" });
      else if (event.key === "F4" || (event.altKey && /^Arrow(Up|Down)$/.test(event.key))) answer(id, { value: active >= 0 ? String(active) : "" });
      else if (event.key === "Home") move(-1, 1);
      else if (event.key === "End") move(rows.length, -1);
      else if (event.key === "PageDown") move(Math.min(active + 9, rows.length - 2), 1);
      else if (event.key === "PageUp") move(Math.max(active - 9, 1), -1);
      else if (event.key === " " && !isSearching && active >= 0) answer(id, { value: String(active) });
      else if (event.key.length === 1 && isPlain) find(event.key, state);
      else return false;
      return true;
    };
    entries(box, rows, index => answer(id, { value: String(index) }), spec.selected, onKey);
  };

  const tooltip = (id, spec) => {
    place(make("div", { className: "panel tooltip", id }, spec.text), spec.x + 4, spec.y + 20, spec.y - 4);
  };

  // -- pickers. Dates are in UTC, so that daylight saving time cannot shift a day.
  const DAY = 86400000;
  const dateOf = text => {
    const parts = /^(\d{4,6})-(\d\d)-(\d\d)/.exec(text);
    return parts ? new Date(Date.UTC(+parts[1], +parts[2] - 1, +parts[3])) : null;
  };
  const textOf = date => `${String(date.getUTCFullYear()).padStart(4, "0")}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
  const today = () => { const now = new Date(); return new Date(Date.UTC(now.getFullYear(), now.getMonth(), now.getDate())); };
  const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
  const weekOf = date => {  // ISO 8601: the week belongs to the year of its Thursday
    const thursday = new Date(date.getTime() + (3 - (date.getUTCDay() + 6) % 7) * DAY);
    const first = Date.UTC(thursday.getUTCFullYear(), 0, 1);
    return `${thursday.getUTCFullYear()}-W${two(1 + Math.floor((thursday - first) / (7 * DAY)))}`;
  };
  const mondayOf = week => {
    const parts = /^(\d{4})-W(\d\d)$/.exec(week);
    if (!parts) return null;
    const fourth = new Date(Date.UTC(+parts[1], 0, 4));
    return new Date(fourth.getTime() + (-((fourth.getUTCDay() + 6) % 7) + 7 * (+parts[2] - 1)) * DAY);
  };

  const calendar = (spec, pick) => {
    const isWeek = spec.type === "week";
    const day = text => isWeek ? mondayOf(text) : dateOf(text);
    const chosen = day(spec.value);
    const low = day(spec.min)?.getTime() ?? -Infinity;
    const high = (day(spec.max)?.getTime() ?? Infinity) + (isWeek ? 6 * DAY : 0);
    const start = chosen ?? new Date(Math.min(Math.max(today().getTime(), low), high));
    let year = start.getUTCFullYear(), month = start.getUTCMonth();
    const root = make("div");
    const draw = () => {
      const turn = by => () => { month += by; year += Math.floor(month / 12); month = ((month % 12) + 12) % 12; draw(); };
      const arrow = (label, name, by) => {
        const button = make("button", { className: "flat", onclick: turn(by) }, label);
        button.setAttribute("aria-label", name);
        return button;
      };
      const head = make("div", { className: "head" }, arrow("«", "Previous year", -12), arrow("‹", "Previous month", -1),
        make("b", {}, `${MONTHS[month]} ${year}`), arrow("›", "Next month", 1), arrow("»", "Next year", 12));
      const cells = make("div", { className: "cells" });
      cells.style.gridTemplateColumns = `repeat(${isWeek ? 8 : 7}, 1fr)`;
      if (isWeek) cells.append(make("span", {}, "Week"));
      const offset = isWeek ? 1 : 0;  // ISO weeks start on Monday, the calendar on Sunday
      for (let index = 0; index < 7; index++) cells.append(make("span", {}, "SMTWTFS"[(index + offset) % 7]));
      const first = new Date(Date.UTC(year, month, 1));
      const from = first.getTime() - ((first.getUTCDay() - offset + 7) % 7) * DAY;
      for (let index = 0; index < 42; index++) {
        const date = new Date(from + index * DAY);
        if (isWeek && index % 7 === 0) {
          const week = weekOf(date);
          cells.append(make("button", { className: week === spec.value ? "on" : "", onclick: () => pick(week),
            disabled: date.getTime() < low || date.getTime() > high }, week.slice(5)));
        }
        const isOn = chosen && !isWeek && date.getTime() === chosen.getTime();
        const button = make("button", {
          className: isOn ? "on" : date.getUTCMonth() === month ? "" : "other",
          disabled: date.getTime() < low || date.getTime() > high,
          onclick: () => pick(isWeek ? weekOf(date) : textOf(date)),
        }, String(date.getUTCDate()));
        cells.append(button);
      }
      root.replaceChildren(head, cells);
    };
    draw();
    return root;
  };

  const monthGrid = (spec, pick) => {
    let year = +(/^\d{4}/.exec(spec.value)?.[0] ?? new Date().getFullYear());
    const root = make("div");
    const draw = () => {
      const turn = by => () => { year += by; draw(); };
      const head = make("div", { className: "head" }, make("button", { className: "flat", onclick: turn(-1) }, "‹"),
        make("b", {}, String(year)), make("button", { className: "flat", onclick: turn(1) }, "›"));
      const cells = make("div", { className: "cells" });
      cells.style.gridTemplateColumns = "repeat(4, 1fr)";
      MONTHS.forEach((name, index) => {
        const value = `${String(year).padStart(4, "0")}-${two(index + 1)}`;
        const isOut = (spec.min && value < spec.min) || (spec.max && value > spec.max);
        cells.append(make("button", { className: value === spec.value ? "on" : "", disabled: Boolean(isOut), onclick: () => pick(value) }, name.slice(0, 3)));
      });
      root.replaceChildren(head, cells);
    };
    draw();
    return root;
  };

  // Columns of hours, minutes and, if the step needs them, seconds; `change` is called with the time chosen so far.
  const clock = (spec, time, change) => {
    const step = spec.step === "any" ? 1 : Number(spec.step) || 60;
    const counts = [24, 60, ...(step % 60 ? [60] : [])];
    const parts = (/^\d\d:\d\d(:\d\d)?/.exec(time)?.[0] ?? "").split(":").map(part => part === "" ? null : +part);
    while (parts.length < counts.length) parts.push(null);
    const columns = counts.map((count, column) => {
      const box = make("div");
      const every = column === 0 ? Math.max(1, Math.floor(step / 3600)) : column === 1 && step % 60 === 0 && step < 3600 ? step / 60 : 1;
      for (let number = 0; number < count; number += every) {
        const button = make("button", { className: parts[column] === number ? "on" : "" }, two(number));
        button.onclick = () => {
          for (const other of box.children) other.classList.toggle("on", other === button);
          parts[column] = number;
          change(counts.map((_, index) => two(parts[index] ?? 0)).join(":"));
        };
        box.append(button);
      }
      return box;
    });
    return make("div", { className: "times" }, ...columns);
  };

  const SWATCHES = ["#000000", "#7f7f7f", "#c3c3c3", "#ffffff", "#880015", "#ed1c24", "#ff0000", "#ff7f27", "#fff200",
    "#ffff00", "#22b14c", "#00ff00", "#00a2e8", "#0000ff", "#3f48cc", "#a349a4"];
  const palette = (spec, change) => {
    let color = /^#[0-9a-f]{6}$/i.test(spec.value) ? spec.value.toLowerCase() : "#000000";
    const now = make("div", { className: "now" });
    const hex = make("input", { className: "hex", value: color, spellcheck: false });
    const channels = ["Red", "Green", "Blue"].map((name, index) => {
      const range = make("input", { type: "range", min: 0, max: 255 });
      const number = make("span");
      range.oninput = () => set("#" + channels.map(each => Number(each.range.value).toString(16).padStart(2, "0")).join(""));
      return { range, number, row: make("div", { className: "row" }, range, make("span", {}, name + " "), number), index };
    });
    const set = (value, fromField = false) => {
      color = value;
      now.style.background = color;
      if (!fromField) hex.value = color;
      for (const { range, number, index } of channels) {
        range.value = parseInt(color.slice(1 + 2 * index, 3 + 2 * index), 16);
        number.textContent = range.value;
      }
      change(color);
    };
    hex.oninput = () => {
      const text = hex.value.trim().replace(/^#?/, "#").toLowerCase();
      if (/^#[0-9a-f]{6}$/.test(text)) set(text, true);
    };
    const swatches = make("div", { className: "swatches" }, ...SWATCHES.map(value => {
      const button = make("button", { onclick: () => set(value), title: "" });
      button.style.background = value;
      button.setAttribute("aria-label", value);
      return button;
    }));
    set(color);
    return make("div", {}, swatches, make("div", { className: "row" }, now, hex), ...channels.map(each => each.row));
  };

  const picker = (id, spec) => {
    const box = make("div", { className: "panel picker", id });
    const done = value => answer(id, { value });
    const buttons = make("div", { className: "buttons" });
    const button = (label, act) => buttons.append(make("button", { className: label === "Set" ? "first" : "", onclick: act }, label));
    let value = spec.value;
    if (spec.type === "month") box.append(monthGrid(spec, done));
    else if (spec.type === "date" || spec.type === "week") box.append(calendar(spec, done));
    else if (spec.type === "time") box.append(clock(spec, value, time => { value = time; }));
    else if (spec.type === "color") box.append(palette(spec, color => { value = color; }));
    else {
      let [date, time] = [dateOf(value) ? value.slice(0, 10) : textOf(today()), /T(\S+)/.exec(value)?.[1] ?? "00:00"];
      const put = () => { value = `${date}T${time}`; };
      const days = make("div");
      const draw = () => days.replaceChildren(calendar({ ...spec, type: "date", value: date }, picked => { date = picked; put(); draw(); }));
      draw();
      put();
      box.append(make("div", { className: "row" }, days, clock(spec, time, picked => { time = picked; put(); })));
    }
    button("Cancel", () => done(""));
    if (spec.type !== "color") button("Clear", () => done("clear"));
    if (["time", "datetime-local", "color"].includes(spec.type)) button("Set", () => done(value));
    box.append(buttons);
    box.onkeydown = event => {
      if (event.key === "Escape") done("");
      else if (event.key === "Enter" && !(event.target instanceof HTMLButtonElement)) done(value);
      else return;
      event.preventDefault();
    };
    box.tabIndex = -1;
    atControl(box, spec.anchor);
    for (const column of box.querySelectorAll(".times div")) {
      const on = column.querySelector(".on");
      if (on) column.scrollTop = on.offsetTop - column.offsetTop - 91;
    }
    box.focus({ preventScroll: true });
  };

  // -- the tab strip
  const drawTabStrip = (id, spec) => {
    const send = value => () => answer(id, { value });
    const tabs = spec.tabs.map((tab, index) => {
      const close = make("button", { onclick: event => { event.stopPropagation(); send(`close ${index}`)(); } }, "×");
      return make("div", { className: tab.is_current ? "tab on" : "tab", onclick: send(`show ${index}`) }, make("span", {}, tab.title), close);
    });
    const address = make("input", { value: spec.address, spellcheck: false, autocomplete: "off" });
    address.onfocus = () => setTimeout(() => address.select(), 0);
    address.onkeydown = event => {
      if (event.key === "Enter") answer(id, { value: "go", fields: [address.value] });
      else if (event.key === "Escape") { address.value = spec.address; address.blur(); }
      else return;
      event.preventDefault();
    };
    const tool = (label, value, enabled = true) => make("button", { onclick: send(value), disabled: !enabled }, label);
    tabStrip.replaceChildren(
      make("div", { className: "tabs" }, ...tabs, make("button", { onclick: send("new_tab") }, "+")),
      make("div", { className: "bar" }, tool("←", "back", spec.can_go_back), tool("→", "forward", spec.can_go_forward), tool("⟳", "reload"), address));
  };

  const draw = { dialog, menu, suggestions, list, tooltip, picker, tab_strip: drawTabStrip };
  window.screenwrightOverlay = {
    show(id, spec) {
      this.close(id);
      draw[spec.kind](id, spec);
    },
    close(id) { document.getElementById(id)?.remove(); },
    isOver(x, y) { return !["HTML", "BODY"].includes(document.elementFromPoint(x, y)?.tagName ?? "BODY"); },
    isTyping() { return document.activeElement?.matches("#tab-strip input, .picker .hex") ?? false; },
    hasChoice() { return document.querySelector("#popups .entry.active") !== null; },
    blur() { document.activeElement?.blur(); },
  };
})();
