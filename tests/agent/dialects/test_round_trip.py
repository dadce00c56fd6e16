"""Writing and parsing a reply returns the same moves and the same thought."""

from collections.abc import Callable, Sequence
from typing import Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screenwright.agent.core.coordinates import ModelPoint
from screenwright.agent.core.decision import AskUser, Finish, GiveUp, ModelMove, Reply
from screenwright.agent.dialects.autoglm import AutoGlm
from screenwright.agent.dialects.dialect import Dialect
from screenwright.agent.dialects.fara import Fara15
from screenwright.agent.dialects.gelato import Gelato
from screenwright.agent.dialects.glm_v import GlmV
from screenwright.agent.dialects.gta1 import Gta1
from screenwright.agent.dialects.gui_owl import GuiOwl, GuiOwl10
from screenwright.agent.dialects.holo import Holo, Holo1, holo2
from screenwright.agent.dialects.holo3 import Holo3, holo4
from screenwright.agent.dialects.kimi import Kimi
from screenwright.agent.dialects.mai_ui import MaiUi
from screenwright.agent.dialects.molmoweb import MolmoWeb
from screenwright.agent.dialects.opencua import OpenCua
from screenwright.agent.dialects.prompting.prompt_kind import Prompt
from screenwright.agent.dialects.qwen35 import Qwen35, Qwen38
from screenwright.agent.dialects.qwen_vl import EvoCua, Qwen3Vl, Qwen25Vl
from screenwright.agent.dialects.scalecua import ScaleCua
from screenwright.agent.dialects.seed_xml import SeedXml
from screenwright.agent.dialects.step_gui import StepGui
from screenwright.agent.dialects.ui_tars import Doubao, UiTars10, UiTars15
from screenwright.agent.dialects.ui_venus import UiVenus
from screenwright.agent.dialects.ui_venus2 import UiVenus2
from screenwright.envs import actions
from screenwright.envs.actions import Button, Direction
from screenwright.envs.keys import NAMED


class Writer(Dialect, Protocol):
    """A dialect that writes replies, as the families of this package do."""

    def format(self, thought: str | None, moves: Sequence[ModelMove]) -> str: ...


EVERYTHING: tuple[Writer, ...] = (UiTars15(), UiTars10(), Doubao(), SeedXml(), OpenCua(), ScaleCua(), GuiOwl())
TOUCH: tuple[Writer, ...] = (
    Qwen3Vl(prompt=Prompt.MOBILE),
    Qwen35(prompt=Prompt.MOBILE),
    GuiOwl(prompt=Prompt.MOBILE),
    UiVenus(),
)
FUNCTIONS: tuple[Writer, ...] = (Qwen25Vl(), Qwen3Vl(), EvoCua(), Qwen35(), Qwen38(), GuiOwl10(), Fara15())
HOLO: tuple[Writer, ...] = (Holo(), holo2(), Holo3(), holo4(), Holo3(prompt=Prompt.MOBILE))
SEVERAL: tuple[Writer, ...] = (*EVERYTHING, *TOUCH, MaiUi(), *FUNCTIONS)
VENUS: tuple[Writer, ...] = (UiVenus2(), UiVenus2(prompt=Prompt.BROWSER), UiVenus2(prompt=Prompt.MOBILE))
WRITERS: tuple[Writer, ...] = (*SEVERAL, *HOLO, *VENUS, GlmV(), Kimi(), AutoGlm(), MolmoWeb(), StepGui())

