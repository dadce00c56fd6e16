"""Desktop settling after actions in real programs: was the observed screen the final one?

    PYTHONPATH=tests/helpers .venv/bin/python eval/bench/desktop_settle_bench.py [--rounds 2] [--only office]

After every action the screen is recorded for 3 s more. An observation was early if it differs from the last frame by
more than a caret. The rule of `envs/settle.py` is measured with and without the check whether the program is busy;
fixed sleeps are evaluated on the same recordings. Needs the programs of `desktop_programs.py`; names missing packages.
"""

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from desktop_programs import chromium, office, require
from paths import STAGE

from screenwright.envs.actions import Action, Click, Hotkey, Move, Type
from screenwright.envs.desktop import DesktopEnv, GrantedFolder, Sandbox, VirtualDisplay
from screenwright.envs.desktop.capture import Capture
from screenwright.envs.geometry import ScreenPoint
from screenwright.envs.settle import BLINK_PX, RawFrame, SettleTimeouts, changed
from screenwright.eval.core.local_server import HttpRequest, HttpResponse, LocalServer

SLEEPS = (0.3, 0.5, 1.0, 2.0, 3.0)
RULES = {"pixels and busy check": SettleTimeouts(), "pixels only": SettleTimeouts(busy_s=0.0)}
RECORD_S = 3.0
SYSTEM_PYTHON = "/usr/bin/python3"
SLOW = STAGE.with_name("slow.py")
_INTERVAL_S = 0.04
_CARETS_PX = 2 * BLINK_PX


@dataclass(frozen=True)
class ProgramScript:
    """A program and the actions performed in it; each one is measured."""

    name: str
    command: Callable[[Path], tuple[str, ...]]
    steps: tuple[tuple[str, Action], ...]
    film_px: int = 0
    """The height of the upper part of the screen in which a film plays, which is not compared."""


def keys(*names: str) -> Hotkey:
    """Keys pressed together."""
    return Hotkey(names)


