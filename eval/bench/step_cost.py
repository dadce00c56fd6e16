"""The cost of a step without the model: ours and BrowserGym's, alternating on the same page in one run.

    python -m screenwright.eval.bench.step_cost --browsergym PYTHON [--json FILE]

The page is 1280x720 with twelve buttons that change it. Both sides make the same clicks, which the page's server
counts. Ours is `Agent.stream` with an instant scripted model, recording to disk; theirs is `env.step` of BrowserGym's
open-ended task with its default settings. Neither time includes a model.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import IO, Self

from ...agent.core.coordinates import Frame
from ...agent.core.limits import Limits
from ...agent.dialects.ui_tars import UiTars15
from ...agent.loop.agent import Agent
from ...agent.models.scripted import ScriptedModel
from ...agent.record.events import Acted, Observed, Replied, Stepped
from ...envs.browser import BrowserEnv
from ...envs.geometry import ScreenPoint, Size
from ..benchmarks.subprocess_client import script_variables
from ..core.local_server import HttpRequest, HttpResponse, LocalServer

BLOCKS = 4
CLICKS_PER_BLOCK = 12
SCREEN = Size(1280, 720)
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
    frame = Frame(SCREEN, dialect.image_rule.resize(SCREEN), dialect.space)
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


def their_block(gym: "subprocess.Popen[str]") -> list[float]:
    """The same clicks by BrowserGym; seconds of each step."""
    _send(gym.stdin, {"clicks": [[point.x, point.y] for point in POINTS]})
    seconds: list[float] = _receive(gym.stdout)["seconds"]
    return seconds


def measure(browsergym: str) -> dict[str, object]:
    """Alternate between both sides and return the medians in seconds.

    Raises:
        RuntimeError: BrowserGym did not start, or clicks missed.
    """
    with tempfile.TemporaryDirectory() as folder, ButtonPage() as ours, ButtonPage() as theirs:
        driver = str(Path(__file__).parents[1] / "drivers" / "browsergym_driver.py")
        command = [browsergym, driver, theirs.url]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=script_variables()
        ) as gym:
            if "ready" not in _receive(gym.stdout):
                raise RuntimeError("BrowserGym did not start")
            steps, their_seconds = Steps(), list[float]()
            with BrowserEnv(ours.url, viewport=SCREEN) as env:
                for block in range(BLOCKS):
                    our_block(env, Path(folder) / str(block), steps)
                    their_seconds += their_block(gym)
            assert gym.stdin is not None
            gym.stdin.close()
        expected = BLOCKS * CLICKS_PER_BLOCK
        if (ours.presses, theirs.presses) != (expected, expected):
            raise RuntimeError(f"of {expected} clicks {ours.presses} of ours and {theirs.presses} of theirs landed")
    return {
        "clicks": expected,
        "ours_s": median(steps.whole),
        "theirs_s": median(their_seconds),
        "ratio": median(steps.whole) / median(their_seconds),
        "split_s": {name: median(seconds) for name, seconds in steps.phases.items()},
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(prog="step_cost", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--browsergym", required=True, metavar="PYTHON", help="a Python that has browsergym-core")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to this file")
    given = parser.parse_args(arguments)
    try:
        figures = measure(given.browsergym)
    except (OSError, RuntimeError, ValueError) as error:
        print(f"step_cost: {error}", file=sys.stderr)
        return 2
    if given.json is not None:
        given.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    split = figures["split_s"]
    assert isinstance(split, dict)
    print(f"{figures['clicks']} clicks on each side; medians per step, without a model")
    print(f"  ours        {1000 * float(str(figures['ours_s'])):7.1f} ms")
    for name, seconds in split.items():
        print(f"    {name:9} {1000 * seconds:7.1f} ms")
    print(f"  BrowserGym  {1000 * float(str(figures['theirs_s'])):7.1f} ms")
    print(f"  ratio       {float(str(figures['ratio'])):7.3f}")
    return 0


def _send(stream: IO[str] | None, message: dict[str, object]) -> None:
    assert stream is not None
    stream.write(json.dumps(message) + "\n")
    stream.flush()


def _receive(stream: IO[str] | None) -> dict[str, list[float]]:
    assert stream is not None
    line = stream.readline()
    return dict(json.loads(line)) if line else {}


if __name__ == "__main__":
    sys.exit(main())
