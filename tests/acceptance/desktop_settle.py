"""Whether actions in real programs are observed too early or too late, judged by a film of the screen.

    PYTHONPATH=tests/helpers .venv/bin/python tests/acceptance/desktop_settle.py [--actions 300]
        [--programs mousepad,xterm] [--pictures FOLDER]

A second connection films the display at about 20 frames a second. An action was observed early if the screen changes by
more than a caret within 1.5 s of its observation, and still differs from that then. It was late if it ended more than a
second after the last change. What also changes in the second before an action, such as a clock, does not count. Run it
on a quiet machine: the film takes a third of a processor. Programs that are not installed are named and left out; the
exit code is 1 if more than 1 % of the actions were early, or the mean wait is over 0.6 s.
"""

import argparse
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from statistics import mean

from desktop_programs import PACKAGES, chromium, office

from screenwright.agent.core.describe import describe_action
from screenwright.envs.actions import Action, Button, Click, Direction, Drag, Hotkey, Move, Scroll, Type
from screenwright.envs.desktop import DesktopEnv, Sandbox, VirtualDisplay
from screenwright.envs.desktop.address import DisplayAddress
from screenwright.envs.desktop.capture import Capture, screenshot_of
from screenwright.envs.env import EnvError
from screenwright.envs.geometry import Box, ScreenPoint
from screenwright.envs.screenshot import Screenshot
from screenwright.envs.settle import BLINK_PX, FrameChange, RawFrame, changed

FRAME_S = 0.05
BEFORE_S, AFTER_S, LATE_S = 1.0, 1.5, 1.0
MOST_EARLY, MOST_MEAN_S = 0.01, 0.6
BAR_PX = 4
CENTER, LOW = ScreenPoint(640, 380), ScreenPoint(700, 480)

DOCUMENT: tuple[Action, ...] = (
    Click(CENTER),
    Type("The quick brown fox jumps over the lazy dog.\n"),
    Hotkey(("alt", "f")),
    Hotkey(("down",)),
    Hotkey(("escape",)),
    Hotkey(("escape",)),
    Type("Another line, and one more.\n"),
    Hotkey(("ctrl", "a")),
    Hotkey(("right",)),
    Hotkey(("ctrl", "f")),
    Type("fox"),
    Hotkey(("escape",)),
    Scroll(Direction.DOWN, 3, CENTER),
    Scroll(Direction.UP, 3, CENTER),
    Click(CENTER, Button.RIGHT),
    Hotkey(("escape",)),
    Click(CENTER, count=2),
    Drag((CENTER, LOW)),
    Hotkey(("ctrl", "o")),
    Hotkey(("escape",)),
    Move(ScreenPoint(90, 70)),
    Click(ScreenPoint(60, 45)),
    Hotkey(("escape",)),
    Hotkey(("ctrl", "z")),
)
SHELL: tuple[Action, ...] = (
    Type("ls -la /usr/bin | head -60", submit=True),
    Type("seq 1 400", submit=True),
    Type("clear", submit=True),
    Type("find /usr/share -name '*.png' | wc -l", submit=True),
    Hotkey(("up",)),
    Hotkey(("ctrl", "c")),
    Drag((ScreenPoint(40, 60), ScreenPoint(300, 200))),
    Type("head -c 20000 /dev/urandom | base64", submit=True),
)
KEYPAD: tuple[Action, ...] = (
    *(Hotkey((key,)) for key in "7*8-3="),
    Hotkey(("escape",)), Hotkey(("f1",)), Hotkey(("escape",)), Hotkey(("alt", "v")), Hotkey(("escape",)),
)  # fmt: skip
FOLDERS: tuple[Action, ...] = (
    Click(CENTER),
    Hotkey(("ctrl", "l")),
    Type("/usr/share", submit=True),
    Scroll(Direction.DOWN, 10, CENTER),
    Hotkey(("alt", "up")),
    Hotkey(("ctrl", "2")),
    Hotkey(("ctrl", "1")),
    Click(CENTER, Button.RIGHT),
    Hotkey(("escape",)),
    Hotkey(("ctrl", "h")),
    Click(CENTER, Button.BACK),
)


