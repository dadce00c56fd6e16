"""A select in every state: closed, open, and where scripts cannot see it."""

import pytest
from browser_pages import visit
from page_site import Site
from PIL import ImageChops

from screenwright import Action, BrowserEnv, Click, Hotkey, ScreenPoint, Type
from screenwright.testing import eventually

pytestmark = pytest.mark.browser

FIELD, SELECT = ScreenPoint(100, 35), ScreenPoint(100, 115)
OPTIONS = "".join(f"<option>{name}</option>" for name in ("Alaska", "New Jersey", "New York", "Ohio", "York"))
STYLE = "style='position:absolute;left:20px;top:100px;width:200px;height:30px'"
PAGE = f"""<input class=at style='left:20px;top:20px;width:200px;height:30px'>
  <select {STYLE} onchange="report('chosen', value)">{OPTIONS}</select>"""
FOCUS = (Click(FIELD), Hotkey(("tab",)))


@pytest.mark.parametrize(
    ("actions", "chosen"),
    [
        ((Click(SELECT), Type("New York"), Hotkey(("enter",))), "New York"),
        ((Click(SELECT), Type("o"), Hotkey(("enter",))), "Ohio"),
        ((Click(SELECT), Type("nn"), Hotkey(("enter",))), "New York"),
        ((*FOCUS, Type("New York")), "New York"),
        ((*FOCUS, Type("New York", submit=True)), "New York"),
        ((*FOCUS, Hotkey(("space",)), Hotkey(("down",)), Hotkey(("enter",))), "New Jersey"),
        ((*FOCUS, Hotkey(("alt", "down")), Hotkey(("end",)), Hotkey(("tab",))), "York"),
        ((*FOCUS, Hotkey(("down",))), "New Jersey"),
        ((*FOCUS, Hotkey(("end",))), "York"),
    ],
)
def test_option_is_chosen_by_keys(shared: BrowserEnv, site: Site, actions: tuple[Action, ...], chosen: str) -> None:
    visit(shared, site, PAGE)
    for action in actions:
        shared.execute(action)
    eventually(lambda: site.reported.get("chosen"), chosen)


SELECT_TAG = f"""<select {STYLE}
  onchange="(top.report ?? report)('chosen', [value, event.isTrusted])">{OPTIONS}</select>"""
LARGE = SELECT_TAG.replace("left:20px;top:100px;width:200px;height:30px", "left:40px;top:200px;width:400px;height:60px")
HIDE_PRESSES = """<script>for (const type of ["pointerdown", "mousedown", "click"])
  addEventListener(type, event => event.stopImmediatePropagation(), true);</script>"""
HIDDEN = f"<template shadowrootmode=closed>{SELECT_TAG}</template>"
ROOT_OF_SCRIPT = f"""<div id=host></div><script>
  const root = host.attachShadow({{ mode: "open" }});
  root.innerHTML = `{SELECT_TAG}`;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("select {{ appearance: none !important; display: block !important }}");
  root.adoptedStyleSheets = [sheet];
</script>"""
WRITTEN_FRAME = f"""<iframe id=frame class=at style='left:0;top:100px;width:400px;height:30px;border:0'></iframe>
  <script>window.report = report;
  const inner = frame.contentDocument;
  inner.open();
  inner.write(`<body>{SELECT_TAG.replace("top:100px", "top:0")}`);
  inner.close();</script>"""


def open_list(env: BrowserEnv, click: Action = Click(SELECT)) -> tuple[int, int]:
    """Open the list below `SELECT`; returns its upper and lower edge in the screenshot."""
    before = env.observe().screenshot.image.convert("L")
    env.execute(click)
    after = env.observe().screenshot.image.convert("L")
    changed = ImageChops.difference(before, after).point([0] * 51 + [255] * 205)  # without the shadow
    drawn = changed.crop((0, 135, 640, 500)).getbbox()
    assert drawn, "the list is not drawn"
    return 135 + drawn[1], 135 + drawn[3]


def row(edges: tuple[int, int], number: int, of: int = 5) -> Click[ScreenPoint]:
    return Click(ScreenPoint(100, edges[0] + (edges[1] - edges[0]) * (number - 0.5) / of))


