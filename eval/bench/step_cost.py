"""What a step costs beside the model's time: ours and BrowserGym's, on the same page, in one run, turn and turn about.

    python -m screenwright.eval.bench.step_cost --browsergym PYTHON [--json FILE]

The page is 1280x720 with twelve buttons that each change it. Both sides make the same clicks; the page's server
counts them. Ours is `Agent.stream` with an instant scripted model, recording to disk; theirs is `env.step` of
BrowserGym's open-ended task with its own settings. Neither side's time holds a model.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import IO

from ...agent.core.coordinates import Frame
from ...agent.core.limits import Limits
from ...agent.dialects.ui_tars import UiTars15
from ...agent.loop.agent import Agent
from ...agent.models.scripted import ScriptedModel
from ...agent.record.events import Acted, Observed, Replied, Stepped
from ...envs.browser import BrowserEnv
from ...envs.geometry import ScreenPoint, Size
from ..benchmarks.subprocess_client import script_variables

BLOCKS = 4
CLICKS_A_BLOCK = 12
SCREEN = Size(1280, 720)
PLACES = tuple(ScreenPoint(100 + 180 * column, 60 + 100 * row) for row in range(3) for column in range(4))
"""All in the upper left: beside today's Chromium, the Playwright that BrowserGym pins lays pages out on 780x493."""

_BUTTONS = "".join(
    f'<button style="position:absolute;left:{int(at.x) - 70}px;top:{int(at.y) - 30}px;width:140px;height:60px" '
    f"onclick=\"this.textContent='pressed '+(++n);document.body.style.background=`hsl(${{n*37}} 40% 95%)`;"
    "navigator.sendBeacon('/pressed')\">Button</button>"
    for at in PLACES
)
PAGE = f"<!doctype html><title>Buttons</title><body><script>let n=0</script>{_BUTTONS}".encode()


class _Counter(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.presses = 0
        self.url = f"http://127.0.0.1:{self.server_port}/"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """The page."""
        self._answer(PAGE)

    def do_POST(self) -> None:
        """A press of a button."""
        assert isinstance(self.server, _Counter)
        self.server.presses += 1
        self._answer(b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the standard library's name
        """Stay silent."""

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@dataclass(slots=True)
class Steps:
    """Seconds of each of our steps, whole and by phase."""

    whole: list[float] = field(default_factory=list[float])
    phases: dict[str, list[float]] = field(default_factory=dict[str, list[float]])

    def add(self, name: str, seconds: float) -> None:
        """Add to a phase."""
        self.phases.setdefault(name, []).append(seconds)


def our_block(env: BrowserEnv, folder: Path, steps: Steps) -> None:
    """One episode of clicks, with an instant model."""
    dialect = UiTars15()
    frame = Frame(SCREEN, dialect.image_rule.resize(SCREEN), dialect.space)
    points = [frame.to_model(place) for place in PLACES]
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
            case Acted(done=done) if done is not None:
                used += done.act_s + done.settle_s
                steps.add("act", done.act_s)
                steps.add("settle", done.settle_s)
            case Stepped() if event.step <= len(PLACES):
                steps.add("log", event.log_s)
                steps.add("rest", max(event.total_s - used - event.log_s, 0.0))
                steps.whole.append(event.total_s)
            case _:
                pass


def their_block(gym: "subprocess.Popen[str]") -> list[float]:
    """The same clicks by BrowserGym; seconds of each step."""
    _tell(gym.stdin, {"clicks": [[place.x, place.y] for place in PLACES]})
    seconds: list[float] = _hear(gym.stdout)["seconds"]
    return seconds


def measure(browsergym: str) -> dict[str, object]:
    """Run both sides in turn and return the figures (seconds; medians).

    Raises:
        RuntimeError: BrowserGym's side did not start, or clicks did not land.
    """
    with tempfile.TemporaryDirectory() as folder, serving() as ours, serving() as theirs:
        driver = str(Path(__file__).parents[1] / "drivers" / "browsergym_driver.py")
        command = [browsergym, driver, theirs.url]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=script_variables()
        ) as gym:
            if "ready" not in _hear(gym.stdout):
                raise RuntimeError("BrowserGym did not start")
            steps, their_seconds = Steps(), list[float]()
            with BrowserEnv(ours.url, viewport=SCREEN) as env:
                for block in range(BLOCKS):
                    our_block(env, Path(folder) / str(block), steps)
                    their_seconds += their_block(gym)
            assert gym.stdin is not None
            gym.stdin.close()
        expected = BLOCKS * CLICKS_A_BLOCK
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
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
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
    print(f"{figures['clicks']} clicks on each side; medians a step, without a model's time")
    print(f"  ours        {1000 * float(str(figures['ours_s'])):7.1f} ms")
    for name, seconds in split.items():
        print(f"    {name:9} {1000 * seconds:7.1f} ms")
    print(f"  BrowserGym  {1000 * float(str(figures['theirs_s'])):7.1f} ms")
    print(f"  ratio       {float(str(figures['ratio'])):7.3f}")
    return 0


@contextmanager
def serving() -> Generator[_Counter]:
    """A page server for the length of a context."""
    with _Counter() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def _tell(stream: IO[str] | None, message: dict[str, object]) -> None:
    assert stream is not None
    stream.write(json.dumps(message) + "\n")
    stream.flush()


def _hear(stream: IO[str] | None) -> dict[str, list[float]]:
    assert stream is not None
    line = stream.readline()
    return dict(json.loads(line)) if line else {}


if __name__ == "__main__":
    sys.exit(main())
