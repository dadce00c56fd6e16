"""The gallery: pages of which each is a trap for an agent that sees pixels only, and how a person would get through.

A step names what it acts upon by how it looks: by its colour, which nothing else on the page has, or by its text. The
hand that carries the steps out finds both on the screenshot. A page tells `solved` when it has been got through.
"""

from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Literal

from PIL import Image, ImageDraw

from .site import Page, Site

MAGENTA, GREEN, CYAN, ORANGE = "#ff00ff", "#00ff00", "#00ffff", "#ff8800"


@dataclass(frozen=True)
class Step:
    """One thing that a person does. `at` is a colour (`#rrggbb`) or a text; `part` is where in a colour's box."""

    do: Literal["click", "right click", "ctrl click", "move", "drag", "scroll", "type", "key", "see"]
    at: str = ""
    text: str = ""
    to: str = ""
    part: tuple[float, float] = (0.5, 0.5)


def click(at: str, part: tuple[float, float] = (0.5, 0.5)) -> Step:
    """Click on a colour or a text."""
    return Step("click", at, part=part)


def type_(text: str) -> Step:
    """Type, a line end being Enter."""
    return Step("type", text=text)


def key(name: str) -> Step:
    """Press a key."""
    return Step("key", text=name)


def see(text: str) -> Step:
    """Make sure that a text shows."""
    return Step("see", text=text)


@dataclass(frozen=True)
class Trap:
    """A page of the folder `pages` and the way through it. `needs` names what an environment must be told for it.

    `natively` is the way through Chromium's own pickers and dialogs, where it is another; empty where there is none.
    """

    name: str
    steps: tuple[Step, ...]
    solved: object = True
    headers: dict[str, str] = field(default_factory=dict[str, str])
    needs: Literal["", "uploads", "strip"] = ""
    natively: tuple[Step, ...] | None = None


