"""The traps of the gallery: pages that are hard for an agent that only sees pixels, with the steps that solve them.

A step names its target by appearance: by a colour that nothing else on the page has, or by its text. `steps.py` locates
both on the screenshot. A page reports `solved` when it has been solved.
"""

from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Literal

from PIL import Image, ImageDraw

from .site import Page, Site

MAGENTA, GREEN, CYAN = "#ff00ff", "#00ff00", "#00ffff"


@dataclass(frozen=True)
class TrapStep:
    """A user action, or a check. `at` is a colour (`#rrggbb`) or a text; `part` is a fraction of its box."""

    kind: Literal["click", "right click", "ctrl click", "move", "drag", "scroll", "type", "key", "check"]
    at: str = ""
    text: str = ""
    to: str = ""
    part: tuple[float, float] = (0.5, 0.5)


def click(at: str, part: tuple[float, float] = (0.5, 0.5)) -> TrapStep:
    """Click a colour or a text."""
    return TrapStep("click", at, part=part)


def type_(text: str) -> TrapStep:
    """Type; a line break is Enter."""
    return TrapStep("type", text=text)


def key(name: str) -> TrapStep:
    """Press a key."""
    return TrapStep("key", text=name)


def check(text: str) -> TrapStep:
    """Check that a text is on the screen."""
    return TrapStep("check", text=text)


@dataclass(frozen=True)
class Trap:
    """A page of the folder `pages` and the steps that solve it. `expected` is the value that the page then reports.

    `needs` names a setting that the environment needs. `native_steps` solve it through Chromium's own pickers and
    dialogs where these differ from ours; empty if that is impossible.
    """

    name: str
    steps: tuple[TrapStep, ...]
    expected: object = True
    headers: dict[str, str] = field(default_factory=dict[str, str])
    needs: Literal["", "uploads", "strip"] = ""
    native_steps: tuple[TrapStep, ...] | None = None


PAGES = Path(__file__).parent / "pages"
STYLE = f"<style>{(PAGES / 'style.css').read_text('utf-8')}</style>"
STRICT = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action *"}
INDICATOR = (0.9, 0.5)
"""The position of the picker button in a date field, as a fraction of the field."""

CHOOSE_PEAR = (click(MAGENTA), click("Pear"))

