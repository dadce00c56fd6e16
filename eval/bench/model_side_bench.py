"""The cost of the model's side of a step: parsing replies, rendering messages, encoding screenshots.

    .venv/bin/python eval/bench/model_side_bench.py

Parsing is compared with the parser of the `ui-tars` wheel: same replies, same process, alternating. Ours parses text
into typed actions and maps each point to the screen; the wheel parses it into fractions of the screen and those into
Python source. Then: the messages of a step with five screenshots, runaway replies of 100,000 characters, and encoding a
screenshot of 1920x1080, compared with the PNG with `optimize=True` that agents send.
"""

import argparse
import contextlib
import io
import json
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from ui_tars.action_parser import parse_action_to_structure_output, parsing_response_to_pyautogui_code

from screenwright import BrowserEnv, Screenshot
from screenwright.agent.core.coordinates import Frame
from screenwright.agent.core.decision import AskUser, Finish, GiveUp, Reply
from screenwright.agent.core.messages import ImageFormat, ImagePart, Turn
from screenwright.agent.dialects.dialect import Dialect
from screenwright.agent.dialects.registry import dialect_named, dialect_names
from screenwright.envs.actions import points_of
from screenwright.envs.geometry import Size

CASES = Path(__file__).parents[2] / "tests" / "agent" / "data" / "uitars_cases.jsonl"
SCREEN = Size(1920, 1080)
ROUNDS = 7
SECONDS = 0.3


def main() -> None:
    """Print the comparison."""
    argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0]).parse_args()
    texts = [json.loads(line)["text"] for line in CASES.read_text(encoding="utf-8").splitlines()]
    dialect = dialect_named("ui-tars-1.5")
    frame = Frame(SCREEN, dialect.image_rule.resize(SCREEN), dialect.space)
    both = [text for text in texts if theirs_reads(text) and isinstance(dialect.parse(text), Reply)]
    print(f"{len(texts)} replies in the case file; the wheel's parser reads {sum(map(theirs_reads, texts))} of them,")
    print(
        f"the dialect ui-tars-1.5 {sum(isinstance(dialect.parse(text), Reply) for text in texts)}, both {len(both)}\n"
    )
    works: dict[str, Callable[[str], object]] = {
        "screenwright: reply to actions on the screen": lambda text: read(dialect, frame, text),
        "ui-tars wheel: reply to structure": structure,
        "ui-tars wheel: reply to pyautogui code": code,
    }
    for name, seconds in fastest(works, both).items():
        print(f"{name:46}{seconds * 1e6:8.1f} us per reply {1 / seconds:10,.0f} replies/s")
    rendering(dialect)
    runaway_replies()
    encoding()


def read(dialect: Dialect, frame: Frame, text: str) -> None:
    """Parse a reply and map its points to the screen."""
    reply = dialect.parse(text)
    assert isinstance(reply, Reply)
    for move in reply.moves:
        if not isinstance(move, Finish | AskUser | GiveUp):
            for point in points_of(move):
                frame.trace(point)


def structure(text: str) -> object:
    """The wheel's first stage: names, arguments, and boxes as fractions of the screen."""
    return parse_action_to_structure_output(text, 1000, SCREEN.height, SCREEN.width)


def code(text: str) -> object:
    """Both stages of the wheel: Python source."""
    return parsing_response_to_pyautogui_code(structure(text), SCREEN.height, SCREEN.width)


def theirs_reads(text: str) -> bool:
    """Whether the wheel can parse `text`."""
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            code(text)
        except Exception:  # noqa: BLE001 -- the wheel raises arbitrary errors, which are counted
            return False
    return True


def fastest(works: dict[str, Callable[[str], object]], texts: list[str]) -> dict[str, float]:
    """Seconds per reply: the best of several alternating rounds, so that background load affects all alike."""
    found: dict[str, list[float]] = {name: [] for name in works}
    with contextlib.redirect_stdout(io.StringIO()):
        for _ in range(ROUNDS):
            for name, work in works.items():
                found[name].append(per_reply(work, texts))
    return {name: min(seconds) for name, seconds in found.items()}