@dataclass(frozen=True)
class Subject:
    """A program with what is done in it; `tool` is the command that has to be installed."""

    tool: str
    command: tuple[str, ...]
    actions: tuple[Action, ...] = DOCUMENT


def subjects(folder: Path) -> dict[str, Subject]:
    """The programs, by name; `folder` is for their profiles."""
    return {
        "mousepad": Subject("mousepad", ("mousepad", "--disable-server")),
        "xterm": Subject("xterm", ("xterm", "-geometry", "150x45+0+0"), SHELL),
        "galculator": Subject("galculator", ("galculator",), KEYPAD),
        "pcmanfm": Subject("pcmanfm", ("pcmanfm", "/usr"), FOLDERS),
        "featherpad": Subject("featherpad", ("featherpad", "--standalone")),
        "writer": Subject("soffice", office("--writer")),
        "calc": Subject("soffice", office("--calc")),
        "impress": Subject("soffice", office("--impress")),
        "gimp": Subject("gimp", ("gimp", "-n")),
        "inkscape": Subject("inkscape", ("inkscape",)),
        "chromium": Subject("chromium", chromium(folder / "profile", "--start-maximized", "chrome://version")),
    }


@dataclass
class Film:
    """The changes of a display, each with its time, from a thread with its own connection."""

    address: DisplayAddress
    changes: list[tuple[float, FrameChange]] = field(default_factory=list[tuple[float, FrameChange]])
    frames: int = 0
    last: RawFrame | None = None
    _ends: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Film until `stop`."""
        capture = Capture(self.address, 1)
        try:
            while not self._ends.is_set():
                started = time.monotonic()
                frame = capture.frame()
                change = changed(self.last, frame) if self.last is not None else None
                if change is not None:
                    self.changes.append((started, change))
                self.last = frame
                self.frames += 1
                self._ends.wait(max(0.0, started + FRAME_S - time.monotonic()))
        finally:
            capture.close()

    def stop(self) -> None:
        """End the film."""
        self._ends.set()

    def between(self, start: float, end: float) -> list[tuple[float, FrameChange]]:
        """The changes in that time."""
        return [(at, change) for at, change in list(self.changes) if start < at <= end]


@contextmanager
def filming(address: DisplayAddress) -> Iterator[Film]:
    """Film a display."""
    film = Film(address)
    thread = threading.Thread(target=film.run)
    thread.start()
    try:
        yield film
    finally:
        film.stop()
        thread.join()


@dataclass(frozen=True)
class Judged:
    """One action: how long it was waited for, by what, and how large a later change was and when; 0 if there was none.

    `idle_s` is how long nothing had changed when the wait ended.
    """

    program: str
    action: str
    settle_s: float
    settled_by: str
    idle_s: float
    late_px: int
    late_at_s: float


def judge(env: DesktopEnv, film: Film, program: str, action: Action, pictures: Path | None) -> Judged:
    """Perform an action, and watch what changes afterwards."""
    time.sleep(BEFORE_S)
    moving = [change.box for _, change in film.between(time.monotonic() - BEFORE_S, time.monotonic())]
    started = time.monotonic()
    result = env.execute(action)
    ended = time.monotonic()
    seen = env.observe().screenshot
    seen_at = time.monotonic()
    time.sleep(AFTER_S)
    after = [(at, change) for at, change in film.between(seen_at, seen_at + AFTER_S) if _counts(change, moving)]
    if film.last is None or not _differs(seen, film.last):
        after = []  # it flickered
    during = [at for at, change in film.between(started, ended) if _counts(change, moving)]
    idle_s = ended - max(during, default=started + result.act_s)
    if after and pictures is not None and film.last is not None:
        pictures.mkdir(parents=True, exist_ok=True)
        name = f"{program}-{len(list(pictures.iterdir())) // 2:03}"
        seen.image.save(pictures / f"{name}-seen.png")
        screenshot_of(film.last).image.save(pictures / f"{name}-later.png")
    largest = max((change.pixels for _, change in after), default=0)
    when = after[0][0] - seen_at if after else 0.0
    return Judged(program, describe_action(action), result.settle_s, result.settled_by, idle_s, largest, when)


def _differs(seen: Screenshot, last: RawFrame) -> bool:
    """Whether a screenshot and a frame differ by more than a caret."""
    change = changed(RawFrame.of(seen.image), last)
    return change is not None and change.pixels > BLINK_PX


def _counts(change: FrameChange, moving: list[Box]) -> bool:
    """Whether a change is larger than a caret or a scroll bar that fades, and is not in an area that moves anyway."""
    inside = any(
        box.left <= change.box.left and box.top <= change.box.top
        and box.right >= change.box.right and box.bottom >= change.box.bottom
        for box in moving
    )  # fmt: skip
    thin = change.box.right - change.box.left <= BAR_PX
    return change.pixels > BLINK_PX and not inside and not thin


def work(name: str, subject: Subject, count: int, pictures: Path | None) -> Iterator[Judged]:
    """Judge `count` actions in a program on its own display."""
    with DesktopEnv(virtual=VirtualDisplay(sandbox=Sandbox("off"))) as env:
        env.observe()
        env.start(subject.command)
        assert env.address is not None
        with filming(env.address) as film:
            started = time.monotonic()
            for action in islice(cycle(subject.actions), count):
                try:
                    judged = judge(env, film, name, action, pictures)
                except EnvError as error:
                    print(f"  {name}: {error}", flush=True)
                    return
                if judged.late_px or judged.idle_s > LATE_S:
                    print(f"  {'EARLY' if judged.late_px else 'late '} {judged}", flush=True)
                yield judged
            print(f"  {name}: {film.frames / (time.monotonic() - started):.1f} frames a second", flush=True)


def report(found: list[Judged]) -> int:
    """Print a line for each program and all; returns the exit code."""
    print("\n| program | actions | early | late | mean wait | worst |\n|---|---|---|---|---|---|")
    for name in (*dict.fromkeys(one.program for one in found), "all"):
        rows = [one for one in found if name in (one.program, "all")]
        early, late = sum(one.late_px > 0 for one in rows), sum(one.idle_s > LATE_S for one in rows)
        waits = [one.settle_s for one in rows]
        print(f"| {name} | {len(rows)} | {early} | {late} | {mean(waits):.2f} s | {max(waits):.2f} s |")
    early_share = sum(one.late_px > 0 for one in found) / len(found)
    return int(early_share > MOST_EARLY or mean(one.settle_s for one in found) > MOST_MEAN_S)


def main() -> int:
    """Film the programs and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--actions", type=int, default=300, help="in all programs together")
    parser.add_argument("--programs", help="names, joined by commas (default: all that are installed)")
    parser.add_argument("--pictures", type=Path, help="folder for what was seen early, and what came later")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="settle-") as folder:
        known = subjects(Path(folder))
        wanted = given.programs.split(",") if given.programs else list(known)
        if unknown := [name for name in wanted if name not in known]:
            parser.error(f"unknown programs: {', '.join(unknown)}; there are {', '.join(known)}")
        present = [name for name in wanted if shutil.which(known[name].tool)]
        for name in wanted:
            if name not in present:
                print(f"{name}: not installed (apt-get install {PACKAGES.get(known[name].tool, known[name].tool)})")
        if not present:
            return 2
        count = -(-given.actions // len(present))
        found = [one for name in present for one in work(name, known[name], count, given.pictures)]
    return report(found)


if __name__ == "__main__":
    raise SystemExit(main())
