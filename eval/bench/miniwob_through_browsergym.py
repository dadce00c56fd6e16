"""MiniWoB++ through BrowserGym's environment and in ours with the same clicks: are rewards and ends equal?

    .venv/bin/python eval/bench/miniwob_through_browsergym.py --browsergym PYTHON [--tasks NAME ...]

The clicks are on random screenshot pixels that are not background.
"""

import argparse
import random
import sys
from collections.abc import Sequence

from PIL import Image

from screenwright import Click, ScreenPoint
from screenwright.envs.env import ActionRefused, Env
from screenwright.eval.benchmarks.browsergym.benchmark import GymInstance
from screenwright.eval.benchmarks.miniwob import MiniwobInstance, close_browsers, miniwob_browsergym
from screenwright.eval.benchmarks.registry import benchmark_for
from screenwright.eval.core.config import EvalConfig

CLICKS = 8
PANE = (240, 315)
"""Width and height of the part of the screenshot that tasks use."""


def clicks_for(image: Image.Image, seed: str) -> list[ScreenPoint]:
    """Random points that are not background."""
    grey, drawn = image.convert("L"), random.Random(seed)
    pixels = grey.load()
    assert pixels is not None
    shown = [(x, y) for y in range(2, PANE[1] - 2, 3) for x in range(2, PANE[0] - 2, 3) if pixels[x, y] != 255]
    return [ScreenPoint(*drawn.choice(shown or [(120, 160)])) for _ in range(CLICKS)]


def states(instance: GymInstance | MiniwobInstance, clicks: Sequence[ScreenPoint]) -> list[tuple[float, bool]]:
    """Reward and end after each click."""
    found: list[tuple[float, bool]] = []
    env: Env = instance.env
    for at in clicks:
        try:
            env.execute(Click(at))
        except ActionRefused as refusal:
            print(f"refused: {refusal}", file=sys.stderr)
        reward = instance.env.reward if isinstance(instance, GymInstance) else float(instance.episode.raw_reward > 0)
        found.append((reward, instance.is_over()))
        if instance.is_over():
            break
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare and print; 0 if all is equal."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--browsergym", required=True, metavar="PYTHON")
    parser.add_argument("--tasks", nargs="*", metavar="NAME")
    parser.add_argument("--every", type=int, default=1, help="only every n-th task")
    given = parser.parse_args(arguments)
    settings = {"benchmark": "browsergym-miniwob", "python": given.browsergym, "option": ("system_chromium=true",)}
    theirs = benchmark_for(EvalConfig.from_flat(settings))
    ours = {task.name: task for task in miniwob_browsergym().tasks()}
    chosen = [task for task in theirs.tasks() if not given.tasks or task.name.partition(".")[2] in given.tasks]
    equal = goals = rewards = 0
    chosen = chosen[:: given.every]
    try:
        for task in chosen:
            name = task.name.partition(".")[2]
            with ours[name].set_up(0) as our_side:
                assert isinstance(our_side, MiniwobInstance)
                clicks = clicks_for(our_side.env.observe().screenshot.image, name)
                our_states = states(our_side, clicks)
                our_goal = our_side.instruction
            with task.set_up(0) as their_side:
                assert isinstance(their_side, GymInstance)
                their_states, their_goal = states(their_side, clicks), their_side.instruction
            same = our_states == their_states
            equal, goals = equal + same, goals + (our_goal == their_goal)
            rewards += their_states[-1][0] > 0
            if not same or our_goal != their_goal:
                print(f"{name}: goal {our_goal == their_goal}; ours {our_states[-1]} after {len(our_states)}, "
                      f"theirs {their_states[-1]} after {len(their_states)}", flush=True)  # fmt: skip
    finally:
        close_browsers()
        theirs.close()
    print(f"of {len(chosen)} tasks: goal equal in {goals}, rewards and ends in {equal}; a reward in {rewards}")
    return 0 if equal == goals == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
