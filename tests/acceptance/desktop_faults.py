"""Desktop input, settling and window sizes that were once wrong, each several times.

    PYTHONPATH=tests/helpers .venv/bin/python tests/acceptance/desktop_faults.py [--times 10] [--only scroll,layouts]

Prints how often each was right; the exit code is 1 if one was wrong. `clipboard` needs parcellite, `submenus` the
packages that `reader_toolkits.py` installs.
"""

import argparse
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from paths import STAGE
from reader_toolkits import TOOLKITS, install
from reader_toolkits import run as run_reader
from text_screens import set_layout
from vnc_machine import resize, vnc_machine

from screenwright import Agent
from screenwright.envs.actions import Click, Direction, Hotkey, Move, Scroll, Type
from screenwright.envs.desktop import DesktopEnv, InterruptSettings, Sandbox, VirtualDisplay
from screenwright.envs.env import ActionRefused
from screenwright.envs.geometry import ScreenPoint, Size
from screenwright.envs.settle import BLINK_PX, RawFrame, changed

PYTHON = "/usr/bin/python3"
FIELD = ScreenPoint(200, 135)
LATER_S = 2.0


def display(*programs: tuple[str, ...], size: Size = Size(1280, 720)) -> DesktopEnv:
    """A virtual display without a sandbox."""
    return DesktopEnv(virtual=VirtualDisplay(size, programs, sandbox=Sandbox("off")))


def variables(env: DesktopEnv) -> dict[str, str]:
    """The environment of other programs on a display."""
    assert env.address is not None
    return {"DISPLAY": str(env.address.name), "XAUTHORITY": str(env.address.authority)}


def scroll(times: int, _: Path) -> Iterator[bool]:
    """Scrolling over the bare desktop changes nothing there."""
    with display(("mousepad",)) as env:
        before = RawFrame.of(env.observe().screenshot.image)
        for _number in range(times):
            env.execute(Move(ScreenPoint(1270, 710)))
            env.execute(Scroll(Direction.DOWN, 5))
            seen = env.observe()
            change = changed(before, RawFrame.of(seen.screenshot.image))
            yield bool(env.windows()) and not seen.facts and (change is None or change.pixels <= BLINK_PX)


def layouts(times: int, folder: Path) -> Iterator[bool]:
    """Text is right while the third and fourth layout are current."""
    state = folder / "layouts.json"
    with display((PYTHON, str(STAGE), str(state)), size=Size(640, 480)) as env:
        env.observe()
        for number in range(times):
            set_layout(variables(env), "us+ru+gr" if number % 2 else "us+fr+ru+gr")
            yield typed(env, state, "Hello, World; çа?") == "Hello, World; çа?"


def typed(env: DesktopEnv, state: Path, text: str) -> str:
    """What arrives in the empty field of the tests' program when `text` is typed."""
    env.execute(Click(FIELD))
    env.execute(Hotkey(("ctrl", "a")))
    env.execute(Hotkey(("backspace",)))
    env.execute(Type(text))
    time.sleep(0.3)
    return str(json.loads(state.read_text(encoding="utf-8"))["text"])


