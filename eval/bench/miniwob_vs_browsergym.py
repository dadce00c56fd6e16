"""MiniWoB++ in our benchmark and in BrowserGym's task classes with the same seeds and clicks: are the results equal?

    .venv/bin/python eval/bench/miniwob_vs_browsergym.py --browsergym PYTHON [--tasks NAME ...] [--episodes N]

For each instance it compares the goal, the first screenshot, and the reward, end and raw reward after every click. The
clicks are random, most of them on clickable elements.
"""

import argparse
import base64
import io
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops

from screenwright import Click, ScreenPoint
from screenwright.eval.benchmarks.miniwob import MiniwobInstance, MiniwobTask, close_browsers, miniwob_browsergym
from screenwright.eval.benchmarks.miniwob.protocol import BROWSERGYM, browsergym_seeds, browsergym_tasks
from screenwright.eval.benchmarks.subprocess_client import SubprocessClient

CLICKS = 6
TIMEOUT_S = 60.0
MOST_PIXELS = 1600
"""One percent of the screenshot: at a scale of 1.5 some edges inside scrolled elements fall on other pixels."""
TOP = 52
"""The instruction bar is above this, where clicks have no effect."""


@dataclass(frozen=True, slots=True)
class InstanceComparison:
    """Whether goal and states of an instance are equal, how many pixels differ, and BrowserGym's final raw reward."""

    goal: bool
    pixels: int
    states: bool
    raw: float
    details: str


def compare(gym: SubprocessClient, task: MiniwobTask, episode: int) -> InstanceComparison:
    """Run one instance on both sides."""
    theirs: Any = gym.request({"task": task.name, "seed": browsergym_seeds(task.name)[episode]}, TIMEOUT_S)
    clicks = _clicks(f"{task.name} {episode}", theirs["targets"])
    their_states: list[Any] = []
    for click in clicks:
        their_states.append(gym.request({"click": click}, TIMEOUT_S)["state"])
        if their_states[-1][1]:
            break
    with task.set_up(episode) as instance:
        goal, image = instance.instruction, instance.env.observe().screenshot.image.convert("RGB")
        our_states = _our_states(instance, clicks)
    screenshot = Image.open(io.BytesIO(base64.b64decode(theirs["screenshot"]))).convert("RGB")
    assert image.size == screenshot.size
    red, green, blue = ImageChops.difference(image, screenshot).split()
    same = ImageChops.lighter(ImageChops.lighter(red, green), blue).histogram()[0]
    pixels = image.width * image.height - same
    details = f"theirs {their_states[-1]} after {len(their_states)}, ours {our_states[-1]} after {len(our_states)}"
    return InstanceComparison(goal == theirs["goal"], pixels, our_states == their_states, their_states[-1][2], details)


def _clicks(seed: str, targets: list[list[int]]) -> list[list[int]]:
    drawn = random.Random(seed)
    clicks = [[drawn.randint(2, 158), drawn.randint(TOP, 205)] for _ in range(CLICKS)]
    return [drawn.choice(targets) if targets and drawn.random() < 0.75 else click for click in clicks]


def _our_states(instance: MiniwobInstance, clicks: Sequence[Sequence[int]]) -> list[list[float]]:
    states: list[list[float]] = []
    for x, y in clicks:
        instance.env.execute(Click(ScreenPoint(x * BROWSERGYM.scale, y * BROWSERGYM.scale)))
        raw = instance.episode.raw_reward
        states.append([float(raw > 0), instance.is_over(), raw])
        if instance.is_over():
            break
    return states


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare and print; returns the exit code, 0 if all is equal."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--browsergym", required=True, metavar="PYTHON", help="a Python with browsergym-miniwob")
    parser.add_argument("--tasks", nargs="+", default=list(browsergym_tasks()), metavar="NAME")
    parser.add_argument("--episodes", type=int, default=1, choices=range(1, 6), metavar="1..5")
    given = parser.parse_args(arguments)
    tasks = {task.name: task for task in miniwob_browsergym().tasks()}
    driver = Path(__file__).parent / "peers" / "browsergym_miniwob.py"
    gym = SubprocessClient(Path(given.browsergym), driver, {}, "see eval/bench/README.md")
    compared: list[InstanceComparison] = []
    try:
        same = gym.request({"list": True}, TIMEOUT_S)["tasks"] == list(tasks)
        print(f"tasks: {'equal' if same else 'NOT EQUAL'}, {len(tasks)} of them")
        for name in given.tasks:
            for episode in range(given.episodes):
                one = compare(gym, tasks[name], episode)
                compared.append(one)
                if one.pixels or not (one.goal and one.states):
                    print(f"{name} {episode}: {one.pixels} pixels differ, goal {one.goal}, states {one.states}", end="")
                    print(f"; {one.details}")
    finally:
        close_browsers()
        gym.close()
    print(f"of {len(compared)} instances")
    print(f"  the goal is equal in {sum(one.goal for one in compared)}")
    print(f"  the screenshot is equal in {sum(not one.pixels for one in compared)}", end="")
    print(f", and to {MOST_PIXELS} pixels in {sum(one.pixels <= MOST_PIXELS for one in compared)}")
    print(f"  rewards and ends are equal in {sum(one.states for one in compared)}")
    print(f"BrowserGym gave a reward above 0 in {sum(one.raw > 0 for one in compared)}", end="")
    print(f", below 0 in {sum(one.raw < 0 for one in compared)}")
    return 0 if all(one.goal and one.states for one in compared) else 1


if __name__ == "__main__":
    sys.exit(main())