@pytest.mark.parametrize(
    "body",
    [
        f"<div>{HIDDEN}</div>",
        f"<div><template shadowrootmode=open><p>{HIDDEN}</p></template></div>",
        f"<style>#s {{ appearance: none !important; }}</style>{SELECT_TAG.replace('<select', '<select id=s')}",
        SELECT_TAG.replace("style='", "style='appearance:none !important;display:inline-grid !important;"),
        ROOT_OF_SCRIPT,
        WRITTEN_FRAME,
        SELECT_TAG + HIDE_PRESSES,
        f"<div style='transform:scale(.5);transform-origin:0 0'>{LARGE}</div>",
        f"<dialog id=s style='margin:0;border:0;padding:0;inset:0;width:400px;height:300px'>{SELECT_TAG}</dialog>"
        "<script>s.showModal();</script>",
    ],
)
def test_option_is_chosen_by_clicks_wherever_the_select_is(shared: BrowserEnv, site: Site, body: str) -> None:
    visit(shared, site, body)
    shared.execute(row(open_list(shared), 4))
    eventually(lambda: site.reported.get("chosen"), ["Ohio", True])


@pytest.mark.parametrize(("font", "scale", "text"), [(12, 1, 12), (20, 1, 20), (20, 0.6, 12), (8, 0.5, 11)])
def test_list_is_at_its_select_and_its_text_as_large_but_readable(
    shared: BrowserEnv, site: Site, font: int, scale: float, text: int
) -> None:
    style = STYLE.replace("width:200px", f"width:{200 / scale}px").replace("left:20px", f"left:{20 / scale}px")
    style = style.replace("top:100px;", f"top:{100 / scale}px;font-size:{font}px;").replace(":30px", f":{30 / scale}px")
    visit(
        shared, site, f"<div style='transform:scale({scale});transform-origin:0 0'><select {style}>{OPTIONS}</select>"
    )
    before = shared.observe().screenshot.image.convert("L")
    top, bottom = open_list(shared)
    assert abs((bottom - top) / 5 - 1.7 * text) < 2
    drawn = ImageChops.difference(before, shared.observe().screenshot.image.convert("L")).getbbox()
    assert drawn, "the list is not drawn"
    assert max(abs(drawn[0] - 20), abs(drawn[2] - 220), abs(drawn[3] - bottom)) < 6  # with its shadow


def test_hidden_select_opens_by_keys_too(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, f"<input style='position:absolute;left:20px;top:20px' autofocus><div>{HIDDEN}</div>")
    shared.execute(Click(ScreenPoint(40, 30)))
    shared.execute(Hotkey(("tab",)))
    shared.execute(row(open_list(shared, Hotkey(("space",))), 4))
    eventually(lambda: site.reported.get("chosen"), ["Ohio", True])


def test_second_press_on_a_select_closes_its_list(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, SELECT_TAG)
    open_list(shared)
    shared.execute(Click(SELECT))
    shared.execute(row((131, 273), 4))  # where the list was
    open_list(shared)
    assert "chosen" not in site.reported


def test_list_has_groups_and_options_that_cannot_be_chosen(shared: BrowserEnv, site: Site) -> None:
    options = "<optgroup label=A><option>1<option disabled>2</optgroup><option style='display:none'>3<option>4"
    visit(shared, site, SELECT_TAG.replace(OPTIONS, options))
    edges = open_list(shared)  # the group, 1, 2 and 4
    shared.execute(row(edges, 3, of=4))
    shared.execute(row(edges, 4, of=4))
    eventually(lambda: site.reported.get("chosen"), ["4", True])


def test_open_list_follows_its_select(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, f"""{SELECT_TAG}<script>const select = document.querySelector("select");
      onmousedown = () => setTimeout(() => {{ select.innerHTML = "<option>a<option>b"; }}, 50);
      onkeydown = () => select.remove();</script>""")  # fmt: skip
    shared.execute(row(open_list(shared), 2, of=2))
    eventually(lambda: site.reported.get("chosen"), ["b", True])
    open_list(shared)
    shared.execute(Hotkey(("ctrl", "b")))
    assert shared.observe().screenshot.image.convert("L").getextrema() == (255, 255)


def test_closed_select_looks_as_the_page_made_it(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, SELECT_TAG)
    before = shared.observe().screenshot.image.tobytes()
    shared.execute(Click(SELECT))
    shared.execute(Hotkey(("escape",)))
    shared.execute(Click(ScreenPoint(600, 500)))
    eventually(lambda: shared.observe().screenshot.image.tobytes() == before, True)
