"""The JSON of actions and endings: round trips, fixed forms, and strict reading."""

import json
from typing import Any, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from screenwright.agent.core.decision import AskUser, Ending, Finish, GiveUp
from screenwright.agent.record.codec import move_from_json, move_to_json
from screenwright.agent.record.events import Decided
from screenwright.agent.record.trajectory import event_from_json, event_to_json
from screenwright.envs.actions import (
    Action,
    ActionIn,
    Back,
    Button,
    ButtonDown,
    ButtonUp,
    CallFunction,
    Click,
    Direction,
    Drag,
    Home,
    Hotkey,
    KeyDown,
    KeyUp,
    LongPress,
    Move,
    Navigate,
    OpenApp,
    Scroll,
    Type,
    Wait,
)
from screenwright.envs.geometry import ScreenPoint

P, Q, R = ScreenPoint(1.25, 2), ScreenPoint(3, 4), ScreenPoint(5, 6)
points = st.builds(ScreenPoint, st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
buttons = st.sampled_from(Button)
texts = st.text(max_size=20)
names = st.lists(texts, max_size=3).map(tuple)
seconds = st.floats(0, 60)
actions: st.SearchStrategy[Action] = st.one_of(
    st.builds(Click, points, buttons, st.integers(1, 3), names),
    st.builds(Move, points),
    st.builds(Drag, st.lists(points, min_size=2, max_size=5).map(tuple), buttons, names),
    st.builds(Scroll, st.sampled_from(Direction), st.integers(1, 500), st.none() | points),
    st.builds(Type, texts, st.booleans()),
    st.builds(Hotkey, names),
    st.builds(KeyDown, texts),
    st.builds(KeyUp, texts),
    st.builds(ButtonDown, buttons, st.none() | points),
    st.builds(ButtonUp, buttons, st.none() | points),
    st.builds(LongPress, points, seconds),
    st.builds(Wait, seconds),
    st.builds(Navigate, texts),
    st.just(Back()),
    st.builds(OpenApp, texts),
    st.just(Home()),
    st.builds(CallFunction, texts, texts),
)
endings: st.SearchStrategy[Ending] = st.builds(Finish, texts) | st.builds(AskUser, texts) | st.builds(GiveUp, texts)

FORMS: list[tuple[Action | Ending, dict[str, Any]]] = [
    (Click(P), {"type": "click", "at": [1.25, 2], "button": "left", "count": 1, "modifiers": []}),
    (
        Click(P, Button.RIGHT, 2, ("ctrl",)),
        {"type": "click", "at": [1.25, 2], "button": "right", "count": 2, "modifiers": ["ctrl"]},
    ),
    (Move(P), {"type": "move", "to": [1.25, 2]}),
    (Drag((P, Q)), {"type": "drag", "path": [[1.25, 2], [3, 4]], "button": "left", "modifiers": []}),
    (Drag((P, Q, R)), {"type": "drag", "path": [[1.25, 2], [3, 4], [5, 6]], "button": "left", "modifiers": []}),
    (Scroll(Direction.DOWN), {"type": "scroll", "direction": "down", "amount": 5}),
    (Type("a", submit=True), {"type": "type", "text": "a", "submit": True}),
    (Hotkey(("ctrl", "c")), {"type": "hotkey", "keys": ["ctrl", "c"]}),
    (KeyDown("a"), {"type": "key_down", "key": "a"}),
    (KeyUp("a"), {"type": "key_up", "key": "a"}),
    (ButtonDown(), {"type": "button_down", "button": "left"}),
    (ButtonUp(Button.LEFT, P), {"type": "button_up", "button": "left", "at": [1.25, 2]}),
    (LongPress(P), {"type": "long_press", "at": [1.25, 2], "seconds": 1.5}),
    (Wait(1), {"type": "wait", "seconds": 1}),
    (Navigate("a.example"), {"type": "navigate", "url": "a.example"}),
    (Back(), {"type": "back"}),
    (OpenApp("mail"), {"type": "open_app", "app": "mail"}),
    (Home(), {"type": "home"}),
    (CallFunction("stock", '{"n": 1}'), {"type": "call_function", "name": "stock", "arguments": '{"n": 1}'}),
    (Finish("42"), {"type": "finish", "answer": "42"}),
    (AskUser(), {"type": "ask_user", "question": ""}),
    (GiveUp("no"), {"type": "give_up", "reason": "no"}),
]


@given(move=actions | endings)
def test_round_trip_keeps_every_value(move: Action | Ending) -> None:
    assert move_from_json(json.dumps(move_to_json(move))) == move


@given(steps=st.lists(actions, max_size=3).map(tuple), ending=st.none() | endings)
def test_round_trip_inside_an_event_keeps_every_value(steps: tuple[Action, ...], ending: Ending | None) -> None:
    event = Decided(1, None, steps, ending)
    assert event_from_json(event_to_json(event), lambda name, size: b"") == event


def test_fixed_forms_cover_every_action_and_ending() -> None:
    kinds = {get_origin(kind) or kind for kind in (*get_args(ActionIn), *get_args(Ending))}
    assert {type(move) for move, _ in FORMS} == kinds


@pytest.mark.parametrize(("move", "data"), FORMS)
def test_json_form_is_fixed(move: Action | Ending, data: dict[str, Any]) -> None:
    assert move_to_json(move) == data


@pytest.mark.parametrize(
    ("data", "move"),
    [
        ({"type": "click", "at": [1, 2]}, Click(ScreenPoint(1, 2))),
        ({"type": "scroll", "direction": "up"}, Scroll(Direction.UP)),
        ({"type": "type", "text": "a"}, Type("a")),
        ({"type": "wait"}, Wait()),
        ({"type": "finish"}, Finish()),
    ],
)
def test_fields_with_a_default_are_optional(data: dict[str, Any], move: Action | Ending) -> None:
    assert move_from_json(json.dumps(data)) == move


@pytest.mark.parametrize(
    ("data", "where", "complaint"),
    [
        ({}, "", "'type' must be one of click, move, drag"),
        ({"type": "fly"}, "", "'type' must be one of click, move, drag"),
        ({"type": 3}, "", "'type' must be one of click, move, drag"),
        ({"type": []}, "", "'type' must be one of click, move, drag"),
        ([], "", "'type' must be one of click, move, drag"),
        ({"type": "click"}, "click.at", "Field required"),
        ({"type": "click", "at": None}, "click.at", "valid array"),
        ({"type": "click", "at": [1]}, "click.at.1", "Field required"),
        ({"type": "click", "at": [1, 2, 3]}, "click.at", "at most 2 items"),
        ({"type": "click", "at": "1,2"}, "click.at", "valid array"),
        ({"type": "click", "at": [1, float("nan")]}, "click.at.1", "a finite number"),
        ({"type": "click", "at": [1, float("inf")]}, "click.at.1", "a finite number"),
        ({"type": "click", "at": [1, 10**400]}, "click.at.1", "a valid number"),
        ({"type": "click", "at": [True, 2]}, "click.at.0", "a valid number"),
        ({"type": "click", "at": [1, 2], "button": "fourth"}, "click.button", "'middle', 'back' or 'forward'"),
        ({"type": "click", "at": [1, 2], "count": 1.5}, "click.count", "a valid integer"),
        ({"type": "click", "at": [1, 2], "count": True}, "click.count", "a valid integer"),
        ({"type": "click", "at": [1, 2], "x": 1}, "click.x", "Unexpected keyword"),
        ({"type": "type", "text": 1}, "type.text", "a valid string"),
        ({"type": "type", "text": "a", "submit": "yes"}, "type.submit", "a valid boolean"),
        ({"type": "wait", "seconds": "1"}, "wait.seconds", "a valid number"),
        ({"type": "hotkey", "keys": "ctrl c"}, "hotkey.keys", "valid array"),
        ({"type": "hotkey", "keys": [1]}, "hotkey.keys.0", "a valid string"),
        ({"type": "drag", "path": [[1, 2], [3]]}, "drag.path.1.1", "Field required"),
        ({"type": "drag", "path": [[1, 2]]}, "drag", "must be 2 to 500, not 1"),
        ({"type": "wait", "seconds": 1e9}, "wait", "must be 0 to 600, not 1e+09"),
        ({"type": "scroll", "direction": "sideways"}, "scroll.direction", "'up', 'down', 'left' or 'right'"),
        ({"type": "finish", "answer": 42}, "finish.answer", "a valid string"),
    ],
)
def test_malformed_json_is_refused_in_one_line_that_names_the_field(data: Any, where: str, complaint: str) -> None:
    with pytest.raises(ValidationError) as caught:
        move_from_json(json.dumps(data))
    (problem,) = caught.value.errors()
    assert ".".join(map(str, problem["loc"])) == where
    assert complaint in problem["msg"]
    assert "\n" not in problem["msg"]


def test_an_ending_is_no_action() -> None:
    line = b'{"event": "decided", "step": 1, "thought": null, "actions": [{"type": "finish"}]}'
    with pytest.raises(ValidationError, match="'type' must be one of click"):
        event_from_json(line, lambda name, size: b"")
    assert isinstance(event_from_json(line.replace(b'{"type": "finish"}', b""), lambda name, size: b""), Decided)
