"""The same episode through the official agent of a family and through ours: the requests are equal.

Needs checkouts of the official agents: run scripts/test-conformance FOLDER...
"""

import io
import json
import os
import re
import struct
import zlib
from pathlib import Path
from random import Random
from typing import Any, BinaryIO

import pytest
from official_agents import normalized, official_episode
from official_families import OFFICIAL, POINTS, OfficialAgent
from PIL import Image
from scripted_http import http, scripted_server

from screenwright import ModelPolicy, dialect_named
from screenwright.agent.core.context import DecisionContext, HistoryStep
from screenwright.agent.core.coordinates import Frame, Grid, ImageRule
from screenwright.agent.policy.grounding import GroundedReply, parse_and_ground
from screenwright.cli.main import main
from screenwright.envs.geometry import Size
from screenwright.envs.screenshot import Screenshot


def _png(size: Size, number: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (size.width, size.height), (number * 30, 100, 200)).save(buffer, "PNG")
    return buffer.getvalue()


def _resize_without_pixels(_image: Image.Image, size: tuple[int, int], *_: Any, **__: Any) -> Image.Image:
    return Image.new("L", size)


def _save_without_pixels(image: Image.Image, file: BinaryIO, *_: Any, **__: Any) -> None:
    file.write(_without_pixels(image.size))


def _without_pixels(size: tuple[int, int]) -> bytes:
    """A PNG that can be opened, but not decoded."""
    header = b"IHDR" + struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0)
    chunks = ((header, len(header) - 4), (b"IDAT", 0))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", length) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk, length in chunks
    )


CHECKOUTS = tuple(map(Path, filter(None, os.environ.get("CONFORMANCE_CHECKOUTS", "").split(os.pathsep))))
SIDES = ((800, 600), (1024, 768), (1280, 720), (1280, 800), (1366, 768), (1440, 900), (1600, 900), (1680, 1050),
         (1920, 1080), (1920, 1200), (2560, 1440), (3840, 2160))  # fmt: skip
SCREENS = tuple(Size(*sides) for sides in SIDES)
TASK = "Open the settings and turn on the dark mode"
COMPARED = ("max_tokens", "temperature", "top_p", "top_k", "frequency_penalty", "presence_penalty",
            "repetition_penalty", "stop", "thinking", "reasoning_effort", "chat_template_kwargs")  # fmt: skip

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not CHECKOUTS, reason="needs official checkouts: run scripts/test-conformance FOLDER..."),
]


