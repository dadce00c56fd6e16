"""Operates many virtual desktops in parallel and checks that they are isolated: colour, window, text, clipboard.

    .venv/bin/python tests/acceptance/desktops_soak.py [--desktops 8] [--minutes 10]

Each desktop has its own process and shows one window in its own colour. In each round it is observed, clicked and typed
into, by keys and by pasting, while its clipboard contains its own text. Every screenshot, click, text or clipboard that
belongs to another desktop is a fault. Prints a line per desktop: steps, steps per second, faults, memory (PSS of its
process tree) and CPU use.
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
from screenwright.envs.desktop import GrantedFolder, Sandbox
from screenwright.envs.settle import SettleTimeouts

SIZE = Size(640, 480)
STAGE = Path(__file__).parents[1] / "helpers" / "programs" / "stage.py"
SYSTEM_PYTHON = "/usr/bin/python3"  # Debian's python3-tk needs it
BUTTON, FIELD, PAD = ScreenPoint(120, 65), ScreenPoint(200, 135), (240, 300)
COLOURS = ("red", "blue", "lime", "yellow", "magenta", "cyan", "orange", "purple", "brown", "navy", "teal", "pink")
SAMPLE_S = 5.0
TIMEOUT_S = 60.0


# One desktop


@dataclass
class Desktop:
    """One desktop and the faults found on it."""

    number: int
    folder: Path
    steps: int = 0
    faults: list[str] = field(default_factory=list)

    def run(self, seconds: float) -> None:
        """Run rounds until the time is over."""
        state = self.folder / f"state{self.number}.json"
        name, colour = f"desktop {self.number}", COLOURS[self.number % len(COLOURS)]
        program = (SYSTEM_PYTHON, str(STAGE), str(state), name, colour)
        sandbox = Sandbox(folders=(GrantedFolder(STAGE.parent), GrantedFolder(self.folder, writable=True)))
        display = VirtualDisplay(SIZE, (program,), sandbox=sandbox)
        with DesktopEnv(virtual=display, timeouts=SettleTimeouts(0.1, 0.1, 1.0)) as env:
            expected = env.observe().screenshot.image.getpixel(PAD)
            print(json.dumps({"started": self.number, "colour": expected}), flush=True)
            end = time.monotonic() + seconds
            rounds = 0
            while time.monotonic() < end:
                rounds += 1
                self._round(env, state, name, expected, rounds)

    def _round(self, env: DesktopEnv, state: Path, name: str, colour: object, number: int) -> None:
        clip = f"{name} keeps {number}"
        self._clipboard(env, "-in", clip)
        for action in (Click(BUTTON), Click(FIELD), Hotkey(("ctrl", "a"))):
            env.execute(action)
        text = f"{name}, {number}" + (" - naïve, Привет, 你好" if number % 2 else "")
        method = env.execute(Type(text)).method
        observation = env.observe()
        self.steps += 5
        self._check("window", observation.location, name)
        self._check("colour", observation.screenshot.image.getpixel(PAD), colour)
        self._await("presses", state, number)
        self._await("text", state, text)
        if method == "paste":
            env.execute(Hotkey(("shift",)))  # the next key restores the clipboard
            self._check("clipboard", self._clipboard(env, "-out"), clip)

    def _await(self, what: str, state: Path, expected: object) -> None:
        """Wait until the program's state has this value."""
        end = time.monotonic() + TIMEOUT_S
        found: object = None
        while time.monotonic() < end:
            with suppress(ValueError, OSError):
                found = json.loads(state.read_text(encoding="utf-8"))[what]
            if found == expected:
                return
            time.sleep(0.02)
        self._check(what, found, expected)

    def _check(self, what: str, found: object, expected: object) -> None:
        if found != expected:
            self.faults.append(f"{what}: {found!r:.80} instead of {expected!r:.80}")

    def _clipboard(self, env: DesktopEnv, direction: str, text: str = "") -> str:
        assert env.address is not None
        display = {"DISPLAY": str(env.address.name), "XAUTHORITY": str(env.address.authority)}
        command = ["xclip", "-selection", "clipboard", direction]
        if direction == "-in":
            subprocess.run(command, input=text.encode(), env=display, check=True, stdout=subprocess.DEVNULL, timeout=60)
            end = time.monotonic() + TIMEOUT_S
            while self._clipboard(env, "-out") != text and time.monotonic() < end:
                time.sleep(0.01)  # xclip returns before it owns the selection
            return text
        return subprocess.run(command, capture_output=True, env=display, check=False, timeout=60).stdout.decode()


# All desktops


@dataclass
class Used:
    """The peak memory (bytes) and CPU seconds of a process tree, as sampled."""

    memory: int = 0
    processor_s: float = 0.0
    tree: set[psutil.Process] = field(default_factory=set)

    def sample(self, pid: int) -> None:
        """Take a sample."""
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
    """Run all desktops and print the results; True if there was no fault and no process is left."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--seconds", str(seconds), "--folder", folder, "--one"]
        workers = [
            subprocess.Popen([*command, str(number)], stdout=subprocess.PIPE, text=True) for number in range(desktops)
        ]
        started = [_line(worker) for worker in workers]
        print(f"{desktops} desktops, {len({str(line['colour']) for line in started})} colours", flush=True)
        used = [Used() for _ in workers]
        while any(worker.poll() is None for worker in workers):
            for worker, seen in zip(workers, used, strict=True):
                seen.sample(worker.pid)
            time.sleep(min(SAMPLE_S, seconds / 4))
        ended = [_line(worker) for worker in workers]
        for worker in workers:
            worker.communicate()
    _gone, left = psutil.wait_procs([process for seen in used for process in seen.tree], timeout=60)
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
        f"all: {total} steps in {took:.0f} s, {total / took:.1f} steps/s, {memory:.0f} MB per desktop, {len(left)} left"
    )
    for line in ended:
        for fault in line["faults"][:5]:
            print(f"desktop {line['desktop']}: {fault}")
    return not left and not any(line["faults"] for line in ended)


def _line(worker: subprocess.Popen[str]) -> dict:
    assert worker.stdout is not None
    line = worker.stdout.readline()
    if not line:
        raise SystemExit("a desktop process ended without output")
    return json.loads(line)


def main() -> int:
    """Run; the exit code is 1 if there was a fault or a process is left."""
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
    desktop.run(given.seconds)
    took = time.monotonic() - started
    print(json.dumps({"desktop": given.one, "steps": desktop.steps, "seconds": took, "faults": desktop.faults}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
