"""Grounding on generated pages: no download, exact boxes, and a different page for every seed.

A page has widgets on a grid, drawn by Chromium. Widgets of different kinds share names, so the model has to understand
both kind and name. A task asks for one widget of a kind, or for one that does not exist; the model is asked once with
its grounding prompt, and its first click is the answer, as in ScreenSpot.
"""

import html
import json
import random
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from ....envs.actions import Navigate
from ....envs.env import EnvError
from ....envs.geometry import Size
from ...core.task import Rules, TaskError
from ..browsers import BrowserPool, PageSettings
from ..gallery.site import Site
from .boxes import box
from .data_sets import GroundingInstance, ImageEnv

VIEWPORT = Size(1280, 800)
KINDS = ("button", "link", "field", "checkbox", "tab", "icon")
_COLUMNS, _ROWS, _CELL = 6, 8, Size(205, 95)
_PER_KIND = 6

_NAMES = """
Account Archive Balance Basket Branch Budget Calendar Campaign Catalogue Client Comment Contract Country
Currency Customer Delivery Department Discount Document Employee Expense Feedback Gallery Holiday Insurance
Invoice Journal Language Licence Location Machine Manager Material Meeting Message Network Newsletter Office
Order Partner Password Payment Picture Planning Product Profile Project Purchase Receipt Region Report
Reservation Salary Schedule Service Shipment Station Storage Student Supplier Survey Teacher Template Ticket
Training Transport Vehicle Voucher Warehouse
""".split()  # noqa: SIM905 -- one word per line would be longer

_ICONS = {
    "the magnifying glass": '<circle cx="10" cy="10" r="7"/><path d="M15 15L22 22"/>',
    "the plus sign": '<path d="M12 3V21M3 12H21"/>',
    "the cross that closes": '<path d="M4 4L20 20M20 4L4 20"/>',
    "the arrow to the left": '<path d="M21 12H3M10 5L3 12L10 19"/>',
    "the arrow upwards": '<path d="M12 21V3M5 10L12 3L19 10"/>',
    "the three bars of the menu": '<path d="M3 6H21M3 12H21M3 18H21"/>',
    "the envelope": '<path d="M2 5H22V19H2ZL12 13L22 5"/>',
    "the house": '<path d="M3 12L12 3L21 12M6 10V21H18V10"/>',
    "the tick": '<path d="M3 13L9 19L21 5"/>',
    "the clock": '<circle cx="12" cy="12" r="9"/><path d="M12 6V12L16 15"/>',
}

_STYLE = """<style>
body { font: 15px sans-serif; background: #fafafa; color: #222; }
.w { position: absolute; box-sizing: border-box; margin: 0; font: inherit; overflow: hidden; white-space: nowrap; }
button.w { border: 1px solid #999; border-radius: 6px; background: #eee; }
button.icon { padding: 4px; } svg { fill: none; stroke: #333; stroke-width: 2; width: 100%; height: 100%; }
button.tab { border: 0; border-bottom: 3px solid #36c; border-radius: 0; background: #fff; }
input.w { border: 1px solid #999; padding: 0 6px; } label.w { color: #555; }
</style>"""


@dataclass(frozen=True, slots=True)
class Widget:
    """A widget on a page: its description, and its box in pixels, in which any click is right."""

    kind: str
    description: str
    left: int
    top: int
    width: int
    height: int
    markup: str


def make_page(seed: int) -> tuple[Widget, ...]:
    """The widgets of the page `seed`, six of each kind, without overlaps; the same for the same seed."""
    choose = random.Random(f"grounding {seed}")  # noqa: S311 -- no secret
    cells = choose.sample(range(_COLUMNS * _ROWS), _PER_KIND * len(KINDS))
    words = choose.sample(_NAMES, _PER_KIND * 2)
    names = {kind: iter(choose.sample(sorted(_ICONS) if kind == "icon" else words, _PER_KIND)) for kind in KINDS}
    widgets: list[Widget] = []
    for number, cell in enumerate(cells):
        kind = KINDS[number % len(KINDS)]
        left = 20 + cell % _COLUMNS * _CELL.width + choose.randrange(40)
        top = 15 + cell // _COLUMNS * _CELL.height + choose.randrange(20)
        widgets.append(_widget(kind, next(names[kind]), left, top))
    return tuple(widgets)


def page_html(widgets: tuple[Widget, ...]) -> str:
    """The HTML of a page."""
    return _STYLE + "".join(widget.markup for widget in widgets)


