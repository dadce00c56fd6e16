"""Measure settling on desktops: after real actions in real programs, was the screen that was seen the final one?

    .venv/bin/python eval/bench/desktop_settle_bench.py [--rounds 2] [--only office]

After every action the screen is filmed for 3 s more. A look was early if it differs from the last picture by more
than a caret. The rule of `envs/settle.py` is measured with and without asking whether the program is at work; fixed
sleeps are judged on the same films. Needs the programs of `desktop_programs.py`: it says what to install.
"""

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from desktop_programs import chromium, office, require

from screenwright.envs.actions import Action, Click, Hotkey, Move, Type
from screenwright.envs.desktop import DesktopEnv, VirtualDisplay
from screenwright.envs.desktop.capture import Capture
from screenwright.envs.geometry import ScreenPoint
from screenwright.envs.settle import BLINK_PX, RawFrame, SettleTimeouts, changed

SLEEPS = (0.3, 0.5, 1.0, 2.0, 3.0)
RULES = {"by pixels and by whether the program works": SettleTimeouts(), "by pixels alone": SettleTimeouts(busy_s=0.0)}
FILM_S = 3.0
_EVERY_S = 0.04
_CARETS_PX = 2 * BLINK_PX


@dataclass(frozen=True)
class Scene:
    """A program and what is done in it, step by step; each step is measured."""

    name: str
    command: Callable[[Path], tuple[str, ...]]
    steps: tuple[tuple[str, Action], ...]


def keys(*names: str) -> Hotkey:
    """Keys pressed together."""
    return Hotkey(names)


NOWHERE = Move(ScreenPoint(1270, 710))
SCENES = (
    Scene("mousepad", lambda folder: ("mousepad", "--disable-server", str(folder / "a.txt")), (
        ("click in the text", Click(ScreenPoint(600, 400))),
        ("type a line", Type("The quick brown fox")),
        ("menu", keys("alt", "f")),
        ("close menu", keys("escape")),
        ("save as", keys("ctrl", "shift", "s")),
        ("cancel", keys("escape")),
        ("open", keys("ctrl", "o")),
        ("cancel", keys("escape")),
        ("replace dialog", keys("ctrl", "r")),
        ("close dialog", keys("escape")),
        ("nothing", NOWHERE),
    )),
    Scene("xterm", lambda _: ("xterm", "-geometry", "140x45+0+0"), (
        ("click", Click(ScreenPoint(300, 300))),
        ("ls", Type("ls -la /usr/bin | head -40", submit=True)),
        ("find", Type("find /usr/share/doc -name c* | tail -20", submit=True)),
        ("words at once, then after 0.8 s", Type("echo one; sleep 0.8; echo two", submit=True)),
        ("python", Type("python3 -c 'print(sum(x*x for x in range(6000000)))'", submit=True)),
        ("nothing", NOWHERE),
    )),
    Scene("galculator", lambda _: ("galculator",), (
        ("sum", Type("12+34", submit=True)),
        ("menu", keys("alt", "f")),
        ("close", keys("escape")),
        ("nothing", NOWHERE),
    )),
    Scene("pcmanfm", lambda _: ("pcmanfm", "/usr/share"), (
        ("another folder", keys("alt", "up")),
        ("new window", keys("ctrl", "n")),
        ("properties", keys("alt", "enter")),
        ("close", keys("escape")),
        ("nothing", NOWHERE),
    )),
    Scene("office calc", lambda _: office("--calc"), (
        ("type a cell", Type("12", submit=True)),
        ("format cells", keys("ctrl", "1")),
        ("cancel", keys("escape")),
        ("save", keys("ctrl", "s")),
        ("cancel", keys("escape")),
        ("functions", keys("ctrl", "f2")),
        ("cancel", keys("escape")),
        ("replace", keys("ctrl", "h")),
        ("close", keys("escape")),
        ("nothing", NOWHERE),
    )),
    Scene("office writer", lambda _: office("--writer"), (
        ("type", Type("A line of words", submit=True)),
        ("character", Click(ScreenPoint(640, 400))),
        ("save", keys("ctrl", "s")),
        ("cancel", keys("escape")),
        ("replace", keys("ctrl", "h")),
        ("close", keys("escape")),
        ("print", keys("ctrl", "p")),
        ("cancel", keys("escape")),
    )),
)  # fmt: skip


class Handler(BaseHTTPRequestHandler):
    """Answers `/SECONDS/NAME` after so many seconds with a page; `inner` shows its words after 0.7 s more."""

    def do_GET(self) -> None:
        """A page, late or at once."""
        seconds, _, name = self.path.removeprefix("/").partition("/")
        time.sleep(float(seconds) if seconds.replace(".", "").isdigit() else 0)
        words = "<h1>Here</h1>" + "<p>Some words of a page.</p>" * 12
        later = f"<div id=d>Loading</div><script>setTimeout(() => {{ d.innerHTML = '{words}'; }}, 700)</script>"
        body = f"<!doctype html><title>{name}</title>{later if name == 'inner' else words}".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the standard library's name
        """Stay silent."""


