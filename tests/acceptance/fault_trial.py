"""Injects 105 faults into runs and evaluations, and checks that nothing is lost, left over or done twice.

    .venv/bin/python tests/acceptance/fault_trial.py [--only page] [--seed 1] [--json]

A run presses six buttons, each of which orders something on a server of this trial. At a random moment its process,
one of its helpers, its browser or its display is killed, or its model, disk space or file descriptors run out. Then no
process and no held key may be left, and its log must be readable. If the run did not finish by itself, it is resumed
and must finish. In the end each button was pressed exactly once, and no temporary folder is left. Evaluations are
resumed in the same way: no recorded episode is repeated, and none is missing.
"""

import argparse
import ctypes
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM, Signals

import psutil

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))

from page_site import Site
from processes import alive, command_of

from screenwright import read_run
from screenwright.agent.core.messages import Message
from screenwright.agent.core.model import ModelLost
from screenwright.agent.models.http_server import serve
from screenwright.agent.models.scripted import ScriptedModel
from screenwright.envs.desktop.virtual.display import RunningDisplay, VirtualDisplay
from screenwright.envs.desktop.virtual.sandbox.settings import Sandbox
from screenwright.envs.desktop.watchdog.x11 import pressed_on
from screenwright.envs.desktop.x11.connection import connect

BUTTONS = 6
PAGE = "".join(
    f"<button style='position:fixed;top:0;height:100vh;left:{number * 100 / BUTTONS}vw;width:{100 / BUTTONS}vw'"
    f' onclick=\'this.textContent="ordered";fetch("/order/{number}")\'>order {number}</button>'
    for number in range(BUTTONS)
)
RUN_S, LEFT_S = 120.0, 15.0
ENDED = {0: "finished", 2: "bad input", 10: "env_lost", 11: "model_lost", 130: "cancelled"}
_PR_SET_CHILD_SUBREAPER = 36


@dataclass
class Trial:
    """One fault and what was found after it."""

    subject: str
    fault: str
    ended: str = ""
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Fault:
    """What is done to the processes of a run; `target` selects one of them by its command line."""

    name: str
    target: Callable[[list[str]], bool] | None = None
    signal: Signals = SIGKILL
    shell: str = ""

    def inject(self, process: "subprocess.Popen[str]") -> bool:
        """Kill the run or the first process that fits; false if there is none."""
        if self.shell:
            return True
        if self.target is None:
            process.send_signal(self.signal)
            return True
        for child in reversed(psutil.Process(process.pid).children(recursive=True)):  # children before their parents
            if self.target(command_of(child)):
                with suppress(psutil.NoSuchProcess):
                    child.send_signal(self.signal)
                    return True
        return False


def _has(*words: str) -> Callable[[list[str]], bool]:
    return lambda command: all(any(word in part for part in command) for word in words)


def _is_browser(command: list[str]) -> bool:
    joined = " ".join(command)
    return "chrom" in joined and "--type=" not in joined and "--user-data-dir" in joined


KILL, TERM, INTERRUPT = Fault("SIGKILL"), Fault("SIGTERM", signal=SIGTERM), Fault("SIGINT", signal=SIGINT)
BROWSER, RENDERER = Fault("browser killed", _is_browser), Fault("renderer killed", _has("--type=renderer"))
NODE, DISPLAY = Fault("driver killed", _has("run-driver")), Fault("display killed", _has("Xvfb"))
WATCHDOG, REAPER = Fault("watchdog killed", _has("watchdog")), Fault("reaper killed", _has("reaper.py"))
FILES = Fault("few file descriptors", shell="ulimit -n 64; exec")
DISK = Fault("disk full", shell="exec")
MODEL = Fault("model lost", shell="exec")
WORKER = Fault("worker killed", _has("multiprocessing.forkserver"))

PLAN: tuple[tuple[str, Fault, int], ...] = (
    ("page", KILL, 10), ("window", KILL, 6), ("desktop", KILL, 5),
    ("page", TERM, 4), ("desktop", TERM, 2), ("page", INTERRUPT, 4),
    ("page", BROWSER, 6), ("window", BROWSER, 2), ("page", RENDERER, 8), ("page", NODE, 5),
    ("window", DISPLAY, 5), ("desktop", WATCHDOG, 4), ("window", REAPER, 4),
    ("page", DISK, 4), ("page", FILES, 5), ("page", MODEL, 5),
    ("eval", KILL, 6), ("eval", WORKER, 6), ("eval", BROWSER, 4), ("eval", TERM, 3), ("page", Fault("two at once"), 5),
    ("eval", Fault("two at once"), 2),
)  # fmt: skip