@dataclass(frozen=True, slots=True)
class PageGroundingTask:
    """Locate one widget of `kind` on a page; the kind `absent` asks for one that does not exist."""

    kind: str

    @property
    def name(self) -> str:
        """The kind."""
        return self.kind

    @property
    def category(self) -> str:
        """`text`, `icon` or `refusal`."""
        return {"icon": "icon", "absent": "refusal"}.get(self.kind, "text")

    @contextmanager
    def set_up(self, seed: int) -> Generator[GroundingInstance]:
        """Render the page `seed`."""
        widgets = make_page(seed)
        choose = random.Random(f"{self.kind} {seed}")  # noqa: S311 -- no secret
        if self.kind == "absent":
            names = {widget.description for widget in widgets}
            description = choose.choice([name for name in map(_button, _NAMES) if name not in names])
            area = None
        else:
            target = choose.choice([widget for widget in widgets if widget.kind == self.kind])
            description = target.description
            area = box(target.left, target.top, target.left + target.width, target.top + target.height)
        yield GroundingInstance(ImageEnv(render_page(seed)), description, area)


def render_page(seed: int) -> Image.Image:
    """The page `seed` as an image, rendered by Chromium.

    Raises:
        TaskError: it cannot be rendered.
        EnvUnavailable: there is no browser.
    """
    with Site() as site, _BROWSERS.acquire(PageSettings(VIEWPORT)) as browser:
        try:
            browser.execute(Navigate(site.add("/", page_html(make_page(seed)))))
            return browser.observe().screenshot.image
        except EnvError as error:
            raise TaskError(f"could not render page {seed}: {error}") from error


def write_set(folder: Path, seeds: Iterable[int]) -> int:
    """Write the pages `seeds` as a data set in ScreenSpot's format; returns the number of boxes.

    Raises:
        TaskError: a page cannot be rendered.
        EnvUnavailable: there is no browser.
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    entries: list[dict[str, object]] = []
    for seed in seeds:
        filename = f"page_{seed}.png"
        render_page(seed).save(folder / filename)
        entries.extend(
            {
                "img_filename": filename,
                "bbox": [one.left, one.top, one.width, one.height],
                "instruction": one.description,
                "data_type": "icon" if one.kind == "icon" else "text",
                "data_source": one.kind,
            }
            for one in make_page(seed)
        )
    (folder / "screenspot_pages.json").write_text(json.dumps(entries, indent=1), encoding="utf-8")
    return len(entries)


@dataclass(frozen=True)
class PageGrounding:
    """Locate an element on a generated page, without data."""

    name: str = "grounding"
    version: str = f"1; {VIEWPORT}"
    rules: Rules = Rules(seeds=tuple(range(20)), steps=1)

    def tasks(self) -> tuple[PageGroundingTask, ...]:
        """One task per kind."""
        return tuple(PageGroundingTask(kind) for kind in (*KINDS, "absent"))

    def close(self) -> None:
        """Close the idle browsers of this process."""
        _BROWSERS.close()


_BROWSERS = BrowserPool()
"""Shared within this process; started when the first task is set up."""


def _button(name: str) -> str:
    return f"the button {name}"


def _widget(kind: str, name: str, left: int, top: int) -> Widget:
    text = html.escape(name)

    def placed(tag: str, inner: str, size: Size, below: int = 0, more: str = "") -> str:
        style = f"left:{left}px;top:{top + below}px;width:{size.width}px;height:{size.height}px"
        return f'<{tag} class="w {kind}" style="{style}"{more}>{inner}</{tag}>'

    match kind:
        case "link":
            size, description = Size(110, 22), f"the link {name}"
            markup = placed("a", text, size, more=' href="#"')
        case "field":
            size, description, below = Size(150, 30), f"the field under the word {name}", 20
            label = f'<label class=w style="left:{left}px;top:{top}px;width:150px;height:20px">{text}</label>'
            markup = (
                label + f'<input class="w field" style="left:{left}px;top:{top + below}px;width:150px;height:30px">'
            )
            top += below
        case "checkbox":
            size, description = Size(140, 22), f"the checkbox {name}"
            markup = placed("label", f"<input type=checkbox> {text}", size)
        case "tab":
            size, description = Size(120, 34), f"the tab {name}"
            markup = placed("button", text, size)
        case "icon":
            size, description = Size(34, 34), name
            markup = placed("button", f'<svg viewBox="0 0 24 24">{_ICONS[name]}</svg>', size)
        case _:
            size, description = Size(130, 34), _button(name)
            markup = placed("button", text, size)
    return Widget(kind, description, left, top, size.width, size.height, markup)
