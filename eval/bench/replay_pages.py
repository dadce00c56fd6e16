"""Pages of `replay_trial.py`: each has steps that are recorded once, and is then shown changed.

Every control has a `data-id`. The page reports where they are, what was clicked, and the values of its fields.
"""

from dataclasses import dataclass

ICONS = {
    "undo": "M9 5 L3 11 L9 17 M3 11 H14 A5 5 0 0 1 14 21",
    "cut": "M4 4 L18 18 M18 4 L4 18 M3 19 A3 3 0 1 0 9 19 A3 3 0 1 0 3 19",
    "copy": "M4 4 H14 V14 H4 Z M9 9 H19 V19 H9 Z",
    "find": "M10 3 A7 7 0 1 0 10 17 A7 7 0 1 0 10 3 M15 15 L21 21",
    "bold": "M6 3 H13 A4 4 0 0 1 13 11 H6 Z M6 11 H14 A4 4 0 0 1 14 19 H6 Z",
    "star": "M12 2 L15 9 L22 9 L16 14 L18 21 L12 17 L6 21 L8 14 L2 9 L9 9 Z",
}

STYLE = """
:root{--bg:#fff;--fg:#222;--box:#f3f4f8;--line:#99a;--main:#1a56c4;--on:#fff}
:root.dark{--bg:#16181d;--fg:#e6e6e6;--box:#23262e;--line:#667;--main:#5b8df0;--on:#0b0d12}
body{background:var(--bg);color:var(--fg);font:15px sans-serif;padding:24px;margin:0}
button,input,select,.card,td,.tab{font:inherit;color:var(--fg);background:var(--box);border:1px solid var(--line);
border-radius:5px;padding:7px 12px}
button.main{background:var(--main);color:var(--on);border-color:var(--main)}
label{display:inline-block;min-width:130px}p{margin:12px 0}table{border-collapse:collapse}
.icon{padding:5px;margin-right:6px;line-height:0}
.icon svg{width:24px;height:24px;stroke:var(--fg);fill:none;stroke-width:2}
.stacked label{display:block;margin-bottom:4px}
.columns{display:flex;gap:40px;flex-wrap:wrap}.card{padding:16px;width:210px}
.grid{display:grid;grid-template-columns:repeat(7,44px);gap:4px}.grid button{padding:8px 0}
dialog{border:1px solid var(--line);background:var(--bg);color:var(--fg)}.hidden{display:none}
.switch{display:inline-block;width:40px;height:20px;border-radius:10px;background:var(--line);position:relative;
vertical-align:middle}
.switch i{position:absolute;left:2px;top:2px;width:16px;height:16px;border-radius:8px;background:var(--bg)}
.on .switch{background:var(--main)}.on .switch i{left:22px}
"""

SCRIPT = """
const options = new URLSearchParams(location.search), clicks = [];
const one = (id) => document.querySelector(`[data-id="${id}"]`);
const state = () => {
  const values = {};
  for (const field of document.querySelectorAll("input,select"))
    values[field.dataset.id] = field.type == "checkbox" ? field.checked : field.value;
  report("state", {clicks, values});
};
const rects = () => {
  const found = {};
  for (const item of document.querySelectorAll("[data-id]")) {
    const box = item.getBoundingClientRect();
    found[item.dataset.id] = [box.left + box.width / 2, box.top + box.height / 2];
  }
  report("rects", found);
};
addEventListener("pointerdown", (event) => {
  clicks.push(event.target.closest("[data-id]")?.dataset.id ?? "?"); state(); }, true);
addEventListener("input", state, true); addEventListener("change", state, true);
addEventListener("click", () => setTimeout(() => { rects(); state(); }, 30));
if (options.get("dark")) document.documentElement.classList.add("dark");
if (options.get("move")) document.body.style.padding = "96px 24px 24px 152px";
if (options.get("insert")) {
  document.body.insertAdjacentHTML("afterbegin",
    "<p class=card style='width:520px'>Planned work on Sunday from 2 am.</p>");
  const rows = document.querySelectorAll("tr, p[data-row], .card[data-row]");
  if (rows.length > 1) { const copy = rows[1].cloneNode(true);
    for (const item of [copy, ...copy.querySelectorAll("[data-id]")]) item.dataset && (item.dataset.id = "new");
    for (const item of copy.querySelectorAll("[data-name]")) item.textContent = "Inserted";
    rows[0].before(copy); }
}
if (options.get("zoom")) document.body.style.zoom = options.get("zoom");
if (options.get("remove")) one(options.get("remove")).remove();
if (options.get("hide")) one(options.get("hide")).style.visibility = "hidden";
if (options.get("twice")) {
  const item = one(options.get("twice")), copy = item.cloneNode(true);
  copy.dataset.id = "copy"; item.after(" ", copy); }
rects(); state();
"""


@dataclass(frozen=True)
class TrialPage:
    """A page. A step is a control to click, or `=text` to type; `target` is the control that is removed or doubled."""

    name: str
    body: str
    steps: tuple[str, ...]
    target: str


def _icon(name: str) -> str:
    return f'<button class=icon data-id={name}><svg viewBox="0 0 24 24"><path d="{ICONS[name]}"/></svg></button>'


def _row(label: str, name: str, kind: str = "text") -> str:
    return f"<p data-row><label data-name>{label}</label> <input data-id={name} type={kind} size=28></p>"