def pages(address: str) -> Scene:
    """Pages loaded by their addresses in a Chromium window."""

    def load(path: str) -> tuple[tuple[str, Action], ...]:
        return (("address bar", keys("ctrl", "l")), (f"load {path}", Type(f"{address}{path}", submit=True)))

    return Scene(
        "chromium",
        lambda folder: chromium(folder / "profile", "--start-maximized", f"{address}0/start"),
        (
            *load("0/plain"), *load("0.4/late"), *load("1.2/later"), *load("0/inner"),
            ("find", keys("ctrl", "f")), ("close", keys("escape")),
            ("menu", keys("alt", "f")), ("close", keys("escape")),
            ("nothing", NOWHERE),
        ),
    )  # fmt: skip


@dataclass
class Film:
    """What the screen showed, each change with its time from the start of filming."""

    shown: list[tuple[float, RawFrame]] = field(default_factory=list)

    def at(self, seconds: float) -> RawFrame:
        """What was shown then."""
        return next((frame for when, frame in reversed(self.shown) if when <= seconds), self.shown[0][1])

    def early(self, seconds: float) -> bool:
        """Whether what was shown then was not yet the last picture."""
        change = changed(self.at(seconds), self.shown[-1][1])
        return change is not None and change.pixels > _CARETS_PX


@contextmanager
def filming(capture: Capture) -> Iterator[Film]:
    """Film until the block ends and then for `FILM_S` more, on a thread of its own."""
    film, over = Film(), threading.Event()
    start = time.monotonic()

    def shoot() -> None:
        end = float("inf")
        while time.monotonic() < end:
            if over.is_set() and end == float("inf"):
                end = time.monotonic() + FILM_S
            frame = capture.frame()
            if not film.shown or frame.pixels != film.shown[-1][1].pixels:
                film.shown.append((time.monotonic() - start, frame))
            time.sleep(_EVERY_S)

    thread = threading.Thread(target=shoot)
    thread.start()
    try:
        yield film
    finally:
        over.set()
        thread.join()


@dataclass(frozen=True)
class Outcome:
    """One step: how long was waited, whether the look was early, and the same for the fixed sleeps on its film."""

    name: str
    waited_s: float
    by: str
    early: bool
    sleeps_early: tuple[bool, ...]


def played(scene: Scene, timeouts: SettleTimeouts) -> Iterator[Outcome]:
    """Do the steps of a scene on a display of its own."""
    with tempfile.TemporaryDirectory(prefix="settle-bench-") as folder:
        (Path(folder) / "a.txt").write_text("words\n" * 30)
        with DesktopEnv(virtual=VirtualDisplay(), timeouts=timeouts) as env:
            env.observe()
            env.start(scene.command(Path(folder)))
            assert env.address is not None
            time.sleep(FILM_S)
            capture = Capture(env.address, 1)
            try:
                for name, action in scene.steps:
                    yield measured(env, capture, f"{scene.name}: {name}", action)
            finally:
                capture.close()


def measured(env: DesktopEnv, capture: Capture, name: str, action: Action) -> Outcome:
    """Do one step and film what comes of it."""
    with filming(capture) as film:
        start = time.monotonic()
        done = env.execute(action)
        seen = time.monotonic() - start
    acted = seen - done.settle_s
    return Outcome(name, done.settle_s, done.settled_by, film.early(seen), tuple(film.early(acted + s) for s in SLEEPS))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", default="", help="scenes whose name begins so")
    given = parser.parse_args()
    require(["Xvfb", "openbox", "mousepad", "xterm", "galculator", "pcmanfm", "soffice", "chromium"])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    scenes = [*SCENES, pages(f"http://127.0.0.1:{server.server_port}/")]
    found: dict[str, list[Outcome]] = {rule: [] for rule in RULES}
    for _ in range(given.rounds):
        for scene in scenes:
            for rule, timeouts in RULES.items():
                if scene.name.startswith(given.only):
                    for outcome in played(scene, timeouts):
                        found[rule].append(outcome)
                        early = "EARLY" if outcome.early else ""
                        print(
                            f"{rule[:22]:22} {outcome.name:45} {outcome.waited_s:.2f} {outcome.by} {early}", flush=True
                        )
    report(found)


def report(found: dict[str, list[Outcome]]) -> None:
    """Print the table of rules and sleeps."""
    print("\n| wait | early looks | mean, s | median, s |\n|---|---|---|---|")
    for rule, outcomes in found.items():
        waits = [outcome.waited_s for outcome in outcomes]
        early = sum(outcome.early for outcome in outcomes)
        print(
            f"| {rule} | {early} of {len(outcomes)} | {statistics.mean(waits):.2f} | {statistics.median(waits):.2f} |"
        )
    every = [outcome for outcomes in found.values() for outcome in outcomes]
    for place, seconds in enumerate(SLEEPS):
        early = sum(outcome.sleeps_early[place] for outcome in every)
        print(f"| sleep of {seconds:g} s | {early} of {len(every)} | {seconds:.2f} | {seconds:.2f} |")
    still = [
        outcome.waited_s for rule in list(found)[:1] for outcome in found[rule] if outcome.name.endswith("nothing")
    ]
    if still:
        print(f"\nwhere nothing happens: {statistics.mean(still):.2f} s")


if __name__ == "__main__":
    main()
