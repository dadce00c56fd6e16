"""MiniWoB++ by our driver beside BrowserGym's own task classes: the same seeds, the same clicks; are they equal?

    scripts/miniwob_vs_browsergym [--tasks NAME ...] [--episodes N]

For each instance: the goal word for word, the first screenshot pixel for pixel, and after every click the
reward, the end and the raw reward. The clicks are drawn at random, most of them on something that can be clicked.
"""

import argparse
import base64
import io
import json
import random
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops

from screenwright import Click, ScreenPoint
from screenwright.eval.benchmarks.miniwob import MiniwobInstance, MiniwobTask, close_browsers, miniwob_browsergym
from screenwright.eval.benchmarks.miniwob.protocol import BROWSERGYM, browsergym_seeds, browsergym_tasks

CLICKS = 6
MOST_PIXELS = 1600
"""A hundredth of the screenshot: at a scale of 1.5 some edges of what scrolls inside a page fall on other pixels."""
OUT_OF_SIGHT = 52
"""Above this there is the bar of the instruction, where clicks do nothing."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What was equal of an instance, how many pixels were not, and the raw reward that BrowserGym gave in the end."""

    goal: bool
    pixels: int
    states: bool
    raw: float
    told: str


class BrowserGym:
    """The other side, in a process of its own."""

    def __init__(self, python: str) -> None:
        driver = str(Path(__file__).with_name("miniwob_browsergym_driver.py"))
        self._process = subprocess.Popen(
            [python, driver], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.tasks: list[str] = self._hear()

    def ask(self, question: dict[str, object]) -> Any:
        """Its answer to `question`."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        return self._hear()

    def close(self) -> None:
        """Let it end."""
        self._process.communicate()

    def _hear(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("BrowserGym's side has ended; it said why above")
        return json.loads(line)


def compare(gym: BrowserGym, task: MiniwobTask, episode: int) -> Compared:
    """Run one instance on both sides."""
    theirs = gym.ask({"task": task.name, "seed": browsergym_seeds(task.name)[episode]})
    clicks = _clicks(f"{task.name} {episode}", theirs["targets"])
    their_states: list[list[float]] = []
    for click in clicks:
        their_states.append(gym.ask({"click": click}))
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
    told = f"theirs {their_states[-1]} after {len(their_states)}, ours {our_states[-1]} after {len(our_states)}"
    return Compared(goal == theirs["goal"], pixels, our_states == their_states, their_states[-1][2], told)


def _clicks(seed: str, targets: list[list[int]]) -> list[list[int]]:
    drawn = random.Random(seed)
    clicks = [[drawn.randint(2, 158), drawn.randint(OUT_OF_SIGHT, 205)] for _ in range(CLICKS)]
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
    gym = BrowserGym(given.browsergym)
    compared: list[Compared] = []
    try:
        print(f"tasks: {'equal' if gym.tasks == list(tasks) else 'NOT EQUAL'}, {len(tasks)} of them")
        for name in given.tasks:
            for episode in range(given.episodes):
                one = compare(gym, tasks[name], episode)
                compared.append(one)
                if one.pixels or not (one.goal and one.states):
                    print(
                        f"{name} {episode}: goal {one.goal}, pixels {one.pixels} off, states {one.states}; {one.told}"
                    )
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