coordinates = st.integers(0, 8 * 4000).map(lambda eighths: eighths / 8)
points = st.builds(ModelPoint, coordinates, coordinates)
keys = st.sampled_from(sorted(NAMED) + list("abcz019+-=,./\\'`;[]"))
seconds = st.integers(0, 480).map(lambda eighths: eighths / 8)
texts = st.text(max_size=40)
# A text that ends in a line break cannot be distinguished from a submitted one.
typed = st.builds(actions.Type, texts, st.booleans()).filter(
    lambda typed: typed.submit or not typed.text.endswith("\n")
)
moves: st.SearchStrategy[ModelMove] = st.one_of(
    st.builds(actions.Click, points, st.sampled_from(Button), st.integers(1, 3)),
    st.builds(actions.Move, points),
    st.builds(actions.Drag, st.tuples(points, points)),
    st.builds(actions.Scroll, st.sampled_from(Direction), st.integers(1, 90), st.none() | points),
    typed,
    st.builds(actions.Hotkey, st.lists(keys, min_size=1, max_size=3).map(tuple)),
    st.builds(actions.KeyDown, keys),
    st.builds(actions.KeyUp, keys),
    st.builds(actions.ButtonDown, st.just(Button.LEFT), st.none() | points),
    st.builds(actions.ButtonUp, st.just(Button.LEFT), st.none() | points),
    st.builds(actions.LongPress, points, seconds),
    st.builds(actions.Wait, seconds),
    st.builds(actions.Navigate, texts),
    st.builds(actions.OpenApp, texts),
    st.just(actions.Back()),
    st.just(actions.Home()),
    st.builds(Finish, texts),
    st.builds(AskUser, texts),
    st.builds(GiveUp, texts),
)
thoughts = st.none() | st.from_regex(r"\A[A-Za-z][A-Za-z ,.'()\n]{0,60}[a-z.]\Z").filter(
    lambda text: "\n\n" not in text
)


def label(writer: Writer) -> str:
    prompt = getattr(writer, "prompt", None)
    return f"{writer.name}-{prompt}" if prompt else writer.name


def written(writer: Writer, moves: list[ModelMove]) -> str | None:
    """The reply, or None if the family cannot express it; the required moves are tested below."""
    try:
        return writer.format(None, moves)
    except ValueError:
        return None


# One example is tried with every writer: drawing it takes longer than writing and parsing it.


@given(move=moves)
def test_written_reply_is_parsed_back(move: ModelMove) -> None:
    for writer in WRITERS:
        if (text := written(writer, [move])) is not None:
            assert writer.parse(text) == Reply((move,)), label(writer)


@given(at=points)
def test_point_of_a_grounding_model_is_a_click(at: ModelPoint) -> None:
    for writer in (Gta1(), Gelato(), MaiUi(prompt=Prompt.GROUNDING), Holo1()):
        assert writer.parse(writer.format(None, [actions.Click(at)])) == Reply((actions.Click(at),)), label(writer)


@given(moves=st.lists(typed | st.builds(actions.Click, points) | st.builds(Finish, texts), min_size=2, max_size=4))
def test_moves_keep_their_order(moves: list[ModelMove]) -> None:
    for writer in SEVERAL:
        if (text := written(writer, moves)) is not None:
            assert writer.parse(text) == Reply(tuple(moves)), label(writer)


@given(thought=thoughts)
def test_thought_is_parsed_back(thought: str | None) -> None:
    for writer in (*SEVERAL, AutoGlm(), MolmoWeb()):
        reply = writer.parse(writer.format(thought, [actions.Click(ModelPoint(1, 2))]))
        assert isinstance(reply, Reply), (label(writer), reply)
        assert reply.thought == thought, label(writer)


@pytest.mark.parametrize("writer", EVERYTHING, ids=label)
def test_plus_key_is_kept_in_any_position(writer: Writer) -> None:
    for keys in (("+",), ("ctrl", "+"), ("alt", "+", "alt")):
        reply = writer.parse(writer.format(None, [actions.Hotkey(keys)]))
        assert isinstance(reply, Reply), reply
        assert reply.moves == (actions.Hotkey(keys),)


P, Q = ModelPoint(10, 20), ModelPoint(30.5, 40)
COMMON: tuple[ModelMove, ...] = (
    actions.Click(P),
    actions.Drag((P, Q)),
    actions.Type("a b", submit=True),
    actions.Wait(5.0),
    Finish("done"),
    AskUser("?"),
)
COMPUTER: tuple[ModelMove, ...] = (
    actions.Click(P, count=2),
    actions.Click(P, Button.RIGHT),
    actions.Move(P),
    actions.Scroll(Direction.LEFT, 3, P),
    actions.Hotkey(("ctrl", "c")),
)
PLAIN_PHONE: tuple[ModelMove, ...] = (
    actions.Click(P),
    actions.Drag((P, Q)),
    actions.LongPress(P),
    actions.Type("a b"),
    actions.OpenApp("Clock"),
    actions.Wait(5.0),
    Finish("done"),
    AskUser("?"),
)
PHONE: tuple[ModelMove, ...] = (actions.LongPress(P), actions.Back(), actions.Home(), actions.OpenApp("Clock"))