@pytest.mark.parametrize("family", OFFICIAL, ids=[family.dialect for family in OFFICIAL])
def test_requests_equal_those_of_the_official_agent(
    family: OfficialAgent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    main(["prompts", "add", family.dialect, str(_checkout_of(family)), "--any-version"])
    screenshots = [_png(Size(1920, 1080), number) for number in range(7)]
    replies = [_reply(family, number, x, y) for number, (x, y) in enumerate((*POINTS, POINTS[0]), 1)]
    official = official_episode(_checkout_of(family), family, TASK, screenshots, replies, monkeypatch).requests
    ours = _our_requests(family, screenshots, replies)
    assert len(official) == len(ours) == 7
    rule = dialect_named(family.dialect).image_rule
    found = [each for pair in zip(official, ours, strict=True) for each in _differences(*pair, rule)]
    described = "\n".join(dict.fromkeys(f"{name}: {text}" for name, text in found))
    assert {name for name, _ in found} == set(family.differences), described


PLACING = [family for family in OFFICIAL if family.places_points]


@pytest.mark.parametrize("family", PLACING, ids=[family.dialect for family in PLACING])
def test_points_equal_those_of_the_official_agent(
    family: OfficialAgent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pngs = {screen: _png(screen, 0) for screen in SCREENS}
    # Only the replies matter here, and pixels would take minutes.
    monkeypatch.setattr(Image.Image, "save", _save_without_pixels)
    monkeypatch.setattr(Image.Image, "resize", _resize_without_pixels)
    random, worst = Random(0), 0.0
    for screen in SCREENS:
        if family.only_screen not in (None, screen):
            continue
        dialect = dialect_named(family.dialect)
        frame = Frame(screen, dialect.image_rule.resize(screen), dialect.space)
        limit = (999, 999) if isinstance(dialect.space, Grid) else (frame.image.width - 1, frame.image.height - 1)
        points = [(random.randint(1, limit[0]), random.randint(1, limit[1])) for _ in range(200)]
        replies = [_reply(family, 1, x, y) for x, y in points]
        png = pngs[screen]
        codes = official_episode(
            _checkout_of(family), family, TASK, [png] * 200, replies, monkeypatch, single_steps=True
        ).actions
        for code, reply in zip(codes, replies, strict=True):
            parsed = parse_and_ground(dialect, reply["content"], frame)
            assert isinstance(parsed, GroundedReply), reply
            at, ours = _point_in(code), parsed.traces[0].screen
            for official, own in zip(at, (ours.x, ours.y), strict=True):
                # An integer is the exact coordinate, truncated or rounded.
                slack = 1.0 if official == int(official) else 0.0
                worst = max(worst, abs(official - own) - slack)
    assert worst <= 0.5 + family.point_slack


def _reply(family: OfficialAgent, number: int, x: int, y: int) -> dict[str, str]:
    reply = {"content": family.reply.format(n=number, x=x, y=y)}
    return reply | ({"reasoning": family.reasoning.format(n=number)} if family.reasoning else {})


def _checkout_of(family: OfficialAgent) -> Path:
    for folder in CHECKOUTS:
        if all((folder / path).is_file() for path in (f"{family.module.replace('.', '/')}.py", family.marker) if path):
            return folder
    pytest.skip(f"no checkout has {family.module}")


def _point_in(code: str) -> tuple[float, float]:
    found = re.search(r"[cC]lick\((?:x=)?([\d.]+), (?:y=)?([\d.]+)", code)
    assert found, code
    return float(found[1]), float(found[2])


def _our_requests(
    family: OfficialAgent, screenshots: list[bytes], replies: list[dict[str, str]]
) -> list[dict[str, Any]]:
    """The bodies that our policy sends to a server, one per step."""
    answers = []
    for reply in replies:
        message = {"content": reply["content"], "reasoning_content": reply.get("reasoning")}
        answers.append(http(200, {"choices": [{"message": message, "finish_reason": "stop"}]}))
    history: list[HistoryStep] = []
    task = family.task.format(task=TASK)
    with scripted_server(*answers) as (model, server):
        policy = ModelPolicy(model, dialect_named(family.dialect), summarize=False, sampling_changes=family.ours)
        policy.open()
        for number, png in enumerate(screenshots, 1):
            history.append(HistoryStep(Screenshot(Image.open(io.BytesIO(png)).convert("RGB"))))
            text = ""
            for event in policy.decide(DecisionContext(task, number, tuple(history)), lambda: False):
                text = getattr(event, "text", text)
            history[-1] = HistoryStep(history[-1].screenshot, reply=text)
    return server.calls


def _differences(official: dict[str, Any], ours: dict[str, Any], rule: ImageRule) -> list[tuple[str, str]]:
    """What differs: `roles`, `texts`, `images`, `order` of the parts, or a parameter; each with both values."""
    found = []
    expected, sent = normalized(official["messages"], rule), normalized(ours["messages"], rule)
    if [each["role"] for each in expected] != [each["role"] for each in sent]:
        found.append(("roles", f"{[each['role'] for each in expected]} / {[each['role'] for each in sent]}"))
    sizes = [[part for each in messages for part in each["content"] if isinstance(part, tuple)]
             for messages in (expected, sent)]  # fmt: skip
    if sizes[0] != sizes[1]:
        found.append(("images", f"{sizes[0]} / {sizes[1]}"))
    for one, other in zip(expected, sent, strict=False):
        kinds = [["image" if isinstance(part, tuple) else "text" for part in each["content"]] for each in (one, other)]
        if kinds[0] != kinds[1]:
            found.append(("order", f"{one['role']}: {kinds[0]} / {kinds[1]}"))
        texts = ["".join(part for part in each["content"] if isinstance(part, str)) for each in (one, other)]
        if texts[0] != texts[1]:
            found.append((f"{one['role']} text", _first_difference(*texts)))
        others = [{name: value for name, value in each.items() if name not in ("role", "content")}
                  for each in (one, other)]  # fmt: skip
        if others[0] != others[1]:
            found.append((f"{one['role']} fields", f"{others[0]} / {others[1]}"))
    for name in COMPARED:
        if official.get(name) != ours.get(name):
            found.append((name, f"{official.get(name)} / {ours.get(name)}"))
    return found


def _first_difference(one: str, other: str) -> str:
    pairs = enumerate(zip(one, other, strict=False))
    at = next((index for index, (left, right) in pairs if left != right), min(len(one), len(other)))
    return f"at {at} of {len(one)}: {json.dumps(one[at : at + 60])} / {json.dumps(other[at : at + 60])}"
