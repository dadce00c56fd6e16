"""Excalidraw: a drawing program on canvases."""

from typing import Any

from screenwright import ScreenPoint

from ..app import App, Check, Site
from ..hand import Hand

APP = App(
    "excalidraw",
    (),
    ("BIN/python", "HERE/site_excalidraw.py"),
    npm=("@excalidraw/excalidraw", "react@18", "react-dom@18", "esbuild"),
)
FROM, TO = ScreenPoint(520, 260), ScreenPoint(760, 420)
MIDDLE = ScreenPoint(640, 340)


def drawn(site: Site) -> list[dict[str, Any]]:
    return site.saved().get("elements", [])


def kinds(site: Site) -> list[str]:
    return [each["type"] for each in drawn(site)]


def new(hand: Hand) -> None:
    """Open the page with an empty drawing."""
    hand.open("/")
    hand.press("ctrl", "a")
    hand.press("delete")


def rectangle(hand: Hand) -> None:
    """Draw a rectangle."""
    new(hand)
    hand.click("[title^=Rectangle]")
    hand.drag(FROM, TO)


@APP.job
def draw_a_rectangle(hand: Hand, site: Site) -> Check:
    rectangle(hand)
    return lambda: [(each["type"], round(each["width"])) for each in drawn(site)] == [("rectangle", 240)]


@APP.job
def draw_an_ellipse_and_an_arrow(hand: Hand, site: Site) -> Check:
    new(hand)
    hand.click("[title^=Ellipse]")
    hand.drag(FROM, TO)
    hand.click("[title^=Arrow]")
    hand.drag(ScreenPoint(400, 500), ScreenPoint(800, 560))
    return lambda: kinds(site) == ["ellipse", "arrow"]


@APP.job
def draw_a_free_line(hand: Hand, site: Site) -> Check:
    new(hand)
    hand.click("[title^=Draw]")
    hand.drag(FROM, ScreenPoint(600, 300), ScreenPoint(650, 250), TO)
    return lambda: kinds(site) == ["freedraw"]


@APP.job
def write_a_text(hand: Hand, site: Site) -> Check:
    new(hand)
    hand.click("[title^=Text]")
    hand.click_at(FROM)
    hand.type("Quarterly plan")
    hand.press("esc")
    return lambda: [each.get("text") for each in drawn(site)] == ["Quarterly plan"]


@APP.job
def write_into_a_shape(hand: Hand, site: Site) -> Check:
    rectangle(hand)
    hand.press("enter")
    hand.type("Start")
    hand.press("esc")
    return lambda: "Start" in [each.get("text") for each in drawn(site)]


@APP.job
def move_a_shape(hand: Hand, site: Site) -> Check:
    rectangle(hand)
    hand.drag(ScreenPoint(520, 340), ScreenPoint(620, 400))
    return lambda: [round(each["x"] / 10) for each in drawn(site)] == [62]


@APP.job
def colour_a_shape(hand: Hand, site: Site) -> Check:
    rectangle(hand)
    hand.click("[data-testid='color-top-pick-#ffc9c9']")
    return lambda: [each["backgroundColor"] for each in drawn(site)] == ["#ffc9c9"]


@APP.job
def delete_and_undo(hand: Hand, site: Site) -> Check:
    rectangle(hand)
    hand.press("delete")
    hand.press("ctrl", "z")
    return lambda: kinds(site) == ["rectangle"]


@APP.job
def duplicate_a_shape(hand: Hand, site: Site) -> Check:
    rectangle(hand)
    hand.press("ctrl", "d")
    return lambda: kinds(site) == ["rectangle", "rectangle"]


@APP.job
def clear_the_drawing_by_its_menu(hand: Hand, site: Site) -> Check:
    rectangle(hand)
    hand.click("[data-testid=main-menu-trigger]")
    hand.click("Reset the canvas")
    hand.finish("Confirm")
    return lambda: drawn(site) == []
