"""The CPU time of cassettes: 100 recorded runs in one process.

    .venv/bin/python eval/bench/cassette_bench.py [--runs 100] [--steps 10] [--size 1280x720]

Records runs of a scripted model on the fake screen, each in another dialect in turn, and performs the loop again on all
of them with `screenwright cassette FOLDER`. Prints the CPU seconds of that process (user and system), in all and for
each run.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from screenwright import Agent, Click, FakeEnv, ModelPolicy, ScreenPoint, ScriptedModel, Size, Type, dialect_named
from screenwright.agent.core.coordinates import Frame
from screenwright.agent.core.decision import Finish
from screenwright.envs.actions import Action, map_points

DIALECTS = ("ui-tars-1.5", "qwen2.5-vl", "qwen3-vl", "holo2", "opencua", "glm-v", "kimi", "doubao")


def record(folder: Path, number: int, steps: int, size: Size) -> None:
    """Record a run that clicks and types on the fake screen."""
    env: FakeEnv = FakeEnv(size)
    dialect: Any = dialect_named(DIALECTS[number % len(DIALECTS)])
    frame = Frame(size, dialect.image_rule.resize(size), dialect.space)
    name, greet, express = (env.where(one) for one in ("Name", "Greet", "Express"))
    actions: list[Action] = [
        Click(name),
        Type(f"Ada {number}"),
        Click(greet),
        Click(express),
        Click(ScreenPoint(300, 300)),
    ]
    moves = [map_points(action, frame.to_model) for action in islice(cycle(actions), steps)]
    replies = [dialect.format("next", [move]) for move in (*moves, Finish())]
    policy = ModelPolicy(ScriptedModel(replies), dialect)
    Agent(policy=policy).run(f"Task {number}", env, out=folder / f"run-{number:03}")


def main() -> None:
    """Record the runs and replay them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--size", default="1280x720")
    given = parser.parse_args()
    width, height = map(int, given.size.split("x"))
    with tempfile.TemporaryDirectory() as temporary:
        for number in range(given.runs):
            record(Path(temporary), number, given.steps, Size(width, height))
        command = [sys.executable, "-m", "screenwright", "cassette", temporary]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = used.ru_utime + used.ru_stime
    print(f"{done.stdout.splitlines()[-1]}: {cpu:.1f} s of CPU, {cpu / given.runs:.2f} s for each")


if __name__ == "__main__":
    main()