@pytest.mark.parametrize(
    ("writer", "required"),
    [
        *(
            (writer, (*COMMON, *COMPUTER))
            for writer in (UiTars15(), UiTars10(), Doubao(), SeedXml(), ScaleCua(), Qwen3Vl(), Qwen35())
        ),
        *((writer, (*COMMON, *PHONE)) for writer in (UiTars15(), *TOUCH, ScaleCua())),
        (OpenCua(), (*(move for move in COMMON if not isinstance(move, AskUser)), *COMPUTER)),
        (
            holo2(),
            (
                actions.Click(P),
                actions.Navigate("https://a.org"),
                actions.Back(),
                actions.Scroll(Direction.DOWN),
                Finish("42"),
            ),
        ),
        (Holo1(), (actions.Click(P),)),
        *((writer, PLAIN_PHONE) for writer in (MaiUi(), StepGui(), AutoGlm())),
        (MaiUi(), (actions.Back(), actions.Home(), GiveUp(), actions.Scroll(Direction.LEFT, at=P))),
        (AutoGlm(), (actions.Back(), actions.Home(), actions.Click(P, count=2))),
        (
            MolmoWeb(),
            (
                actions.Click(P, Button.RIGHT),
                actions.Scroll(Direction.DOWN, 5, P),
                actions.Hotkey(("ctrl", "a")),
                actions.Navigate("https://a.org"),
                actions.Drag((P, Q)),
                actions.Type("a b", submit=True),
                Finish("42"),
                AskUser("?"),
                GiveUp("no"),
            ),
        ),
        (Gta1(), (actions.Click(P),)),
    ],
    ids=lambda value: label(value) if not isinstance(value, tuple) else "",
)
def test_dialect_can_express_the_required_moves(writer: Writer, required: tuple[ModelMove, ...]) -> None:
    for move in required:
        reply = writer.parse(writer.format(None, [move]))
        assert isinstance(reply, Reply), (move, reply)
        assert reply.moves == (move,)


LEFT_CLICK = '{"action": "left_click", "coordinate": [10, 20]}'
FORMS: list[tuple[Callable[[], Writer], str]] = [
    (UiTars15, "Thought: Go.\nAction: click(start_box='(10,20)')"),
    (Doubao, "Thought: Go.\nAction: click(point='<point>10 20</point>')"),
    (
        SeedXml,
        "Go.\n<seed:tool_call><function=click><parameter=point><point>10 20</point></parameter></function>"
        "</seed:tool_call>",
    ),
    (OpenCua, "## Thought:\nGo.\n\n## Code:\n```python\npyautogui.click(x=10, y=20)\n```"),
    (ScaleCua, "<operation>\nGo.\n</operation>\n<action>\nclick(x=10, y=20)\n</action>"),
    (UiVenus, "<action>Click(box=(10,20))</action>\n<conclusion>Go.</conclusion>"),
    (Qwen3Vl, 'Action: Go.\n<tool_call>\n{"name": "computer_use", "arguments": ' + LEFT_CLICK + "}\n</tool_call>"),
    (
        Qwen35,
        "Action: Go.\n<tool_call>\n<function=computer_use>\n<parameter=action>\nleft_click\n</parameter>\n"
        "<parameter=coordinate>\n[10, 20]\n</parameter>\n</function>\n</tool_call>",
    ),
    (Holo1, "Click(10, 20)"),
    (Gta1, "(10,20)"),
    (Gelato, "(10,20)"),
    (AutoGlm, '<think>Go.</think><answer>do(action="Tap", element=[10,20])</answer>'),
    (
        MaiUi,
        "<thinking>\nGo.\n</thinking>\n<tool_call>\n"
        '{"name":"mobile_use","arguments":{"action":"click","coordinate":[10,20]}}\n</tool_call>',
    ),
    (StepGui, "<THINK>  </THINK>\nexplain:Go.\taction:CLICK\tpoint:10,20"),
]


@pytest.mark.parametrize(("make", "reply"), FORMS)
def test_dialect_writes_like_its_model(make: Callable[[], Writer], reply: str) -> None:
    assert make().format("Go.", [actions.Click(P)]) == reply


def test_inexpressible_move_is_an_error() -> None:
    with pytest.raises(ValueError, match="UI-TARS cannot express Click"):
        UiTars15().format(None, [actions.Click(P, Button.MIDDLE, count=3)])
