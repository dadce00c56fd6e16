"""Work many virtual desktops at once, and see that none has anything of another: colour, window, text, clipboard.

    .venv/bin/python tests/acceptance/desktops_soak.py [--desktops 8] [--minutes 10]

Each desktop is worked by a process of its own and shows one window in a colour of its own. Round after round it is
looked at, clicked on, and typed into, by keys and by pasting, while its clipboard holds a word of its own. Every look,
click, text and word that is not what this desktop must have is a fault. Ends with a line a desktop: steps, steps a
second, faults, memory (the share of what is shared, PSS, of its whole tree of processes), and processors in use.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from screenwright import Click, DesktopEnv, Hotkey, ScreenPoint, Size, Type, VirtualDisplay
from screenwright.envs.settle import SettleTimeouts

SIZE = Size(640, 480)
STAGE = Path(__file__).parents[1] / "helpers" / "programs" / "stage.py"
SYSTEM_PYTHON = "/usr/bin/python3"  # the one that Debian's python3-tk belongs to
BUTTON, FIELD, PAD = ScreenPoint(120, 65), ScreenPoint(200, 135), (240, 300)
COLOURS = ("red", "blue", "lime", "yellow", "magenta", "cyan", "orange", "purple", "brown", "navy", "teal", "pink")
SAMPLE_S = 5.0
SEEN_WITHIN_S = 10.0


# -- one desktop


@dataclass
class Desktop:
    """One desktop while it is worked; `faults` says what was not as it must be."""

    number: int
    folder: Path
    steps: int = 0
    faults: list[str] = field(default_factory=list)

    def work(self, seconds: float) -> None:
        """Round after round, until the time is over."""
        told = self.folder / f"told{self.number}.json"
        name, colour = f"desktop {self.number}", COLOURS[self.number % len(COLOURS)]
        program = (SYSTEM_PYTHON, str(STAGE), str(told), name, colour)
        with DesktopEnv(virtual=VirtualDisplay(SIZE, (program,)), timeouts=SettleTimeouts(0.1, 0.1, 1.0)) as env:
            wanted = env.observe().screenshot.image.getpixel(PAD)
            print(json.dumps({"begun": self.number, "colour": wanted}), flush=True)
            end = time.monotonic() + seconds
            rounds = 0
            while time.monotonic() < end:
                rounds += 1
                self._round(env, told, name, wanted, rounds)

    def _round(self, env: DesktopEnv, told: Path, name: str, colour: object, number: int) -> None:
        word = f"{name} keeps {number}"
        self._clipboard(env, "-in", word)
        for action in (Click(BUTTON), Click(FIELD), Hotkey(("ctrl", "a"))):
            env.execute(action)
        text = f"{name}, {number}" + (" - naïve, Привет, 你好" if number % 2 else "")
        method = env.execute(Type(text)).method
        look = env.observe()
        self.steps += 5
        self._check("window", look.location, name)
        self._check("colour", look.screenshot.image.getpixel(PAD), colour)
        self._await("presses", told, number)
        self._await("text", told, text)
        if method == "paste":
            self._check("clipboard", self._clipboard(env, "-out"), word)

    def _await(self, what: str, told: Path, wanted: object) -> None:
        """See that the program tells this, before long."""
        end = time.monotonic() + SEEN_WITHIN_S
        found: object = None
        while time.monotonic() < end:
            with suppress(ValueError, OSError):
                found = json.loads(told.read_text(encoding="utf-8"))[what]
            if found == wanted:
                return
            time.sleep(0.02)
        self._check(what, found, wanted)

    def _check(self, what: str, found: object, wanted: object) -> None:
        if found != wanted:
            self.faults.append(f"{what}: {found!r:.80} instead of {wanted!r:.80}")

    def _clipboard(self, env: DesktopEnv, way: str, word: str = "") -> str:
        assert env.address is not None
        display = {"DISPLAY": str(env.address.name), "XAUTHORITY": str(env.address.authority)}
        command = ["xclip", "-selection", "clipboard", way]
        if way == "-in":
            subprocess.run(command, input=word.encode(), env=display, check=True, stdout=subprocess.DEVNULL, timeout=20)
            end = time.monotonic() + SEEN_WITHIN_S
            while self._clipboard(env, "-out") != word and time.monotonic() < end:
                time.sleep(0.01)  # xclip returns before the server has heard of it
            return word
        return subprocess.run(command, capture_output=True, env=display, check=False, timeout=20).stdout.decode()


# -- all of them


@dataclass
class Used:
    """What a tree of processes took, as far as it was seen: the most memory (bytes), and processor seconds."""

    memory: int = 0
    processor_s: float = 0.0
    tree: set[psutil.Process] = field(default_factory=set)

    def look(self, pid: int) -> None:
        """Look once more."""
        memory, processor_s = 0, 0.0
        with suppress(psutil.Error):
            for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
                self.tree.add(process)
                with suppress(psutil.Error):
                    memory += process.memory_full_info().pss
                    times = process.cpu_times()
                    processor_s += times.user + times.system
        self.memory, self.processor_s = max(self.memory, memory), max(self.processor_s, processor_s)


def soak(desktops: int, seconds: float) -> bool:
    """Work them, print a line for each; whether there was no fault, and nothing is left over."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--seconds", str(seconds), "--folder", folder, "--one"]
        workers = [
            subprocess.Popen([*command, str(number)], stdout=subprocess.PIPE, text=True) for number in range(desktops)
        ]
        begun = [_line(worker) for worker in workers]
        print(f"{desktops} desktops, {len({str(line['colour']) for line in begun})} colours", flush=True)
        used = [Used() for _ in workers]
        while any(worker.poll() is None for worker in workers):
            for worker, seen in zip(workers, used, strict=True):
                seen.look(worker.pid)
            time.sleep(min(SAMPLE_S, seconds / 4))
        ended = [_line(worker) for worker in workers]
        for worker in workers:
            worker.communicate()
    _gone, left = psutil.wait_procs([process for seen in used for process in seen.tree], timeout=5)
    print("desktop  steps  steps/s  faults  memory MB  processors")
    for line, seen in zip(ended, used, strict=True):
        rate = line["steps"] / line["seconds"]
        share = seen.processor_s / line["seconds"]
        print(
            f"{line['desktop']:7d} {line['steps']:6d} {rate:8.2f} {len(line['faults']):7d} {seen.memory / 1e6:10.0f}"
            f" {share:11.2f}"
        )
    total = sum(line["steps"] for line in ended)
    took = max(line["seconds"] for line in ended)
    memory = sum(seen.memory for seen in used) / len(used) / 1e6
    print(
        f"all: {total} steps in {took:.0f} s, {total / took:.1f} steps/s, {memory:.0f} MB a desktop, {len(left)} left"
    )
    for line in ended:
        for fault in line["faults"][:5]:
            print(f"desktop {line['desktop']}: {fault}")
    return not left and not any(line["faults"] for line in ended)


def _line(worker: subprocess.Popen[str]) -> dict:
    assert worker.stdout is not None
    line = worker.stdout.readline()
    if not line:
        raise SystemExit("a desktop ended without a word")
    return json.loads(line)


def main() -> int:
    """The exit code is 1 if there was a fault, or something is left over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--desktops", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, default=0.0, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one is None:
        return 0 if soak(given.desktops, 60 * given.minutes) else 1
    desktop, started = Desktop(given.one, given.folder), time.monotonic()
    desktop.work(given.seconds)
    took = time.monotonic() - started
    print(json.dumps({"desktop": given.one, "steps": desktop.steps, "seconds": took, "faults": desktop.faults}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
