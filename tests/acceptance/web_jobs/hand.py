"""Works an application by coordinates, and judges each look: was the screen final, and since when?"""

import asyncio
import base64
import io
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import count, pairwise
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops

from screenwright import (
    Action,
    BrowserEnv,
    Button,
    Click,
    Direction,
    Drag,
    Hotkey,
    Move,
    Navigate,
    ScreenPoint,
    Scroll,
    Type,
    Wait,
)
from screenwright.envs.browser.session import BrowserSession
from screenwright.eval.benchmarks.workbench.web.finding import places_script

AFTER_S = 2.0
"""What is on the screen this long after a look counts as the final state."""
MOVING_S = 0.35
MOVING_LOOKS = 3
CELL_PX = 16
DIFFERENCE = 40
LATE_S = 1.0
READ_S = 5.0
_PLACES = places_script()
_CAST = {"format": "jpeg", "quality": 80, "maxWidth": 640, "maxHeight": 360}


class Missing(Exception):
    """What the job needs next is not on the screen that was looked at."""


@dataclass(frozen=True, slots=True)
class Look:
    """A look after an action: `late_s` is the time since the last visible change.

    `changed` are the cells of the screen that changed later.
    """

    job: str
    action: str
    is_finish: bool
    act_s: float
    settle_s: float
    by: str
    late_s: float
    shows_work: bool = False
    changed: int = 0
    note: str = ""


class Painted:
    """The frames that the browser paints while an action is carried out, from a connection of its own."""

    def __init__(self) -> None:
        self._frames: list[tuple[float, str]] = []
        self._pages: dict[object, Any] = {}

    async def follow(self, session: BrowserSession) -> None:
        """Record the frames of the current tab."""
        page = session._tabs.current
        if page in self._pages:
            return
        devtools = self._pages[page] = await page.context.new_cdp_session(page)

        async def on_frame(frame: dict[str, Any]) -> None:
            self._frames.append((float(frame["metadata"]["timestamp"]), frame["data"]))
            await devtools.send("Page.screencastFrameAck", {"sessionId": frame["sessionId"]})

        devtools.on("Page.screencastFrame", on_frame)
        await devtools.send("Page.startScreencast", _CAST)

    def clear(self) -> None:
        """Forget the frames."""
        self._frames = self._frames[-1:]

    def last_change_s(self, until_s: float) -> float:
        """When the picture changed last before `until_s` (Unix time); 0 if it did not."""
        frames = [(at, Image.open(io.BytesIO(base64.b64decode(data)))) for at, data in self._frames if at <= until_s]
        changes = [at for (_, one), (at, other) in pairwise(frames) if changed_cells(one, other)]
        return max(changes, default=0.0)


