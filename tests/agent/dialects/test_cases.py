"""Replies of every family with their expected meaning, from `data/uitars_cases.jsonl`: tests of the official parsers,
issues about them, and the models' documentation (`source` and `basis` of each case).

Actions of the file and our actions:

    click, left_double          Click with count 1, 2
    drag                        Drag; a scroll with an end point is a swipe, also a Drag
    type with a point           a Click there, then Type
    hotkey, scroll, wait        Hotkey, Scroll, Wait; unspecified values have our defaults
    finished, call_user, infeasible     Finish, AskUser, GiveUp
"""

import json
from typing import Any

import pytest
from paths import DATA

from screenwright.agent.core.coordinates import Absolute, Grid, ModelPoint, Space
from screenwright.agent.core.decision import AskUser, Finish, GiveUp, ModelMove, ParseFailure, Reply
from screenwright.agent.dialects.dialect import Dialect
from screenwright.agent.dialects.registry import dialect_named
from screenwright.envs.actions import (
    Back,
    Click,
    Direction,
    Drag,
    Hotkey,
    LongPress,
    Navigate,
    Scroll,
    Type,
    Wait,
    points_of,
)
from screenwright.envs.geometry import Size

Case = dict[str, Any]
CASES: list[Case] = [
    json.loads(line) for line in (DATA / "uitars_cases.jsonl").read_text(encoding="utf-8").splitlines()
]
DIALECT_OF = {
    "UI-TARS-1.0": "ui-tars-1.0",
    "UI-TARS o1 format": "ui-tars-1.0",
    "UI-TARS-1.5-7B": "ui-tars-1.5",
    "doubao-1.5-ui-tars / Seed1.5-VL (0-1000)": "doubao",
    "doubao-1.5-thinking-vision-pro": "doubao",
    "Omni-TARS": "seed-xml",
    "doubao-seed-1.6": "seed-xml",
    "doubao-seed-1-8-251228": "seed-xml",
    "Seed-1.6/1.8, UI-TARS-2 (0-1000, function XML)": "seed-xml",
    "UI-TARS-2": "seed-xml",
    "Qwen2.5-VL": "qwen2.5-vl",
    "Qwen3-VL": "qwen3-vl",
    "GUI-Owl-1.5": "gui-owl-1.5",
    "OpenCUA": "opencua",
    "ScaleCUA": "scalecua",
    "Holo1": "holo1",
    "GTA1": "gta1",
    "UI-Venus-1.5": "ui-venus-1.5",
}
SPACES: dict[str, Space] = {
    "rel1000": Grid(1000),
    "rel999": Grid(999),
    "abs28": Absolute(),
    "abs_q25": Absolute(),
    "raw": Absolute(),
}


def dialect_of(case: Case) -> Dialect:
    return dialect_named(DIALECT_OF[case["model_version"]])


def name(case: Case) -> str:
    return str(case["id"])


READABLE = [case for case in CASES if case["expected"]["error"] is None]
UNREADABLE = [case for case in CASES if case["expected"]["error"] is not None]


def test_all_cases_are_present() -> None:
    assert (len(READABLE), len(UNREADABLE)) == (90, 5)


@pytest.mark.parametrize("case", READABLE, ids=name)
def test_reply_is_parsed_as_expected(case: Case) -> None:
    reply = dialect_of(case).parse(case["text"])
    assert isinstance(reply, Reply), reply
    expected = case["expected"]
    assert reply.moves == tuple(move for action in expected["actions"] for move in moves(action))
    assert reply.thought == expected["thought"]
    assert reply.reflection == expected["reflection"]
    assert reply.reasoning == expected["reasoning"]


@pytest.mark.parametrize("case", UNREADABLE, ids=name)
def test_parse_failure_has_the_reason(case: Case) -> None:
    found = dialect_of(case).parse(case["text"])
    assert isinstance(found, ParseFailure)
    assert found.kind == case["expected"]["error"]
    assert 0 <= found.position <= len(case["text"])
    assert found.message.splitlines() == [found.message]


@pytest.mark.parametrize("case", READABLE, ids=name)
def test_points_map_to_the_expected_pixels(case: Case) -> None:
    dialect, screen = dialect_of(case), Size(*case["screen_size"])
    space = SPACES[case["coord_space"]]
    image = Size(*case["image_size"]) if case["image_size"] else screen
    if case["coord_space"] != "raw":  # those cases use another space than the model's own
        assert (Absolute() if isinstance(dialect.space, Absolute) else dialect.space) == space
    if case["image_size"] and case["coord_space"] != "raw":
        assert dialect.image_rule.resize(screen) == image
    reply = dialect.parse(case["text"])
    assert isinstance(reply, Reply)
    found = [
        point for move in reply.moves if not isinstance(move, Finish | AskUser | GiveUp) for point in points_of(move)
    ]
    pixels = [space.to_image(point, image) for point in found]
    assert [
        pytest.approx((pixel.x / image.width * screen.width, pixel.y / image.height * screen.height), abs=0.002)
        for pixel in pixels
    ] == [
        tuple(action[key]["px"])
        for action in case["expected"]["actions"]
        for key in ("point", "end_point")
        if key in action
    ]


def moves(action: Case) -> list[ModelMove]:
    """The expected move of a case."""
    at = point(action.get("point"))
    if action["type"] == "type":
        typed = Type(action["text"], action["submit"])
        return [Click(at), typed] if at else [typed]
    if "end_point" in action:
        end = point(action["end_point"])
        assert at is not None
        assert end is not None
        return [Drag((at, end))]
    return [pointless(action) if at is None else with_point(action, at)]


def with_point(action: Case, at: ModelPoint) -> ModelMove:
    match action["type"]:
        case "click":
            return Click(at)
        case "left_double":
            return Click(at, count=2)
        case "long_press":
            return LongPress(at)
        case "scroll":
            return Scroll(Direction(action["direction"]), action.get("amount", 5), at)
        case other:
            raise AssertionError(other)


def pointless(action: Case) -> ModelMove:
    text = action.get("text") or ""
    match action["type"]:
        case "scroll":
            return Scroll(Direction(action["direction"]), action.get("amount", 5))
        case "hotkey":
            return Hotkey(tuple(action["keys"]))
        case "wait":
            return Wait(action.get("time", 5.0))
        case "navigate":
            return Navigate(action["url"])
        case "navigate_back":
            return Back()
        case "finished":
            return Finish(text)
        case "call_user":
            return AskUser(text)
        case "infeasible":
            return GiveUp(text)
        case other:
            raise AssertionError(other)


def point(data: Case | None) -> ModelPoint | None:
    if data is None:
        return None
    box = data.get("box")
    return ModelPoint(data["raw"][0], data["raw"][1], tuple(box) if box else None)
