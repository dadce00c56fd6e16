"""What a step costs at the start and at the end of a long run: `.venv/bin/python eval/bench/long_run.py [STEPS]`.

A scripted model presses on a 1280x720 screen that shows other words in each step, so that no screenshot repeats, and
the run is recorded. Columns: milliseconds of CPU per step, of which the fake screen takes the part named `screen`;
memory in MB; bytes of log per step. Then the page of the run: seconds to write it, its size, and the seconds until
Chromium has opened it and shows the first screenshot.
"""

import argparse
import gc
import os
import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import sync_playwright

from screenwright import Action, ActionResult, Agent, Screenshot, ScriptedModel
from screenwright.agent.core.limits import Limits
from screenwright.agent.core.messages import Message
from screenwright.agent.core.model import ModelInfo
from screenwright.agent.dialects.ui_tars import UiTars15
from screenwright.agent.policy.model_policy import ModelPolicy
from screenwright.agent.record.events import Stepped
from screenwright.agent.record.trajectory import read_run
from screenwright.agent.record.viewer import render_page
from screenwright.envs.browser.launch.chromium import find_chromium, switches
from screenwright.envs.env import Observation
from screenwright.testing import FakeEnv

SIZE = (1280, 720)
WORDS = ("open", "save", "list", "total", "name", "address", "invoice", "number", "date", "status", "draft", "due")
CONTEXT_TOKENS = 32_768
SAMPLES = 6


def page(step: int) -> Image.Image:
    """A page with about 300 words that are other ones in each step."""
    choose = random.Random(step)
    image = Image.new("RGB", SIZE, "white")
    pen = ImageDraw.Draw(image)
    for row in range(30):
        line = " ".join(choose.choice(WORDS) + str(choose.randrange(1000)) for _ in range(10))
        pen.text((20, 10 + 23 * row), line, fill=(30, 40, 60))
    return image


@dataclass
class Pages(FakeEnv):
    """Shows another page after each action."""

    step: int = 0
    screen_s: float = 0.0

    def __post_init__(self) -> None:
        super().__init__()

    def observe(self) -> Observation:
        """See `Env`."""
        started = time.process_time()
        shot = Screenshot(page(self.step))
        self.screen_s += time.process_time() - started
        return Observation(shot, location="Pages")

    def execute(self, action: Action) -> ActionResult:
        """See `Env`."""
        self.step += 1
        return ActionResult(0.0)


@dataclass
class Model(ScriptedModel):
    """Presses at other points, and says in a few words why; has the context window of a served model."""

    count: int = 0
    keep: list[Sequence[Message]] = field(default_factory=list[Sequence[Message]])

    def __post_init__(self) -> None:
        super().__init__(self._reply)

    def info(self) -> ModelInfo:
        """See `Model`."""
        return ModelInfo("scripted", context_tokens=CONTEXT_TOKENS)

    def _reply(self, messages: Sequence[Message]) -> str:
        self.asked.clear()
        self.samplings.clear()
        self.count += 1
        x, y = 100 + 37 * self.count % 900, 100 + 53 * self.count % 500
        thought = "The list shows the next page, so I press its last entry to go on."
        return f"Thought: {thought}\nAction: click(start_box='({x},{y})')"


def memory_mb() -> float:
    """The resident memory of this process."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def measure(steps: int, folder: Path) -> None:
    """Run `steps` steps and print a row for each sixth of them, then what the report costs."""
    env, policy = Pages(), ModelPolicy(Model(), UiTars15())
    agent = Agent(policy=policy, limits=Limits(steps=steps))
    run, each = folder / "run", max(steps // SAMPLES, 1)
    print("| steps | CPU ms | screen | MB | log bytes |\n|---|---|---|---|---|")
    start, screen, size = time.process_time(), 0.0, 0
    for event in agent.stream("Go through all pages.", env, out=run):
        if isinstance(event, Stepped) and event.step % each == 0:
            now, log = time.process_time(), (run / "events.jsonl").stat().st_size
            cpu, drawn = (now - start) / each * 1000, (env.screen_s - screen) / each * 1000
            row = f"{event.step} | {cpu - drawn:.1f} | {drawn:.1f} | {memory_mb():.0f} | {(log - size) / each:.0f}"
            print(f"| {row} |", flush=True)
            start, screen, size = time.process_time(), env.screen_s, log
    start = time.process_time()
    html = render_page(read_run(run).events)
    print(f"report: {time.process_time() - start:.1f} s of CPU, {len(html) / 1e6:.1f} MB", flush=True)
    path = folder / "run.html"
    path.write_text(html, encoding="utf-8")
    print(f"opened: {seconds_to_open(path):.2f} s")


def seconds_to_open(path: Path) -> float:
    """The seconds until Chromium shows the first screenshot of the page in a new tab."""
    with sync_playwright() as playwright:
        program = find_chromium(Path(playwright.chromium.executable_path), None)
        browser = playwright.chromium.launch(executable_path=program, args=switches(()))
        page = browser.new_page(bypass_csp=True)  # waiting for a condition needs eval, which the page forbids
        start = time.perf_counter()
        page.goto(path.as_uri(), wait_until="commit")
        page.wait_for_function("() => document.getElementById('screenshot')?.naturalWidth > 0", polling=20)
        seconds = time.perf_counter() - start
        browser.close()
    return seconds


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("steps", nargs="?", type=int, default=1200)
    with tempfile.TemporaryDirectory() as folder:
        measure(parser.parse_args().steps, Path(folder))


if __name__ == "__main__":
    main()
