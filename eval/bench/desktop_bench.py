"""The cost of screenshots, clicks and typing on an X display, compared with pyautogui with its defaults and scrot.

    PYTHONPATH=tests/helpers .venv/bin/python eval/bench/desktop_bench.py [--times 15] [--size 1280x720]

Ours exclude settling, which the others do not have. 200 characters are typed into a text editor and checked in the file
that it saves. Needs mousepad and scrot; names missing packages.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from desktop_programs import require

from screenwright.envs.actions import Click, Hotkey, Type
from screenwright.envs.desktop import DesktopEnv, GrantedFolder, Sandbox, VirtualDisplay
from screenwright.envs.geometry import ScreenPoint, Size

TEXT = ("The quick brown fox jumps over the lazy dog; 0123456789 times. " * 4)[:200]

_PEER = """
import json, sys, time, pyautogui
times, text, size = int(sys.argv[1]), sys.argv[2], pyautogui.size()
def timed(work):
    start = time.perf_counter(); work(); return time.perf_counter() - start
def clicks():
    return timed(lambda: pyautogui.click(size.width // 2, size.height // 2))
found = {
    "screenshot": [timed(lambda: pyautogui.screenshot()) for _ in range(times)],
    "click": [clicks() for _ in range(times)],
    "key": [timed(lambda: pyautogui.press("shift")) for _ in range(times)],
    "200 characters": [timed(lambda: pyautogui.write(text)) for _ in range(3)],
}
print(json.dumps(found))
"""


def timed(work: Callable[[], object]) -> float:
    """The seconds of `work`."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def ours(env: DesktopEnv, times: int, middle: ScreenPoint) -> dict[str, list[float]]:
    """Our screenshots, and the input part of our actions."""
    nearby = [
        ScreenPoint(middle.x + 40 * (turn % 5), middle.y) for turn in range(times)
    ]  # clicks at one point would wait out the double-click time
    return {
        "screenshot": [timed(env.observe) for _ in range(times)],
        "click": [env.execute(Click(at)).act_s for at in nearby],
        "key": [env.execute(Hotkey(("shift",))).act_s for _ in range(times)],
        "200 characters": [env.execute(Type(TEXT)).act_s for _ in range(3)],
        "200 characters in Chinese": [env.execute(Type("你好天地" * 50)).act_s for _ in range(3)],
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--times", type=int, default=15)
    parser.add_argument("--size", default="1280x720")
    given = parser.parse_args()
    require(["Xvfb", "openbox", "mousepad", "scrot"])
    width, height = (int(part) for part in given.size.split("x"))
    with tempfile.TemporaryDirectory(prefix="desktop-bench-") as folder:
        file = Path(folder) / "a.txt"
        file.write_text("")
        display = VirtualDisplay(
            Size(width, height),
            (("mousepad", "--disable-server", str(file)),),
            sandbox=Sandbox(folders=(GrantedFolder(Path(folder), writable=True),)),
        )
        with DesktopEnv(virtual=display) as env:
            env.observe()
            middle = ScreenPoint(width / 2, height / 2)
            env.execute(Click(middle))
            mine = ours(env, given.times, middle)
            right = copies(env, file)
            peers = of_peers(env, given.times, folder)
            theirs = copies(env, file)
    print(
        f"{given.size}, medians of {given.times} (3 for typing)\n\n| | ours, ms | pyautogui, ms | ratio | scrot, ms |"
    )
    print("|---|---|---|---|---|")
    for name, seconds in mine.items():
        own, other, third = _ms(seconds), _ms(peers.get(name, [])), _ms(peers["scrot"]) if name == "screenshot" else ""
        ratio = f"{float(own) / float(other):.2f}" if other else ""
        print(f"| {name} | {own} | {other} | {ratio} | {third} |")
    print(f"\ncorrect copies of the 200 characters in the file: ours {right} of 3, pyautogui {theirs} of 3")


def copies(env: DesktopEnv, file: Path) -> int:
    """The number of correct copies in the document, which is emptied."""
    env.execute(Hotkey(("ctrl", "s")))
    found = file.read_text(encoding="utf-8").count(TEXT)
    env.execute(Hotkey(("ctrl", "a")))
    env.execute(Hotkey(("delete",)))
    return found


def of_peers(env: DesktopEnv, times: int, folder: str) -> dict[str, list[float]]:
    """Pyautogui and scrot, each in a process on the same display."""
    assert env.address is not None
    variables = os.environ | {"DISPLAY": str(env.address.name), "XAUTHORITY": str(env.address.authority)}
    variables["XDG_SESSION_TYPE"] = "x11"  # otherwise pyautogui does not use scrot
    command = [sys.executable, "-c", _PEER, str(times), TEXT]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=True, timeout=200)
    found: dict[str, list[float]] = json.loads(done.stdout)
    shot = ["scrot", "--overwrite", f"{folder}/shot.png"]
    found["scrot"] = [timed(lambda: subprocess.run(shot, env=variables, check=True)) for _ in range(times)]
    return found


def _ms(seconds: list[float]) -> str:
    return f"{statistics.median(seconds) * 1000:.1f}" if seconds else ""


if __name__ == "__main__":
    main()