def clipboard(times: int, folder: Path) -> Iterator[bool]:
    """A clipboard manager does not count as the program that pastes."""
    state, file = folder / "clipboard.json", folder / "clipboard.txt"
    with display((PYTHON, str(STAGE), str(state)), size=Size(640, 480)) as env:
        env.observe()
        with watcher(env):
            for number in range(times // 2):
                yield typed(env, state, f"漢字{number}é") == f"漢字{number}é"
    file.write_text("")
    with display(("mousepad", "--disable-server", str(file))) as env:
        env.observe()
        with watcher(env):
            for number in range(times - times // 2):
                env.execute(Hotkey(("ctrl", "a")))
                env.execute(Type(f"漢字{number}é"))
                env.execute(Hotkey(("ctrl", "s")))
                yield file.read_text(encoding="utf-8").strip() == f"漢字{number}é"


def watcher(env: DesktopEnv) -> "subprocess.Popen[bytes]":
    """parcellite on a display, until the block ends."""

    class Ended(subprocess.Popen[bytes]):
        def __exit__(self, *raised: object) -> None:
            self.kill()
            super().__exit__(None, None, None)

    started = Ended(["parcellite"], env=os.environ | variables(env), stderr=subprocess.DEVNULL)
    time.sleep(2)
    return started


def submenus(times: int, folder: Path) -> Iterator[bool]:
    """A submenu opens when it is clicked, and its entry can be chosen."""
    for kit in ("wx", "gtk4"):
        install(kit)
        state = folder / f"{kit}.json"
        with display((*TOOLKITS[kit][1], str(state))) as env:
            points: list[ScreenPoint] = []
            for label in ("File", "Export", "As PDF"):
                found = Agent("reader").ground(env.observe().screenshot, label)
                if found is None:
                    yield False
                    return
                points.append(found)
                env.execute(Click(found))
            for _ in range(times):
                state.unlink(missing_ok=True)
                for point in points:
                    env.execute(Click(point))
                yield state.exists() and json.loads(state.read_text(encoding="utf-8"))["menu"] == "As PDF"


def busy(times: int, _: Path) -> Iterator[bool]:
    """The result of work in the main thread, a worker thread, a child and a detached child is waited for."""
    with display((PYTHON, str(STAGE.with_name("slow.py")))) as env:
        env.observe()
        for _number in range(times):
            for key in "mtcd":
                env.execute(Hotkey((key,)))
                seen = RawFrame.of(env.observe().screenshot.image)
                time.sleep(LATER_S)
                change = changed(seen, RawFrame.of(env.observe().screenshot.image))
                yield change is None or change.pixels <= BLINK_PX


def resized(times: int, _: Path) -> Iterator[bool]:
    """A screen that changes its size is captured completely, and the change is a fact."""
    with vnc_machine(size="1280x720") as machine:
        before = {name: os.environ.pop(name, None) for name in ("DISPLAY", "XAUTHORITY")}
        os.environ["DISPLAY"] = machine.environment["DISPLAY"]
        try:
            with DesktopEnv(interrupts=InterruptSettings("off", 0)) as env:
                env.observe()
                for _number in range(times):
                    for width, height in ((800, 600), (1920, 1080), (1280, 720)):
                        resize(machine, width, height)
                        yield follows(env, Size(width, height))
        finally:
            os.environ.pop("DISPLAY")
            os.environ |= {name: value for name, value in before.items() if value is not None}


def follows(env: DesktopEnv, size: Size) -> bool:
    """Whether a click on the old screen is refused, and the new one is observed."""
    try:
        env.execute(Click(ScreenPoint(5, 5)))
    except ActionRefused:
        seen = env.observe()
        env.execute(Click(ScreenPoint(size.width - 5, size.height - 5)))
        return seen.screenshot.size == size and len(seen.facts) == 1
    return False


def absent(times: int, _: Path) -> Iterator[bool]:
    """The reader asks the user about a label that is not on the screen, and presses nothing."""
    for kit in ("tk", "gtk3", "qt6"):
        install(kit)
        for _number in range(times):
            yield run_reader(kit, 'Click "Coupon".', {}, "", None).verdict == "right"


FAULTS: dict[str, Callable[[int, Path], Iterator[bool]]] = {
    "scroll": scroll, "layouts": layouts, "clipboard": clipboard, "submenus": submenus, "busy": busy,
    "resized": resized, "absent": absent,
}  # fmt: skip


def main() -> int:
    """Print the figures; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--only", default=",".join(FAULTS), help="names, joined by commas")
    given = parser.parse_args()
    wrong = 0
    for name in given.only.split(","):
        if name == "clipboard" and shutil.which("parcellite") is None:
            print(f"{name}: not run, needs parcellite")
            continue
        with tempfile.TemporaryDirectory(prefix="desktop-faults-") as folder:
            found = list(FAULTS[name](given.times, Path(folder)))
        wrong += found.count(False)
        where = [number for number, right in enumerate(found) if not right]
        print(f"{name}: {found.count(True)} of {len(found)} right{f', wrong: {where}' if where else ''}", flush=True)
    return int(wrong > 0)


if __name__ == "__main__":
    raise SystemExit(main())