# fmt: off
WIDGETS = (
    Trap("select", (*CHOOSE_PEAR,), "Pear"),
    Trap("select-in-a-frame", (*CHOOSE_PEAR,), "Pear"),
    Trap("select-in-a-frame-of-another-origin", (*CHOOSE_PEAR,), "Pear"),
    Trap("select-in-an-open-shadow-root", (*CHOOSE_PEAR,), "Pear"),
    Trap("select-in-a-closed-shadow-root", (*CHOOSE_PEAR,), "Pear"),
    Trap("select-under-a-strict-policy", (click(MAGENTA), click("Pear"), click(GREEN)), headers=STRICT),
    Trap("select-with-groups", (*CHOOSE_PEAR,), "Pear"),
    Trap("select-of-several", (click("Apple"), TrapStep("ctrl click", "Plum")), "Apple,Plum"),
    Trap("date", (click(MAGENTA, INDICATOR), click("21")), "2026-05-21"),
    Trap(
        "time", (click(MAGENTA, INDICATOR), click("14"), click("Set")), "14:05",
        native_steps=(click(MAGENTA, INDICATOR), click("02"), key("enter")),
    ),
    Trap("month", (click(MAGENTA, INDICATOR), click("Sep")), "2026-09"),
    Trap("week", (click(MAGENTA, INDICATOR), click("21")), "2026-W21"),
    Trap(
        "date-and-time", (click(MAGENTA, INDICATOR), click("20"), click("Set")), "2026-05-20T13:05",
        native_steps=(click(MAGENTA, INDICATOR), click("20"), key("enter")),
    ),
    Trap(
        "colour", (click(MAGENTA), click(GREEN), click("Set")), "#00ff00",
        native_steps=(click(MAGENTA), key("tab"), key("tab"), key("tab"), type_("0\t255\t0\n")),
    ),
    Trap("suggestions", (click(MAGENTA), type_("p"), click("Plum")), "Plum"),
    Trap("suggestions-by-keys", (click(MAGENTA), type_("p"), key("down"), key("down"), key("enter")), "Pear"),
    Trap("autocomplete-of-the-pages-own", (click(MAGENTA), type_("p"), click(GREEN))),
    Trap("context-menu-of-the-pages-own", (TrapStep("right click", MAGENTA), click(GREEN))),
    Trap("context-menu-of-the-browser", (TrapStep("right click", MAGENTA), click("Open link in new tab"))),
    Trap("tooltip", (TrapStep("move", MAGENTA), check("KIWI"), click(GREEN), type_("KIWI\n")), "KIWI"),
    Trap("details", (click(MAGENTA), click(GREEN))),
    Trap("slider", (TrapStep("drag", GREEN, to=CYAN, part=(0.5, 1.5)),)),
    Trap("drag-and-drop", (TrapStep("drag", MAGENTA, to=GREEN),)),
    Trap("drag-by-pointer-events", (TrapStep("drag", MAGENTA, to=GREEN),)),
    Trap("canvas", (click(MAGENTA),)),
    Trap("editable-text", (click(MAGENTA), type_("Grüße 你好")), "Grüße 你好"),
    Trap("menu-that-opens-by-hovering", (TrapStep("move", MAGENTA), click(GREEN))),
    Trap("scrolling-within", (TrapStep("scroll", MAGENTA), click(GREEN))),
    Trap("header-that-sticks", (TrapStep("scroll", "#888888"), click(GREEN))),
    Trap(
        "field-that-must-be-filled-in",
        (click(GREEN), check("Please fill"), click(MAGENTA), type_("x"), click(GREEN)),
    ),
)
# fmt: on
DIALOGS = (
    Trap("alert", (click(MAGENTA), check("Read this"), click("OK"))),
    Trap("confirm-that-is-declined", (click(MAGENTA), check("Delete everything?"), click("Cancel"))),
    Trap("confirm-that-is-accepted", (click(MAGENTA), click("OK"))),
    Trap("prompt", (click(MAGENTA), check("Your name?"), type_("Åsa 你"), click("OK")), "Åsa 你"),
    Trap("page-that-is-left", (click(MAGENTA), type_("x"), click(GREEN), click("Leave"))),
    Trap("dialog-at-the-start", (check("Cookies?"), click("OK"))),
    Trap(
        "dialogs-without-end",
        (click(MAGENTA), click("OK"), click("OK"), click("to prompt you again"), click("OK")),
        native_steps=(),  # in Chromium only closing the tab helps
    ),
    Trap("sign-in", (click(MAGENTA), type_("ann\tse:cret\n"))),
    Trap("permission-that-is-allowed", (click(MAGENTA), click("Allow"))),
    Trap("permission-that-is-blocked", (click(MAGENTA), click("Block")), "denied"),
    Trap("file", (click(MAGENTA), click("invoice.txt"), click("Open")), "invoice.txt", needs="uploads"),
)
TABS = (
    Trap("link-into-a-new-tab", (click(MAGENTA),)),
    Trap("window-of-a-script", (click(MAGENTA),)),
    Trap("tab-before", (click(MAGENTA), check("Second"), click("First"), click(GREEN)), needs="strip"),
    Trap("address-typed", (click("127.0.0.1"), type_("ADDRESS/solved\n")), needs="strip"),
    Trap("text-in-a-PDF", (click(MAGENTA), check("GRAPEFRUIT"))),
)

ANSWER_ONLY = frozenset({"text-in-a-PDF"})
"""Traps that are solved by answering with a text."""

ALL = (*WIDGETS, *DIALOGS, *TABS)


def add_shared_pages(site: Site) -> None:
    """Add the pages to which the traps link to `site`."""
    site.add("/inner", _page("inner"))
    site.add("/solved", "<script>report('solved', true)</script>")
    site.add("/solved?", "<script>report('solved', true)</script>")
    site.add("/fruit?it=Pear", "<script>report('solved', true)</script>")
    site.add("/second", "<title>Second</title><h1>Second page</h1>")
    site.add("/closed", "<script>report('solved', true)</script>")
    site.pages["/closed"].login = "Basic YW5uOnNlOmNyZXQ="
    image = Image.new("RGB", (800, 400), "white")
    ImageDraw.Draw(image).text((60, 60), "GRAPEFRUIT", fill="black", font_size=80)
    data = BytesIO()
    image.save(data, "PDF")
    site.pages["/text.pdf"] = Page(data.getvalue(), "application/pdf")


def add_trap(trap: Trap, site: Site) -> str:
    """Add `trap` to `site`; returns its address."""
    address = site.add("/" + trap.name, _page(trap.name).replace("OTHER", site.other))
    site.pages["/" + trap.name].headers = trap.headers
    return address


def _page(name: str) -> str:
    return STYLE + (PAGES / f"{name}.html").read_text("utf-8")