NOWHERE = Move(ScreenPoint(1270, 710))
SCRIPTS = (
    ProgramScript("mousepad", lambda folder: ("mousepad", "--disable-server", str(folder / "a.txt")), (
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
    ProgramScript("xterm", lambda _: ("xterm", "-geometry", "140x45+0+0"), (
        ("click", Click(ScreenPoint(300, 300))),
        ("ls", Type("ls -la /usr/bin | head -40", submit=True)),
        ("find", Type("find /usr/share/doc -name c* | tail -20", submit=True)),
        ("words at once, then after 0.8 s", Type("echo one; sleep 0.8; echo two", submit=True)),
        ("python", Type("python3 -c 'print(sum(x*x for x in range(6000000)))'", submit=True)),
        ("nothing", NOWHERE),
    )),
    ProgramScript("galculator", lambda _: ("galculator",), (
        ("sum", Type("12+34", submit=True)),
        ("menu", keys("alt", "f")),
        ("close", keys("escape")),
        ("nothing", NOWHERE),
    )),
    ProgramScript("pcmanfm", lambda _: ("pcmanfm", "/usr/share"), (
        ("another folder", keys("alt", "up")),
        ("new window", keys("ctrl", "n")),
        ("properties", keys("alt", "enter")),
        ("close", keys("escape")),
        ("nothing", NOWHERE),
    )),
    ProgramScript("office calc", lambda _: office("--calc"), (
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
    ProgramScript("office writer", lambda _: office("--writer"), (
        ("type", Type("A line of words", submit=True)),
        ("character", Click(ScreenPoint(640, 400))),
        ("save", keys("ctrl", "s")),
        ("cancel", keys("escape")),
        ("replace", keys("ctrl", "h")),
        ("close", keys("escape")),
        ("print", keys("ctrl", "p")),
        ("cancel", keys("escape")),
    )),
    ProgramScript("working", lambda _: (SYSTEM_PYTHON, str(SLOW)), (
        ("main thread", Type("m")),
        ("worker thread", Type("t")),
        ("child", Type("c")),
        ("detached child", Type("d")),
        ("note after 0.3 s", Type("n")),
        ("nothing", NOWHERE),
    )),
    ProgramScript("film", lambda _: (SYSTEM_PYTHON, str(SLOW)), (
        ("start", Type("v")),
        *[("note after 0.3 s", Type("n"))] * 3,
        ("end", Type("v")),
    ), film_px=268),
)  # fmt: skip


def respond(request: HttpRequest) -> HttpResponse:
    """Answer `/SECONDS/NAME` after that many seconds with a page; `inner` shows its text 0.7 s later."""
    seconds, _, name = request.target.removeprefix("/").partition("/")
    time.sleep(float(seconds) if seconds.replace(".", "").isdigit() else 0)
    text = "<h1>Here</h1>" + "<p>Some words of a page.</p>" * 12
    later = f"<div id=d>Loading</div><script>setTimeout(() => {{ d.innerHTML = '{text}'; }}, 700)</script>"
    return HttpResponse(f"<!doctype html><title>{name}</title>{later if name == 'inner' else text}".encode())


def pages(address: str) -> ProgramScript:
    """Pages opened through the address bar of a Chromium window."""

    def load(path: str) -> tuple[tuple[str, Action], ...]:
        return (("address bar", keys("ctrl", "l")), (f"load {path}", Type(f"{address}{path}", submit=True)))

    return ProgramScript(
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
class Recording:
    """The frames of a screen, each change with its time in seconds from the start."""

    frames: list[tuple[float, RawFrame]] = field(default_factory=list)

    def at(self, seconds: float) -> RawFrame:
        """The frame at that time."""
        return next((frame for when, frame in reversed(self.frames) if when <= seconds), self.frames[0][1])

    def early(self, seconds: float) -> bool:
        """Whether the frame at that time differs from the last one."""
        change = changed(self.at(seconds), self.frames[-1][1])
        return change is not None and change.pixels > _CARETS_PX


@contextmanager
def recording(capture: Capture, film_px: int) -> Iterator[Recording]:
    """Record until the block ends and for `RECORD_S` more, on a thread; without the film in the upper part."""
    record, over = Recording(), threading.Event()
    start = time.monotonic()

    def loop() -> None:
        end = float("inf")
        while time.monotonic() < end:
            if over.is_set() and end == float("inf"):
                end = time.monotonic() + RECORD_S
            whole = capture.frame()
            frame = RawFrame(whole.width, whole.height - film_px, whole.pixels[4 * whole.width * film_px :])
            if not record.frames or frame.pixels != record.frames[-1][1].pixels:
                record.frames.append((time.monotonic() - start, frame))
            time.sleep(_INTERVAL_S)

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield record
    finally:
        over.set()
        thread.join()


@dataclass(frozen=True)
class DesktopSettleResult:
    """One step: the wait, whether the observation was early, and the same for the fixed sleeps on its recording."""

    name: str
    waited_s: float
    by: str
    early: bool
    sleeps_early: tuple[bool, ...]


def run(script: ProgramScript, timeouts: SettleTimeouts) -> Iterator[DesktopSettleResult]:
    """Perform the actions of a script on a virtual display of its own."""
    with tempfile.TemporaryDirectory(prefix="settle-bench-") as folder:
        (Path(folder) / "a.txt").write_text("text\n" * 30)
        sandbox = Sandbox(folders=(GrantedFolder(Path(folder), writable=True),))
        with DesktopEnv(virtual=VirtualDisplay(sandbox=sandbox), timeouts=timeouts) as env:
            env.observe()
            env.start(script.command(Path(folder)))
            assert env.address is not None
            time.sleep(RECORD_S)
            capture = Capture(env.address, 1)
            try:
                for name, action in script.steps:
                    yield measured(env, capture, f"{script.name}: {name}", action, script.film_px)
            finally:
                capture.close()


def measured(env: DesktopEnv, capture: Capture, name: str, action: Action, film_px: int) -> DesktopSettleResult:
    """Perform one action and record the screen."""
    with recording(capture, film_px) as record:
        start = time.monotonic()
        done = env.execute(action)
        seen = time.monotonic() - start
    acted = seen - done.settle_s
    return DesktopSettleResult(
        name, done.settle_s, done.settled_by, record.early(seen), tuple(record.early(acted + s) for s in SLEEPS)
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", default="", help="only scripts whose name starts with this")
    given = parser.parse_args()
    programs = ("mousepad", "xterm", "galculator", "pcmanfm", "soffice", "chromium")
    require(["Xvfb", "openbox", *(program for program in programs if not given.only or program == given.only)])
    server = LocalServer(respond)
    scripts = [*SCRIPTS, pages(f"{server.url}/")]
    found: dict[str, list[DesktopSettleResult]] = {rule: [] for rule in RULES}
    for _ in range(given.rounds):
        for script in scripts:
            for rule, timeouts in RULES.items():
                if script.name.startswith(given.only):
                    for outcome in run(script, timeouts):
                        found[rule].append(outcome)
                        early = "EARLY" if outcome.early else ""
                        print(
                            f"{rule[:22]:22} {outcome.name:45} {outcome.waited_s:.2f} {outcome.by} {early}", flush=True
                        )
    report(found)


def report(found: dict[str, list[DesktopSettleResult]]) -> None:
    """Print the table of rules and sleeps."""
    print("\n| wait | early observations | mean, s | median, s |\n|---|---|---|---|")
    for rule, outcomes in found.items():
        waits = [outcome.waited_s for outcome in outcomes]
        early = sum(outcome.early for outcome in outcomes)
        print(
            f"| {rule} | {early} of {len(outcomes)} | {statistics.mean(waits):.2f} | {statistics.median(waits):.2f} |"
        )
    every = [outcome for outcomes in found.values() for outcome in outcomes]
    for index, seconds in enumerate(SLEEPS):
        early = sum(outcome.sleeps_early[index] for outcome in every)
        print(f"| sleep of {seconds:g} s | {early} of {len(every)} | {seconds:.2f} | {seconds:.2f} |")
    still = [
        outcome.waited_s for rule in list(found)[:1] for outcome in found[rule] if outcome.name.endswith("nothing")
    ]
    if still:
        print(f"\nwhere nothing happens: {statistics.mean(still):.2f} s")


if __name__ == "__main__":
    main()