_PEOPLE = ("Ada Lovelace", "Grace Hopper", "Alan Turing", "Edsger Dijkstra", "Barbara Liskov")
_SETTINGS = ("Notify by e-mail", "Weekly summary", "Show my status", "Share the calendar", "Reduce motion")
_SHOW = "document.querySelector('#done').textContent='{}'"

PAGES = (
    TrialPage(
        "form",
        "<h2>New customer</h2>"
        + _row("Name", "name")
        + _row("E-mail", "email")
        + _row("City", "city")
        + f'<p><button class=main data-id=save onclick="{_SHOW.format("The customer was saved")}">Save</button> '
        "<button data-id=cancel>Cancel</button></p><p id=done></p>",
        ("name", "=Ada Lovelace", "city", "=London", "save"),
        "save",
    ),
    TrialPage(
        "stacked",
        "<h2>Delivery</h2><div class='columns stacked'><div>"
        + _row("Street", "street")
        + _row("Postcode", "code")
        + "</div><div>"
        + _row("Town", "town")
        + _row("Country", "country")
        + "</div></div><p><label><input type=checkbox data-id=gift> As a gift</label></p>"
        f'<button class=main data-id=next onclick="{_SHOW.format("Address accepted")}">Continue</button>'
        "<p id=done></p>",
        ("town", "=Turin", "country", "=Italy", "gift", "next"),
        "town",
    ),
    TrialPage(
        "table",
        "<h2>People</h2><table>"
        + "".join(
            f"<tr><td data-name>{name}</td><td><button data-id=edit{i}>Edit</button></td>"
            f"<td><button data-id=delete{i} onclick=\"this.closest('tr').style.opacity=.3\">Delete</button></td></tr>"
            for i, name in enumerate(_PEOPLE)
        )
        + "</table>",
        ("delete2", "edit3"),
        "delete2",
    ),
    TrialPage(
        "toolbar",
        "<div>"
        + "".join(map(_icon, ICONS))
        + "</div><h2>Draft</h2><p>Some text that is edited with the tools above.</p><p id=done></p>"
        "<script>document.querySelectorAll('.icon').forEach((one)=>one.onclick=()=>"
        "document.querySelector('#done').textContent='Used '+one.dataset.id)</script>",
        ("copy", "find", "star"),
        "find",
    ),
    TrialPage(
        "switches",
        "<h2>Settings</h2>"
        + "".join(
            f"<p data-row><label data-name style='min-width:220px'>{name}</label>"
            f"<span class=toggle data-id=switch{i} onclick=\"this.classList.toggle('on')\">"
            "<span class=switch><i></i></span></span></p>"
            for i, name in enumerate(_SETTINGS)
        ),
        ("switch1", "switch3"),
        "switch3",
    ),
    TrialPage(
        "tabs",
        "<div>"
        + "".join(
            f"<button class=tab data-id=tab{i} onclick=\"document.querySelectorAll('.panel').forEach((one,n)=>"
            f"one.classList.toggle('hidden',n!={i}))\">{name}</button>"
            for i, name in enumerate(("General", "Network", "Printing"))
        )
        + "</div>"
        + "".join(
            f"<div class='panel {'hidden' if i else ''}'><h3>{name}</h3>{_row('Value', f'value{i}')}"
            f"<button data-id=apply{i}>Apply {name.lower()}</button></div>"
            for i, name in enumerate(("General", "Network", "Printing"))
        ),
        ("tab1", "value1", "=10.0.0.1", "apply1"),
        "tab1",
    ),
    TrialPage(
        "calendar",
        "<h2>June</h2><div class=grid>"
        + "".join(f'<button data-id=day{i} onclick="{_SHOW.format(f"June {i}")}">{i}</button>' for i in range(1, 31))
        + "</div><p id=done></p>",
        ("day13", "day27"),
        "day27",
    ),
    TrialPage(
        "menu",
        "<div style='position:relative'><button data-id=file "
        "onclick=\"document.querySelector('#menu').classList.toggle('hidden')\">File</button> "
        "<button data-id=view>View</button>"
        "<div id=menu class='card hidden' style='position:absolute;z-index:1'>"
        + "".join(
            f"<div data-id=item{i} style='padding:6px' onclick=\"{_SHOW.format(name)};"
            f"document.querySelector('#menu').classList.add('hidden')\">{name}</div>"
            for i, name in enumerate(("New window", "Open", "Export as PDF", "Print"))
        )
        + "</div></div><h2>Report</h2><p>Figures of the first quarter.</p><p id=done></p>",
        ("file", "item2"),
        "item2",
    ),
    TrialPage(
        "shop",
        "<h2>Books</h2><div class=columns>"
        + "".join(
            f"<div class=card data-row><b data-name>{name}</b><p>{price} euros</p>"
            f"<button class=main data-id=add{i} onclick=\"this.textContent='Added'\">Add to basket</button></div>"
            for i, (name, price) in enumerate((("Emma", 9), ("Dubliners", 11), ("Middlemarch", 14), ("Persuasion", 8)))
        )
        + "</div>",
        ("add1", "add3"),
        "add3",
    ),
    TrialPage(
        "dialog",
        "<h2>Projects</h2><p>Apollo <button data-id=remove onclick=\"document.querySelector('dialog').showModal()\">"
        "Remove project</button></p><dialog><p>Remove the project Apollo?</p>"
        "<button data-id=no onclick=\"this.closest('dialog').close()\">Keep</button> "
        f"<button class=main data-id=yes onclick=\"this.closest('dialog').close();{_SHOW.format('Removed')}\">"
        "Remove</button></dialog><p id=done></p>",
        ("remove", "yes"),
        "yes",
    ),
)
