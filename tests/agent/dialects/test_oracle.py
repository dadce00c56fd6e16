"""The official `ui-tars` parser as an oracle: replies that both can parse have the same meaning.

It raises for many real replies and evaluates text with `eval`, so it is only used for simple replies in its own syntax.
"""

import contextlib
import io
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ui_tars.action_parser import parse_action_to_structure_output
from ui_tars.action_parser import smart_resize as official_smart_resize

from screenwright.agent.core.coordinates import Absolute, Grid, ImageRule, ModelPoint, Space, smart_resize
from screenwright.agent.core.decision import Finish, ModelMove, Reply
from screenwright.agent.dialects.ui_tars import Doubao, UiTars15
from screenwright.envs.actions import Button, Click, Direction, Drag, Hotkey, Scroll, Type, Wait
from screenwright.envs.geometry import Size

SCREEN = Size(1920, 1080)
RULE = ImageRule(28, 100 * 28 * 28, 16384 * 28 * 28)
IMAGE = RULE.resize(SCREEN)
whole = st.integers(0, 1000)
points = st.builds(ModelPoint, whole, whole)
texts = st.from_regex(r"\A[A-Za-z][A-Za-z ,.!?]{0,30}[a-z]\Z")
moves: st.SearchStrategy[ModelMove] = st.one_of(
    st.builds(Click, points, st.just(Button.LEFT), st.sampled_from([1, 2])),
    st.builds(Click, points, st.just(Button.RIGHT)),
    st.builds(Drag, st.tuples(points, points)),
    st.builds(Scroll, st.sampled_from(Direction), st.just(5), points),
    st.builds(Type, texts),
    st.builds(Hotkey, st.sampled_from([("ctrl", "c"), ("enter",), ("ctrl", "shift", "t")])),
    st.just(Wait()),
    st.builds(Finish, texts),
)


def official(text: str, space: Space) -> list[dict[str, Any]]:
    model = "qwen25vl" if isinstance(space, Absolute) else "doubao"
    with contextlib.redirect_stdout(io.StringIO()):
        return cast(
            "list[dict[str, Any]]",
            parse_action_to_structure_output(
                text, 1000, SCREEN.height, SCREEN.width, model, RULE.max_pixels, RULE.min_pixels
            ),
        )


def as_official(move: ModelMove, space: Space) -> tuple[str, dict[str, object]]:
    """The move in the form of the official parser: points as boxes, relative to the screen."""
    match move:
        case Click(at, button, count):
            name = {(Button.LEFT, 1): "click", (Button.LEFT, 2): "left_double", (Button.RIGHT, 1): "right_single"}
            return name[button, count], {"start_box": share(at, space)}
        case Drag((start, end)):
            return "drag", {"start_box": share(start, space), "end_box": share(end, space)}
        case Scroll(direction, _, ModelPoint() as at):
            return "scroll", {"start_box": share(at, space), "direction": str(direction)}
        case Type(text):
            return "type", {"content": text}
        case Hotkey(keys):
            return "hotkey", {"key": " ".join(keys)}
        case Wait():
            return "wait", {}
        case Finish(answer):
            return "finished", {"content": answer}
        case other:
            raise AssertionError(other)


def share(point: ModelPoint, space: Space) -> tuple[object, object]:
    pixel = space.to_image(point, IMAGE)
    return pytest.approx(pixel.x / IMAGE.width, abs=1e-6), pytest.approx(pixel.y / IMAGE.height, abs=1e-6)


def inputs(action: dict[str, Any]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in action["action_inputs"].items():
        if key.endswith("_box"):
            box = [float(part) for part in str(value).strip("[]()").split(",")]
            found[key] = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        else:
            found[key] = value
    return found


@pytest.mark.parametrize("dialect", [UiTars15(), Doubao()], ids=lambda dialect: dialect.name)
@given(thought=texts, expected=st.lists(moves, min_size=1, max_size=3))
def test_official_parser_returns_the_same_actions(dialect: UiTars15, thought: str, expected: list[ModelMove]) -> None:
    text = dialect.format(thought, expected)
    theirs = official(text, dialect.space)
    ours = dialect.parse(text)
    assert isinstance(ours, Reply)
    assert [(action["action_type"], inputs(action)) for action in theirs] == [
        as_official(move, dialect.space) for move in ours.moves
    ]
    assert [action["thought"] for action in theirs] == [ours.thought] * len(theirs)


def test_coordinate_spaces_of_the_two_dialects_differ() -> None:
    assert (UiTars15().space, Doubao().space) == (Absolute(), Grid(1000))


@given(width=st.integers(28, 8000), height=st.integers(28, 8000))
def test_resize_matches_the_official_code(width: int, height: int) -> None:
    if max(width, height) > 200 * min(width, height):
        return
    theirs = official_smart_resize(height, width, 28, 3136, 12_845_056)
    ours = smart_resize(Size(width, height), 28, 3136, 12_845_056)
    assert (ours.height, ours.width) == theirs
