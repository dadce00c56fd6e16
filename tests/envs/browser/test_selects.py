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
        ((*FOCUS, Hotkey(("down",))), "New Jersey"),
        ((*FOCUS, Hotkey(("end",))), "York"),
    ],
)
def test_option_is_chosen_by_keys(shared: BrowserEnv, site: Site, actions: tuple[Action, ...], chosen: str) -> None:
    visit(shared, site, PAGE)
    for action in actions:
        shared.execute(action)
    eventually(lambda: site.reported.get("chosen"), chosen)


SELECT_TAG = f"<select {STYLE} onchange=\"report('chosen', value)\">{OPTIONS}</select>"


HIDDEN = f"<template shadowrootmode=closed>{SELECT_TAG}</template>"


@pytest.mark.parametrize(
    "body",
    [
        f"<div>{HIDDEN}</div>",
        f"<div><template shadowrootmode=open><p>{HIDDEN}</p></template></div>",
        f"<style>#s {{ appearance: none !important; }}</style>{SELECT_TAG.replace('<select', '<select id=s')}",
        SELECT_TAG.replace("style='", "style='appearance:auto;"),
    ],
)
def test_option_is_chosen_by_clicks_wherever_the_select_is(shared: BrowserEnv, site: Site, body: str) -> None:
    visit(shared, site, body)
    before = shared.observe().screenshot.image.convert("L")
    shared.execute(Click(SELECT))
    after = shared.observe().screenshot.image.convert("L")
    drawn = ImageChops.difference(before, after).crop((0, 135, 640, 500)).getbbox()
    assert drawn
    assert drawn[3] - drawn[1] > 60, "the list is not drawn"
    shared.execute(Click(ScreenPoint(100, 135 + drawn[1] + (drawn[3] - drawn[1]) * 0.7)))  # the fourth of five
    eventually(lambda: site.reported.get("chosen"), "Ohio")


def test_closed_select_looks_as_the_page_made_it(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, SELECT_TAG)
    before = shared.observe().screenshot.image.tobytes()
    shared.execute(Click(SELECT))
    shared.execute(Hotkey(("escape",)))
    shared.execute(Click(ScreenPoint(600, 500)))
    eventually(lambda: shared.observe().screenshot.image.tobytes() == before, True)
