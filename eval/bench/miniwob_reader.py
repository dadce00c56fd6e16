"""MiniWoB++ with the embedded reader: success rate per task with Wilson intervals, steps, CPU seconds per step.

    .venv/bin/python eval/bench/miniwob_reader.py [--tasks NAME ...] [--seeds N] [--first-seed N] [--browsergym]

By default the 25 tasks with literal instructions. Failures are listed with their stop reason.
"""

import argparse
import json
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
from screenwright.eval.analysis.statistics import wilson
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
class ReaderEpisode:
    """An episode: its raw reward, stop reason, last thought, and cost."""

    task: str
    seed: int
    instruction: str
    reward: float
    ended: str
    thought: str
    steps: int
    cpu_s: float
    set_up_s: float


def play(task: MiniwobTask, seed: int, steps: int, screenshots: Path | None) -> ReaderEpisode:
    """Run one episode to its end."""
    started = time.perf_counter()
    with task.set_up(seed) as instance:
        set_up_s = time.perf_counter() - started
        start = time.process_time()
        ended, thought, taken = _run(instance, steps, screenshots and screenshots / f"{task.name}-{seed}.png")
        cpu_s = time.process_time() - start
        outcome = instance.judge(Result(StopReason.FINISHED, "", "", taken, Usage(), 0.0))
        reward = outcome.score or 0.0
    return ReaderEpisode(task.name, seed, instance.instruction, reward, ended, thought, taken, cpu_s, set_up_s)


def _run(instance: MiniwobInstance, steps: int, screenshot: Path | None) -> tuple[str, str, int]:
    """Run the reader until the page or the reader ends; returns the stop reason, the last thought and the steps."""
    ended, thought, taken = "", "", 0
    events = Agent("reader", limits=Limits(steps=steps)).stream(instance.instruction, instance.env)
    for event in events:
        match event:
            case Observed() if screenshot is not None:
                event.observation.screenshot.image.save(screenshot)
            case Decided():
                thought = event.thought or ""
            case Stepped():
                taken = event.step
                if instance.is_over():
                    ended = "ended by the page"
                    break
            case Ended():
                ended = f"{event.stop}: {event.answer or event.reason}"
            case _:
                pass
    return ended, thought, taken


def line(name: str, played: Sequence[ReaderEpisode]) -> str:
    """A row of the table."""
    done = sum(each.reward > 0 for each in played)
    rate = wilson(done, len(played))
    steps = sum(each.steps for each in played)
    cpu = sum(each.cpu_s for each in played) / max(steps, 1)
    whole = sum(each.reward == 1 for each in played)
    return (
        f"{name:28} {done:4}/{len(played):<4} {rate.value:5.2f}  [{rate.low:.2f}, {rate.high:.2f}]  whole {whole:3}  "
        f"steps {steps / len(played):4.1f}  CPU {cpu:4.2f} s per step"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tasks", nargs="+", default=list(LITERAL), metavar="NAME")
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="episodes per task")
    parser.add_argument("--first-seed", type=int, default=1000, metavar="N")
    parser.add_argument("--browsergym", action="store_true", help="BrowserGym's protocol, its episodes from 0")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all episodes to this file")
    parser.add_argument("--screenshots", type=Path, metavar="FOLDER", help="save the last screenshot of each episode")
    parser.add_argument("--root", type=Path, metavar="HTML", help="folder html of a copy of MiniWoB++")
    given = parser.parse_args(arguments)
    benchmark = miniwob_browsergym(given.root) if given.browsergym else miniwob(given.root)
    if given.screenshots is not None:
        given.screenshots.mkdir(parents=True, exist_ok=True)
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


def _play_all(given: argparse.Namespace, tasks: dict[str, MiniwobTask], steps: int) -> list[ReaderEpisode]:
    played: list[ReaderEpisode] = []
    for name in given.tasks:
        if name not in tasks:
            raise TaskError(f"there is no task {name!r}")
        seeds = range(given.seeds) if given.browsergym else range(given.first_seed, given.first_seed + given.seeds)
        of_task = [play(tasks[name], seed, steps, given.screenshots) for seed in seeds]
        print(line(name, of_task), flush=True)
        played += of_task
        if given.json is not None:
            given.json.write_text(json.dumps([asdict(each) for each in played], indent=1) + "\n", encoding="utf-8")
    return played


if __name__ == "__main__":
    sys.exit(main())
