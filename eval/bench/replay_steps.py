"""The time of a step without a model, compared with the same run by the embedded reader.

    .venv/bin/python eval/bench/replay_steps.py [--times 5]

Both fill the same form in headless Chromium, in turn: the reader from its instruction, and the replay from the reader's
first run. A step is an action with the decision before it and the check of its effect. Prints the seconds and the CPU
seconds of this process for each, without those of the browser, and how often a model was asked.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from screenwright import Agent, BrowserEnv, Limits, StopReason
from screenwright.agent.core.supervision import NO_INTERVENTION
from screenwright.agent.record.events import Acted, Observed, Replied
from screenwright.agent.record.trajectory import read_run
from screenwright.agent.replay.policy import ReplayPolicy
from screenwright.agent.replay.recipe import recipe_of
from screenwright.envs.actions import Wait
from screenwright.eval.benchmarks.gallery.site import Site

PAGE = """<style>body{font:16px sans-serif;padding:30px}label{display:inline-block;width:140px}p{margin:14px 0}
input{font:inherit}</style><h2>New customer</h2>
<p><label for=name>Name</label><input id=name size=28></p><p><label for=city>City</label><input id=city size=28></p>
<p><input type=checkbox id=news><label for=news>Newsletter</label></p>
<p>
<button onclick="done.textContent = 'The customer was saved'">Save</button> <button>Cancel</button></p>
<p id=done></p>"""
TASK = 'Type "Ada Lovelace" into Name. Type "London" into City. Check Newsletter. Click Save.'


class Measured:
    """What one way of doing the task takes: seconds and CPU seconds per action, and replies of a model."""

    def __init__(self, name: str, agent: Callable[[], Agent]) -> None:
        self.name, self.agent = name, agent
        self.seconds: list[float] = []
        self.cpu: list[float] = []
        self.replies = self.actions = self.looks = 0

    def perform(self, url: str, folder: Path) -> None:
        """Do the task once."""
        with BrowserEnv(url) as env:
            env.observe()
            agent, cpu, started = self.agent(), time.process_time(), time.perf_counter()
            result = agent.run(TASK, env, out=folder)
            seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
        assert result.stop is StopReason.FINISHED, f"{self.name}: {result.reason}"
        events = read_run(folder).events
        self.actions = sum(isinstance(event, Acted) and not isinstance(event.action, Wait) for event in events)
        self.looks = sum(isinstance(event, Observed) for event in events)
        self.replies = sum(isinstance(event, Replied) for event in events)
        self.seconds.append(seconds / self.actions)
        self.cpu.append(cpu / self.actions)

    def __str__(self) -> str:
        middle = statistics.median
        low, high = min(self.seconds), max(self.seconds)
        return (
            f"{self.name:7} {self.actions} actions, {self.looks} screenshots, {self.replies} replies of a model: "
            f"{middle(self.seconds):.2f} s an action ({low:.2f} to {high:.2f}), CPU {middle(self.cpu):.2f} s"
        )


def main() -> None:
    """Measure both in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=5)
    times: int = parser.parse_args().times
    reader = Measured("reader", lambda: Agent("reader"))
    with tempfile.TemporaryDirectory() as temporary, Site() as site:
        folder, url = Path(temporary), site.add("/", PAGE)
        reader.perform(url, folder / "first")  # which loads the weights
        reader.seconds.clear()
        reader.cpu.clear()
        recipe = recipe_of(read_run(folder / "first"))
        replay = Measured(
            "replay",
            lambda: Agent(policy=ReplayPolicy(recipe), limits=Limits(steps=None), supervision=NO_INTERVENTION),
        )
        for number in range(times):
            reader.perform(url, folder / f"reader-{number}")
            replay.perform(url, folder / f"replay-{number}")
    print(reader)
    print(replay)


if __name__ == "__main__":
    main()