class Shop:
    """The page with its buttons, and a model that presses the next one that was not pressed."""

    def __init__(self) -> None:
        self.site = Site()
        self.url = self.site.add("/", PAGE)
        for number in range(BUTTONS):
            self.site.add(f"/order/{number}", "")
        self.lost = False

    def orders(self) -> Counter[str]:
        """How often each button was pressed."""
        return Counter(request for request in self.site.requests if request.startswith("/order/"))

    def reply(self, messages: Sequence[Message]) -> str:
        """The reply of the model, in the form of UI-TARS 1.5."""
        if self.lost and len(self.orders()) > BUTTONS // 2:
            raise ModelLost("the model is lost")
        for number in range(BUTTONS):
            if f"/order/{number}" not in self.orders():
                x = round((number + 0.5) * 1288 / BUTTONS)
                return f"Thought: next\nAction: click(start_box='({x},500)')"
        return "Thought: done\nAction: finished(content='done')"


@contextmanager
def shop_and_model() -> Iterator[tuple[Shop, str]]:
    """The shop, and the address of its model."""
    shop = Shop()
    with shop.site, serve(ScriptedModel(shop.reply), name="ui-tars-1.5") as server:
        yield shop, server.url


@contextmanager
def real_display(url: str) -> Iterator[RunningDisplay]:
    """A display with a browser at `url`, which the run takes for the screen of a person."""
    display = RunningDisplay(VirtualDisplay(sandbox=Sandbox("off")))
    try:
        profile = tempfile.mkdtemp(dir=display.home.folder)
        switches = ["--no-sandbox", "--no-first-run", "--kiosk", f"--user-data-dir={profile}", f"--app={url}"]
        display.start(("chromium", *switches))
        yield display
    finally:
        display.stop()


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A file system of 100 kB in `folder`; only root can do that."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def run_trial(subject: str, fault: Fault, rng: random.Random) -> Trial:
    """Start a run or an evaluation, inject the fault, resume it if it did not finish, and check what is left."""
    trial = Trial(subject, fault.name)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        shop, model = stack.enter_context(shop_and_model())
        environment = os.environ | {"TMPDIR": str(folder / "tmp")}
        (folder / "tmp").mkdir()
        (folder / "out").mkdir()
        display = stack.enter_context(real_display(shop.url)) if subject == "desktop" else None
        environment |= display.environment if display else {}
        before = set(psutil.Process().children(recursive=True))
        command = _command(subject, shop.url, model, folder)
        shop.lost = fault is MODEL
        if fault is DISK:
            stack.enter_context(small_disk(folder / "out"))
        process = _start(command, environment, fault)
        if not fault.shell:
            _wait_for_progress(process, folder, rng.randrange(2, 18))
            time.sleep(rng.random() * 0.3)
        if fault.name == "two at once":
            second = _start(_resume(subject, folder), environment, fault)
            _, said = second.communicate(timeout=RUN_S)
            if second.returncode != 2 or "Traceback" in said:
                trial.problems.append(f"the second process ended with {second.returncode}: {said[-200:]}")
        elif not fault.inject(process) and process.poll() is None:
            trial.problems.append("no process to kill")
        _check_end(trial, process)
        shop.lost = False
        if fault is DISK:
            subprocess.run(["mount", "-o", "remount,size=100m", str(folder / "out")], check=True)
        recorded = _records(folder)
        _check_left(trial, before, display)
        _check_log(trial, subject, folder)
        if trial.ended != "finished":
            again = _resume(subject, folder) if (folder / "out/run").exists() else command
            process = _start(again, environment, KILL)
            _, said = process.communicate(timeout=RUN_S)
            if process.returncode:
                trial.problems.append(f"the resumed one ended with {process.returncode}: {said[-300:]}")
            _check_left(trial, before)
            _check_log(trial, subject, folder)
        if found := sorted(path.name for path in (folder / "tmp").iterdir()):
            trial.problems.append(f"temporary: {found}")
        if subject == "eval":
            records = _records(folder)
            if len(records) != EPISODES or any(records[path] != time for path, time in recorded.items()):
                trial.problems.append(f"episodes: {len(records)} recorded, {len(recorded)} before")
        elif shop.orders() != Counter(f"/order/{number}" for number in range(BUTTONS)):
            trial.problems.append(f"orders: {shop.orders()}")
    return trial