class Hand:
    """Carries out a job. Names are looked up on the screen right after a look, before anything can change."""

    def __init__(
        self,
        env: BrowserEnv,
        url: str,
        folder: Path,
        *,
        moves: Sequence[tuple[int, int, int, int]] = (),
        judges: bool = True,
    ) -> None:
        self._env = env
        self._url = url
        self._folder = folder
        self._moves = moves
        self._judges = judges
        self._painted = Painted()
        self._picture: Image.Image | None = None
        self._pending: tuple[Look, float, Image.Image, Image.Image | None] | None = None
        self._numbers = count(1)
        self._by = ""
        self.job = ""
        self.looks: list[Look] = []
        self.facts: list[str] = []

    # -- what a job does

    def open(self, path: str, *, works: bool = False) -> None:
        """Go to `path` of the application."""
        self._do(Navigate(self._url + path), path, shows_work=works)
        if self._by == "a dialog":  # there are unsaved changes
            self._do(Hotkey(("enter",)), "leave")

    def click(self, what: str, nth: int = 0, *, finish: bool = False, works: bool = False, **offset: float) -> None:
        """Click what is called `what`; a job ends with a click to `finish`.

        After an action that `works`, the application goes on by itself and shows it: progress, or an automatic save.
        """
        self._do(Click(self.at(what, nth, **offset)), f"click {what}", finish, works)

    def wait_for(self, what: str) -> None:
        """Wait until `what` is on the screen."""
        for _ in range(5):
            if self.read(_PLACES, [what, 0]):
                return
            self._do(Wait(1.0), f"wait for {what}", shows_work=True)
        self.at(what)

    def click_at(self, point: ScreenPoint) -> None:
        """Click at `point`."""
        self._do(Click(point), f"click {point.x:g}, {point.y:g}")

    def finish(self, what: str, nth: int = 0) -> None:
        """The click that finishes the job."""
        self.click(what, nth, finish=True)

    def double_click(self, what: str, nth: int = 0, **offset: float) -> None:
        """Double-click what is called `what`."""
        self._do(Click(self.at(what, nth, **offset), count=2), f"double-click {what}")

    def right_click(self, what: str, nth: int = 0) -> None:
        """Click what is called `what` with the right button."""
        self._do(Click(self.at(what, nth), Button.RIGHT), f"right-click {what}")

    def hover(self, what: str, nth: int = 0) -> None:
        """Move the mouse over what is called `what`."""
        self._do(Move(self.at(what, nth)), f"hover {what}")

    def type(self, text: str, *, submit: bool = False, finish: bool = False, works: bool = False) -> None:
        """Type `text`."""
        self._do(Type(text, submit), f"type {text!r}", finish, works)

    def fill(self, what: str, text: str, *, works: bool = False) -> None:
        """Replace the text of a field."""
        self.click(what)
        self.press("ctrl", "a")
        self.type(text, works=works)

    def press(self, *keys: str, finish: bool = False, works: bool = False) -> None:
        """Press keys together."""
        self._do(Hotkey(keys), f"press {'+'.join(keys)}", finish, works)

    def drag(self, *points: ScreenPoint) -> None:
        """Drag along `points`."""
        self._do(Drag(points), "drag")

    def scroll_to(self, what: str, over: str) -> None:
        """Scroll down over `over` until `what` is on the screen."""
        for _ in range(10):
            if self.read(_PLACES, [what, 0]):
                return
            self._do(Scroll(Direction.DOWN, 5, self.at(over)), f"scroll to {what}")

    def at(self, what: str, nth: int = 0, dx: float = 0, dy: float = 0) -> ScreenPoint:
        """Where something is.

        Raises:
            Missing: it is not on the screen.
        """
        found = self.read(_PLACES, [what, nth])
        if not found:
            self._judge()
            later = " until later" if self.read(_PLACES, [what, nth]) else ""
            raise Missing(f"{what!r} was not on the screen{later}")
        return ScreenPoint(found[0] + dx, found[1] + dy)

    def read(self, script: str, argument: object = None) -> Any:
        """The result of a JavaScript function that only reads."""
        return self._env._run(lambda session: asyncio.wait_for(session.evaluate(script, argument), READ_S))

    # -- looks

    def _do(self, action: Action, name: str, is_finish: bool = False, shows_work: bool = False) -> None:
        self._judge()
        if self._judges:
            self._env._run(self._painted.follow)
            self._painted.clear()
        before = self._picture
        done = self._env.execute(action)
        looked_s = time.time()
        seen = self._env.observe()
        self.facts += [str(fact) for fact in seen.facts]
        self._picture = seen.screenshot.image
        acted_s = looked_s - done.settle_s
        late_s = looked_s - max(acted_s, self._painted.last_change_s(looked_s)) if self._judges else 0.0
        look = Look(self.job, name, is_finish, done.act_s, done.settle_s, done.settled_by, late_s, shows_work)
        self._by = done.settled_by
        self._pending = look, looked_s, self._picture, before

    def end(self) -> None:
        """Judge the last look."""
        self._judge()

    def _judge(self) -> None:
        """Compare the last look with the screen 2 s later, without what moves by itself and notices that went.

        A dialog is final: the page goes on once it is answered.
        """
        if self._pending is None:
            return
        (look, looked_s, picture, before), self._pending = self._pending, None
        if self._judges and look.by != "a dialog":
            time.sleep(max(looked_s + AFTER_S - time.time(), 0))
            later = self._env.observe().screenshot.image
            changed = changed_cells(picture, later)
            moving = {
                (x, y)
                for left, top, right, bottom in self._moves
                for x in range(left // CELL_PX, right // CELL_PX + 1)
                for y in range(top // CELL_PX, bottom // CELL_PX + 1)
            }
            for _ in range(MOVING_LOOKS if changed else 0):
                time.sleep(MOVING_S)
                moving.update(changed_cells(later, self._env.observe().screenshot.image))
            changed = [cell for cell in changed if not near(cell, moving)]
            note = "at work" if changed and look.shows_work else ""
            if note:
                changed = []
            elif changed and before is not None and not look.action.startswith("/"):
                kept = set(changed_cells(before, later))
                if not kept.intersection(changed):
                    changed, note = [], "a notice that went"
            look = Look(*(getattr(look, name) for name in Look.__slots__[:-2]), len(changed), note)
            if changed or note:
                number = next(self._numbers)
                for name, image in (("0", before), ("1", picture), ("2", later)):
                    if image is not None:
                        image.save(self._folder / f"look-{number}-{name}.png")
            self._picture = later
        self.looks.append(look)


def changed_cells(one: Image.Image, other: Image.Image) -> list[tuple[int, int]]:
    """The cells of a grid in which two pictures differ."""
    if one.size != other.size:
        return [(0, 0)]
    difference = ImageChops.difference(one.convert("RGB"), other.convert("RGB"))
    bands = difference.split()
    most = ImageChops.lighter(ImageChops.lighter(bands[0], bands[1]), bands[2]).point(
        lambda value: 255 * (value > DIFFERENCE)
    )
    if most.getbbox() is None:
        return []
    cell = CELL_PX * one.width // 1280
    small = most.reduce(cell)
    return [(x, y) for y in range(small.height) for x in range(small.width) if small.getpixel((x, y))]


def near(cell: tuple[int, int], cells: Collection[tuple[int, int]]) -> bool:
    """Whether `cell` is one of `cells` or beside one."""
    return any(abs(cell[0] - x) <= 1 and abs(cell[1] - y) <= 1 for x, y in cells)