PAGES = Path(__file__).parent / "pages"
STYLE = f"<style>{(PAGES / 'style.css').read_text('utf-8')}</style>"
STRICT = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action *"}
INDICATOR = (0.9, 0.5)
"""Where the button of a date field is."""

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
    Trap("select-of-several", (click("Apple"), Step("ctrl click", "Plum")), "Apple,Plum"),
    Trap("date", (click(MAGENTA, INDICATOR), click("21")), "2026-05-21"),
    Trap(
        "time", (click(MAGENTA, INDICATOR), click("14"), click("Set")), "14:05",
        natively=(click(MAGENTA, INDICATOR), click("02"), key("enter")),
    ),
    Trap("month", (click(MAGENTA, INDICATOR), click("Sep")), "2026-09"),
    Trap("week", (click(MAGENTA, INDICATOR), click("21")), "2026-W21"),
    Trap(
        "date-and-time", (click(MAGENTA, INDICATOR), click("20"), click("Set")), "2026-05-20T13:05",
        natively=(click(MAGENTA, INDICATOR), click("20"), key("enter")),
    ),
    Trap(
        "colour", (click(MAGENTA), click(GREEN), click("Set")), "#00ff00",
        natively=(click(MAGENTA), key("tab"), key("tab"), key("tab"), type_("0\t255\t0\n")),
    ),
    Trap("suggestions", (click(MAGENTA), type_("p"), click("Plum")), "Plum"),
    Trap("suggestions-by-keys", (click(MAGENTA), type_("p"), key("down"), key("down"), key("enter")), "Pear"),
    Trap("autocomplete-of-the-pages-own", (click(MAGENTA), type_("p"), click(GREEN))),
    Trap("context-menu-of-the-pages-own", (Step("right click", MAGENTA), click(GREEN))),
    Trap("context-menu-of-the-browser", (Step("right click", MAGENTA), click("Open link in new tab"))),
    Trap("tooltip", (Step("move", MAGENTA), see("KIWI"), click(GREEN), type_("KIWI\n")), "KIWI"),
    Trap("details", (click(MAGENTA), click(GREEN))),
    Trap("slider", (Step("drag", GREEN, to=CYAN, part=(0.5, 1.5)),)),
    Trap("drag-and-drop", (Step("drag", MAGENTA, to=GREEN),)),
    Trap("drag-by-pointer-events", (Step("drag", MAGENTA, to=GREEN),)),
    Trap("canvas", (click(MAGENTA),)),
    Trap("editable-text", (click(MAGENTA), type_("Grüße 你好")), "Grüße 你好"),
    Trap("menu-that-opens-by-hovering", (Step("move", MAGENTA), click(GREEN))),
    Trap("scrolling-within", (Step("scroll", MAGENTA), click(GREEN))),
    Trap("header-that-sticks", (Step("scroll", "#888888"), click(GREEN))),
    Trap("field-that-must-be-filled-in", (click(GREEN), see("Please fill"), click(MAGENTA), type_("x"), click(GREEN))),
)
# fmt: on
DIALOGS = (
    Trap("alert", (click(MAGENTA), see("Read this"), click("OK"))),
    Trap("confirm-that-is-declined", (click(MAGENTA), see("Delete everything?"), click("Cancel"))),
    Trap("confirm-that-is-accepted", (click(MAGENTA), click("OK"))),
    Trap("prompt", (click(MAGENTA), see("Your name?"), type_("Åsa 你"), click("OK")), "Åsa 你"),
    Trap("page-that-is-left", (click(MAGENTA), type_("x"), click(GREEN), click("Leave"))),
    Trap("dialog-at-the-start", (see("Cookies?"), click("OK"))),
    Trap(
        "dialogs-without-end",
        (click(MAGENTA), click("OK"), click("OK"), click("Do not let this page ask any more"), click("OK")),
        natively=(),  # Chromium offers no way but to close the tab
    ),
    Trap(
        "sign-in",
        (click(MAGENTA), type_("ann\tse:cret"), click("Sign in")),
        natively=(click(MAGENTA), type_("ann\tse:cret\n")),
    ),
    Trap("permission-that-is-allowed", (click(MAGENTA), click("Allow"))),
    Trap("permission-that-is-blocked", (click(MAGENTA), click("Block")), "denied"),
    Trap("file", (click(MAGENTA), click("invoice.txt"), click("Open")), "invoice.txt", needs="uploads"),
)
TABS = (
    Trap("link-into-a-new-tab", (click(MAGENTA),)),
    Trap("window-of-a-script", (click(MAGENTA),)),
    Trap("tab-before", (click(MAGENTA), see("Second"), click("First"), click(GREEN)), needs="strip"),
    Trap("address-typed", (click("127.0.0.1"), type_("ADDRESS/solved\n")), needs="strip"),
    Trap("text-in-a-PDF", (click(MAGENTA), see("GRAPEFRUIT"))),
)

SEEN_ONLY = frozenset({"text-in-a-PDF"})
"""Traps in which seeing is all."""

ALL = (*WIDGETS, *DIALOGS, *TABS)


def build(site: Site) -> None:
    """Put what the traps lead to on `site`."""
    site.add("/inner", _page("inner"))
    site.add("/solved", "<script>tell('solved', true)</script>")
    site.add("/solved?", "<script>tell('solved', true)</script>")
    site.add("/fruit?it=Pear", "<script>tell('solved', true)</script>")
    site.add("/second", "<title>Second</title><h1>Second page</h1>")
    site.add("/closed", "<script>tell('solved', true)</script>")
    site.pages["/closed"].login = "Basic YW5uOnNlOmNyZXQ="
    picture = Image.new("RGB", (800, 400), "white")
    ImageDraw.Draw(picture).text((60, 60), "GRAPEFRUIT", fill="black", font_size=80)
    data = BytesIO()
    picture.save(data, "PDF")
    site.pages["/text.pdf"] = Page(data.getvalue(), "application/pdf")


def address_of(trap: Trap, site: Site) -> str:
    """Put `trap` on `site`; returns its address."""
    address = site.add("/" + trap.name, _page(trap.name).replace("OTHER", site.other))
    site.pages["/" + trap.name].headers = trap.headers
    return address


def _page(name: str) -> str:
    return STYLE + (PAGES / f"{name}.html").read_text("utf-8")