def per_reply(work: Callable[[str], object], texts: list[str]) -> float:
    """Seconds per text, measured for at least `SECONDS`."""
    done, start = 0, time.perf_counter()
    while time.perf_counter() - start < SECONDS:
        for text in texts:
            work(text)
        done += len(texts)
    return (time.perf_counter() - start) / done


def rendering(dialect: Dialect) -> None:
    """Print the cost of rendering a conversation with encoded screenshots."""
    part = ImagePart.of(Screenshot(Image.new("RGB", (640, 360), "white")), Size(644, 364))
    turns = [Turn(part, reply="Thought: Go on.\nAction: click(start_box='(12,34)')") for _ in range(4)]
    seconds = fastest({"render": lambda _: dialect.render("Fill in the form", [*turns, Turn(part)])}, [""])["render"]
    print(f"\nthe messages of a step with five screenshots {seconds * 1e6:8.1f} us")


def encoding() -> None:
    """Print the cost and the size of encoding a screenshot."""
    size = Size(1920, 1080)
    with BrowserEnv(page_of_text(), viewport=size) as env:
        pixels = Screenshot(env.observe().screenshot.image.copy())
    ways: dict[str, Callable[[], bytes]] = {
        "PNG, optimize=True": lambda: pillow(pixels.image, "PNG", optimize=True),
        "PNG, Pillow's default": lambda: pillow(pixels.image, "PNG"),
        "screenwright: PNG": lambda: ImagePart.of(Screenshot(pixels.image), size).data,
        "screenwright: JPEG": lambda: ImagePart.of(Screenshot(pixels.image), size, ImageFormat.JPEG).data,
    }
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(5):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            found[name].append(time.perf_counter() - start)
    slowest = min(found["PNG, optimize=True"])
    print(f"\nencoding a screenshot of {size}")
    for name, way in ways.items():
        best = min(found[name])
        print(f"{name:24}{best * 1e3:8.1f} ms  {best / slowest:6.3f}  {len(way()) / 1e3:8.0f} kB")


def pillow(image: Image.Image, kind: str, **options: bool) -> bytes:
    """`image` encoded by Pillow."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def page_of_text() -> str:
    """A page with text, colours and a gradient."""
    rows = "".join(f"<tr><td>{n}<td>{'lorem ipsum dolor ' * 4}<td style='color:#06c'>{n * 37 % 91}" for n in range(40))
    return (
        "data:text/html,<body style='margin:0;font:14px sans-serif'><div style='height:120px;"
        f"background:linear-gradient(90deg,navy,teal)'></div><table>{rows}</table>"
    )


def runaway_replies() -> None:
    """Print the cost of parsing runaway replies."""
    size = 100_000
    replies = {
        "counting": ("Action: click(start_box='[" + ",".join(map(str, range(2, size))))[:size],
        "blank lines": "Thought: x\n" + "\n" * size,
        "actions": "Action: wait()\n" * (size // 15),
        "quotes": "Action: type(content='" + "')\nx" * (size // 4),
        "brackets": '<tool_call>{"name": ' + "[" * size,
    }
    print(f"\na reply of {size:,} characters: the slowest dialect's parse, and its is_complete")
    for name, text in replies.items():
        parse, complete = (
            max(once(work, text) for work in works) for works in zip(*map(jobs, dialect_names()), strict=True)
        )
        print(f"{name:14}{parse * 1e3:8.2f} ms {complete * 1e6:10.1f} us")


def jobs(name: str) -> tuple[Callable[[str], object], Callable[[str], object]]:
    """The two functions of a dialect that process replies."""
    dialect = dialect_named(name)
    return dialect.parse, dialect.is_complete


def once(work: Callable[[str], object], text: str) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    work(text)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
