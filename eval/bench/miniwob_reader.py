"""How much of MiniWoB++ the embedded reader does: success a task with Wilson intervals, steps, CPU seconds a step.

    python eval/bench/miniwob_reader.py [--tasks NAME ...] [--seeds N] [--first-seed N] [--browsergym] [--json FILE]

By default the 25 tasks whose instructions can be followed to the letter. What fails is listed with how it ended.
"""

import argparse
import json
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from screenwright import Agent, Limits
from screenwright.agent.core.limits import StopReason
from screenwright.agent.core.model import Usage
from screenwright.agent.loop.agent import Result
from screenwright.agent.record.events import Decided, Ended, Observed, Stepped
from screenwright.eval.benchmarks.miniwob import (
    MiniwobInstance,
    MiniwobTask,
    close_browsers,
    miniwob,
    miniwob_browsergym,
)
from screenwright.eval.core.task import TaskError

LITERAL = (
    *("click-test", "click-test-2", "click-test-transfer", "click-button", "click-button-sequence", "click-link"),
    *("click-dialog", "click-dialog-2", "click-tab", "click-tab-2", "focus-text", "focus-text-2", "enter-text"),
    *("enter-text-2", "enter-text-dynamic", "enter-password", "login-user", "login-user-popup", "click-checkboxes"),
    *("click-checkboxes-transfer", "click-checkboxes-large", "click-option", "choose-list", "navigate-tree"),
    "click-collapsible",
)


@dataclass(frozen=True, slots=True)
class Played:
    """An episode: its raw reward, why it ended, what was thought last, and what it took."""

    task: str
    seed: int
    instruction: str
    reward: float
    ended: str
    thought: str
    steps: int
    cpu_s: float
    set_up_s: float


def play(task: MiniwobTask, seed: int, steps: int, pictures: Path | None) -> Played:
    """Run one episode to its end."""
    started = time.perf_counter()
    with task.set_up(seed) as instance:
        set_up_s = time.perf_counter() - started
        began = time.process_time()
        ended, thought, taken = _work(instance, steps, pictures and pictures / f"{task.name}-{seed}.png")
        cpu_s = time.process_time() - began
        outcome = instance.judge(Result(StopReason.FINISHED, "", "", taken, Usage(), 0.0))
        reward = outcome.score or 0.0
    return Played(task.name, seed, instance.instruction, reward, ended, thought, taken, cpu_s, set_up_s)


def _work(instance: MiniwobInstance, steps: int, picture: Path | None) -> tuple[str, str, int]:
    """Let the reader work until the page is done or it is; returns how it ended, its last thought, its steps."""
    ended, thought, taken = "", "", 0
    events = Agent("reader", limits=Limits(steps=steps)).stream(instance.instruction, instance.env)
    for event in events:
        match event:
            case Observed() if picture is not None:
                event.observation.screenshot.image.save(picture)
            case Decided():
                thought = event.thought or ""
            case Stepped():
                taken = event.step
                if instance.is_over():
                    ended = "the page ended it"
                    break
            case Ended():
                ended = f"{event.stop}: {event.answer or event.reason}"
            case _:
                pass
    return ended, thought, taken


def wilson(successes: int, of: int) -> tuple[float, float]:
    """The 95% interval of a share (Wilson 1927)."""
    z = 1.959964
    share, spread = successes / of, z * z / of
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / of + spread / (4 * of))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def line(name: str, played: Sequence[Played]) -> str:
    """A line of the table."""
    done = sum(each.reward > 0 for each in played)
    low, high = wilson(done, len(played))
    steps = sum(each.steps for each in played)
    cpu = sum(each.cpu_s for each in played) / max(steps, 1)
    whole = sum(each.reward == 1 for each in played)
    return (
        f"{name:28} {done:4}/{len(played):<4} {done / len(played):5.2f}  [{low:.2f}, {high:.2f}]  whole {whole:3}  "
        f"steps {steps / len(played):4.1f}  CPU {cpu:4.2f} s a step"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tasks", nargs="+", default=list(LITERAL), metavar="NAME")
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="episodes a task")
    parser.add_argument("--first-seed", type=int, default=1000, metavar="N")
    parser.add_argument("--browsergym", action="store_true", help="by BrowserGym's protocol, its seeds from 0")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every episode there")
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="keep the last screenshot of each episode")
    parser.add_argument("--root", type=Path, metavar="HTML", help="the folder html of a copy of MiniWoB++")
    given = parser.parse_args(arguments)
    benchmark = miniwob_browsergym(given.root) if given.browsergym else miniwob(given.root)
    if given.pictures is not None:
        given.pictures.mkdir(parents=True, exist_ok=True)
    try:
        played = _play_all(given, {task.name: task for task in benchmark.tasks()}, benchmark.rules.steps)
        print(f"\n{line('all', played)}\n{benchmark.name}: {benchmark.version}")
    except TaskError as error:
        print(f"miniwob_reader: {error}", file=sys.stderr)
        return 2
    finally:
        close_browsers()
    for each in played:
        if each.reward <= 0:
            print(f"{each.task} {each.seed}: {each.reward:g}, {each.ended}; {each.instruction!r}; {each.thought!r}")
    return 0


def _play_all(given: argparse.Namespace, tasks: dict[str, MiniwobTask], steps: int) -> list[Played]:
    played: list[Played] = []
    for name in given.tasks:
        if name not in tasks:
            raise TaskError(f"there is no task {name!r}")
        seeds = range(given.seeds) if given.browsergym else range(given.first_seed, given.first_seed + given.seeds)
        of_task = [play(tasks[name], seed, steps, given.pictures) for seed in seeds]
        print(line(name, of_task), flush=True)
        played += of_task
        if given.json is not None:
            given.json.write_text(json.dumps([asdict(each) for each in played], indent=1) + "\n", encoding="utf-8")
    return played


if __name__ == "__main__":
    sys.exit(main())