EPISODES = 7
REAL = ("--yes", "--rules", "trusted")
"""What a real screen needs, also to resume."""


def _records(folder: Path) -> dict[Path, int]:
    """When each recorded episode was written."""
    return {path: path.stat().st_mtime_ns for path in folder.glob("out/run/episodes/*/*/episode.json")}


def _command(subject: str, url: str, model: str, folder: Path) -> list[str]:
    screenwright = [sys.executable, "-m", "screenwright"]
    out = ["--out", str(folder / "out/run")]
    if subject == "eval":
        return [*screenwright, "eval", "gallery", "--agent", "oracle", "--task", "d*", "--workers", "2", *out]
    screen = {"page": ["--url", url], "window": ["--window", "--url", url], "desktop": ["--env", "desktop", *REAL]}
    settings = ["--model", model, "--dialect", "ui-tars-1.5", "--no-calibrate", "--restarts", "2"]
    if subject == "desktop":
        settings = settings[:-2]
    return [*screenwright, "run", "Order everything.", *screen[subject], *settings, *out]


def _resume(subject: str, folder: Path) -> list[str]:
    kind = "eval" if subject == "eval" else "run"
    return [
        sys.executable,
        "-m",
        "screenwright",
        kind,
        "--resume",
        str(folder / "out/run"),
        *(REAL if subject == "desktop" else ()),
    ]


def _start(command: list[str], environment: dict[str, str], fault: Fault) -> "subprocess.Popen[str]":
    if fault.shell:
        command = ["bash", "-c", f'{fault.shell} "$@"', "bash", *command]
    return subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _wait_for_progress(process: "subprocess.Popen[str]", folder: Path, events: int) -> None:
    """Wait until a run has logged so many events, or an evaluation a sixth as many episodes."""
    end = time.monotonic() + RUN_S
    log = folder / "out/run/events.jsonl"
    while process.poll() is None and time.monotonic() < end:
        if (log.exists() and log.read_bytes().count(b"\n") >= events) or len(_records(folder)) >= events / 6:
            return
        time.sleep(0.01)


def _check_end(trial: Trial, process: "subprocess.Popen[str]") -> None:
    try:
        _, said = process.communicate(timeout=RUN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        _, said = process.communicate()
        trial.problems.append("it did not end")
    trial.ended = ENDED.get(process.returncode, f"exit {process.returncode}")
    if process.returncode < 0 and trial.fault != KILL.name:
        trial.problems.append(f"ended by signal {-process.returncode}: {said[-2000:]}")
    if "Traceback" in said:
        trial.problems.append(f"traceback: {said[-400:]}")


def _check_left(trial: Trial, before: set[psutil.Process], display: RunningDisplay | None = None) -> None:
    end = time.monotonic() + LEFT_S
    while left := alive([child for child in psutil.Process().children(recursive=True) if not _is_ours(child, before)]):
        if time.monotonic() > end:
            trial.problems.append(f"processes: {left}")
            break
        time.sleep(0.1)
    if display is not None:
        connection = connect(display.address)
        if any(held := pressed_on(connection)):
            trial.problems.append(f"held: {held}")
        connection.close()


def _is_ours(process: psutil.Process, before: set[psutil.Process]) -> bool:
    """Whether this trial started it, and not the run: it or an ancestor of it was there before."""
    try:
        return any(one in before for one in (process, *process.parents()))
    except psutil.NoSuchProcess:
        return True


def _check_log(trial: Trial, subject: str, folder: Path) -> None:
    if subject == "eval" or not (folder / "out/run/events.jsonl").exists():
        return
    try:
        read_run(folder / "out/run")
    except ValueError as error:
        trial.problems.append(f"log: {error}")


def main() -> int:
    """Run the trials; exits with 1 if one has a problem."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", metavar="TEXT", help="only subjects and faults that contain TEXT")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="a line of JSON for each trial")
    args = parser.parse_args()
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # what a killed run leaves becomes our child
    rng = random.Random(args.seed)
    trials = []
    for subject, fault, count in PLAN:
        if args.only and args.only not in f"{subject} {fault.name}":
            continue
        for _ in range(count):
            trial = run_trial(subject, fault, rng)
            trials.append(trial)
            print(
                json.dumps(asdict(trial))
                if args.json
                else f"{trial.subject:8} {trial.fault:22} {trial.ended:12} {trial.problems or 'ok'}",
                flush=True,
            )
    bad = sum(bool(trial.problems) for trial in trials)
    print(f"{len(trials)} faults, {bad} with a problem")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
