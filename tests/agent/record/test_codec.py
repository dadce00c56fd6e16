"""Actions as JSON: what is written is read back, and what is not an action is refused in one line."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screenwright.agent.core.decision import AskUser, Ending, Finish, GiveUp
from screenwright.agent.record.action_json import action_from_json, action_to_json, ending_from_json, ending_to_json
from screenwright.envs.actions import (
    Action,
    Back,
    Button,
    ButtonDown,
    ButtonUp,
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
seconds = st.floats(0, 1e6)
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
)
endings: st.SearchStrategy[Ending] = st.builds(Finish, texts) | st.builds(AskUser, texts) | st.builds(GiveUp, texts)


@given(action=actions)
def test_an_action_written_is_read_back(action: Action) -> None:
    assert action_from_json(json.loads(json.dumps(action_to_json(action)))) == action


@given(ending=endings)
def test_an_ending_written_is_read_back(ending: Ending) -> None:
    assert ending_from_json(json.loads(json.dumps(ending_to_json(ending)))) == ending
    assert action_to_json(ending) == ending_to_json(ending)


@pytest.mark.parametrize(
    ("action", "data"),
    [
        (Click(P), {"type": "click", "point": [1.25, 2], "button": "left", "count": 1}),
        (
            Click(P, Button.RIGHT, 2, ("ctrl",)),
            {"type": "click", "point": [1.25, 2], "button": "right", "count": 2, "modifiers": ["ctrl"]},
        ),
        (Drag((P, Q)), {"type": "drag", "point": [1.25, 2], "end_point": [3, 4], "button": "left"}),
        (
            Drag((P, Q, R)),
            {
                "type": "drag",
                "point": [1.25, 2],
                "end_point": [5, 6],
                "path": [[1.25, 2], [3, 4], [5, 6]],
                "button": "left",
            },
        ),
        (Scroll(Direction.DOWN), {"type": "scroll", "direction": "down", "amount": 5}),
        (Type("a", submit=True), {"type": "type", "text": "a", "submit": True}),
        (Hotkey(("ctrl", "c")), {"type": "hotkey", "keys": ["ctrl", "c"]}),
        (Back(), {"type": "navigate_back"}),
        (Finish("42"), {"type": "finished", "text": "42"}),
        (AskUser(), {"type": "call_user", "text": ""}),
        (GiveUp("no"), {"type": "infeasible", "text": "no"}),
    ],
)
def test_the_form_of_an_action_is_fixed(action: Action | Ending, data: dict[str, Any]) -> None:
    assert action_to_json(action) == data


@pytest.mark.parametrize(
    ("data", "action"),
    [
        ({"type": "click", "point": [1, 2]}, Click(ScreenPoint(1, 2))),
        ({"type": "scroll", "direction": "up"}, Scroll(Direction.UP)),
        ({"type": "type", "text": "a"}, Type("a")),
        ({"type": "wait"}, Wait()),
    ],
)
def test_what_has_a_default_may_be_left_out(data: dict[str, Any], action: Action) -> None:
    assert action_from_json(data) == action


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ({}, "an action lacks the field 'type'"),
        ({"type": "fly"}, "no action is called 'fly'"),
        ({"type": 3}, "the field 'type' of an action is a string"),
        ({"type": "click"}, "an action lacks the field 'point'"),
        ({"type": "click", "point": [1]}, "a point"),
        ({"type": "click", "point": "1,2"}, "a point"),
        ({"type": "click", "point": [1, float("nan")]}, "a finite number"),
        ({"type": "click", "point": [1, 10**400]}, "a finite number"),
        ({"type": "click", "point": [True, 2]}, "a finite number"),
        ({"type": "click", "point": [1, 2], "button": "fourth"}, "one of left, right, middle"),
        ({"type": "click", "point": [1, 2], "count": 1.5}, "a whole number"),
        ({"type": "click", "point": [1, 2], "x": 1}, "has no field x"),
        ({"type": "type", "text": "a", "submit": "yes"}, "true or false"),
        ({"type": "hotkey", "keys": "ctrl c"}, "a list"),
        ({"type": "hotkey", "keys": [1]}, "a list of strings"),
        ({"type": "drag", "point": [1, 2], "end_point": [3, 4], "path": [[1, 2], [9, 9]]}, "leads from its point"),
        ({"type": "drag", "point": [1, 2], "end_point": [1, 2], "path": [[1, 2]]}, "leads from its point"),
        ({"type": "scroll", "direction": "sideways"}, "one of up, down, left, right"),
    ],
)
def test_what_is_no_action_is_refused_in_one_line(data: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint) as caught:
        action_from_json(data)
    assert "\n" not in str(caught.value)


def test_what_is_no_ending_is_refused() -> None:
    with pytest.raises(ValueError, match="no ending is called 'click'"):
        ending_from_json({"type": "click"})
