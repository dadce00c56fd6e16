"""The cost of a step without the model: ours and BrowserGym's, alternating on the same page in one run.

    .venv/bin/python eval/bench/step_cost.py --browsergym PYTHON [--json FILE]

The page is 1280x720 with twelve buttons that change it; ours is 1288x728, which `run` chooses for the model, unless
`--size` is another one. Both sides make the same clicks, which the page's server
counts. Ours is `Agent.stream` with an instant scripted model, recording to disk; theirs is `env.step` of BrowserGym's
open-ended task with its default settings. Neither time includes a model.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Self

from screenwright.agent.core.coordinates import Frame
from screenwright.agent.core.limits import Limits
from screenwright.agent.dialects.ui_tars import UiTars15
from screenwright.agent.loop.agent import Agent
from screenwright.agent.models.scripted import ScriptedModel
from screenwright.agent.record.events import Acted, Observed, Replied, Stepped
from screenwright.envs.browser import BrowserEnv
from screenwright.envs.config.screen import parse_size
from screenwright.envs.geometry import ScreenPoint, Size
from screenwright.eval.benchmarks.subprocess_client import SubprocessClient
from screenwright.eval.core.local_server import HttpRequest, HttpResponse, LocalServer
from screenwright.eval.core.task import TaskError

BLOCKS = 4
TIMEOUT_S = 120.0
CLICKS_PER_BLOCK = 12
SCREEN = UiTars15().image_rule.resize(Size(1280, 720))
"""As `screenwright run` does, near the usual size, so that the model gets it unscaled."""
POINTS = tuple(ScreenPoint(100 + 180 * column, 60 + 100 * row) for row in range(3) for column in range(4))
"""All in the upper left: the Playwright version that BrowserGym pins lays pages out on 780x493 in a new Chromium."""

_BUTTONS = "".join(
    f'<button style="position:absolute;left:{int(at.x) - 70}px;top:{int(at.y) - 30}px;width:140px;height:60px" '
    f"onclick=\"this.textContent='pressed '+(++n);document.body.style.background=`hsl(${{n*37}} 40% 95%)`;"
    "navigator.sendBeacon('/pressed')\">Button</button>"
    for at in POINTS
)
PAGE = f"<!doctype html><title>Buttons</title><body><script>let n=0</script>{_BUTTONS}".encode()


class ButtonPage:
    """Serves `PAGE` and counts the presses that it reports."""

    def __init__(self) -> None:
        self.presses = 0
        self._server = LocalServer(self._respond)
        self.url = f"{self._server.url}/"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    def _respond(self, request: HttpRequest) -> HttpResponse:
        self.presses += request.method == "POST"
        return HttpResponse(PAGE)


@dataclass(slots=True)
class Steps:
    """Seconds of each of our steps, in total and by phase."""

    whole: list[float] = field(default_factory=list[float])
    phases: dict[str, list[float]] = field(default_factory=dict[str, list[float]])

    def add(self, name: str, seconds: float) -> None:
        """Add to a phase."""
        self.phases.setdefault(name, []).append(seconds)


def our_block(env: BrowserEnv, folder: Path, steps: Steps) -> None:
    """One episode of clicks, with an instant model."""
    dialect = UiTars15()
    frame = Frame(env.viewport, dialect.image_rule.resize(env.viewport), dialect.space)
    points = [frame.to_model(point) for point in POINTS]
    replies = [f"Thought: Next.\nAction: click(start_box='({round(at.x)},{round(at.y)})')" for at in points]
    agent = Agent(ScriptedModel([*replies, "Action: finished()"]), dialect=dialect, limits=Limits(steps=None))
    used = 0.0
    for event in agent.stream("Press every button", env, out=folder):
        match event:
            case Observed():
                used = event.capture_s
                steps.add("capture", event.capture_s)
            case Replied():
                used += event.encode_s + event.model_s
                steps.add("encode", event.encode_s)
                steps.add("model", event.model_s)
            case Acted(result=done) if done is not None:
                used += done.act_s + done.settle_s
                steps.add("act", done.act_s)
                steps.add("settle", done.settle_s)
            case Stepped() if event.step <= len(POINTS):
                steps.add("log", event.log_s)
                steps.add("rest", max(event.total_s - used - event.log_s, 0.0))
                steps.whole.append(event.total_s)
            case _:
                pass


def their_block(gym: SubprocessClient) -> list[float]:
    """The same clicks by BrowserGym; seconds of each step."""
    seconds = gym.request({"clicks": [[point.x, point.y] for point in POINTS]}, TIMEOUT_S)["seconds"]
    assert isinstance(seconds, list)
    return seconds


@dataclass(frozen=True, slots=True)
class Figures:
    """Medians in seconds; `split_s` divides ours into phases."""

    clicks: int
    ours_s: float
    theirs_s: float
    ratio: float
    split_s: dict[str, float]


def measure(browsergym: str, size: Size) -> Figures:
    """Alternate between both sides.

    Raises:
        RuntimeError: clicks missed.
        TaskError: BrowserGym failed.
    """
    with tempfile.TemporaryDirectory() as folder, ButtonPage() as ours, ButtonPage() as theirs:
        driver = Path(__file__).parent / "peers" / "browsergym_steps.py"
        gym = SubprocessClient(Path(browsergym), driver, {"url": theirs.url}, "see eval/bench/README.md")
        steps, their_seconds = Steps(), list[float]()
        try:
            gym.request({"clicks": []}, TIMEOUT_S)  # starts it
            with BrowserEnv(ours.url, viewport=size) as env:
                for block in range(BLOCKS):
                    our_block(env, Path(folder) / str(block), steps)
                    their_seconds += their_block(gym)
        finally:
            gym.close()
        expected = BLOCKS * CLICKS_PER_BLOCK
        if (ours.presses, theirs.presses) != (expected, expected):
            raise RuntimeError(f"of {expected} clicks {ours.presses} of ours and {theirs.presses} of theirs landed")
    ours_s, theirs_s = median(steps.whole), median(their_seconds)
    split_s = {name: median(seconds) for name, seconds in steps.phases.items()}
    return Figures(expected, ours_s, theirs_s, ours_s / theirs_s, split_s)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(prog="step_cost", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--browsergym", required=True, metavar="PYTHON", help="a Python that has browsergym-core")
    parser.add_argument("--size", type=parse_size, default=SCREEN, metavar="WIDTHxHEIGHT", help="of our page")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to this file")
    given = parser.parse_args(arguments)
    try:
        figures = measure(given.browsergym, given.size)
    except (RuntimeError, TaskError) as error:
        print(f"step_cost: {error}", file=sys.stderr)
        return 2
    if given.json is not None:
        given.json.write_text(json.dumps(asdict(figures), indent=1) + "\n", encoding="utf-8")
    print(f"{figures.clicks} clicks on each side; medians per step, without a model")
    print(f"  ours        {1000 * figures.ours_s:7.1f} ms")
    for name, seconds in figures.split_s.items():
        print(f"    {name:9} {1000 * seconds:7.1f} ms")
    print(f"  BrowserGym  {1000 * figures.theirs_s:7.1f} ms")
    print(f"  ratio       {figures.ratio:7.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
