"""Fara-7B and Fara1.5: what they are asked, and the forms of their replies."""

import json

import pytest

from screenwright.agent.core.coordinates import Absolute, Grid, ModelPoint
from screenwright.agent.core.decision import AskUser, Finish, GiveUp, ModelMove, ParseFailure, Reply
from screenwright.agent.core.messages import ImagePart, TextPart, Turn
from screenwright.agent.dialects.fara import Fara7b, Fara15
from screenwright.agent.dialects.prompting.prompt_kind import Prompt
from screenwright.agent.dialects.registry import with_prompt
from screenwright.envs.actions import (
    Back,
    Button,
    ButtonDown,
    ButtonUp,
    Click,
    Direction,
    Hotkey,
    Move,
    Navigate,
    Scroll,
    Type,
    Wait,
)
from screenwright.envs.geometry import Size

AT = ModelPoint(500, 250)
NOTHING = Wait(0.0)


def call(**arguments: object) -> str:
    """A reply as Fara writes it, ended by the stop string."""
    return f"I see the page.\n<tool_call>\n{json.dumps({'name': 'computer_use', 'arguments': arguments})}\n"


def moves(dialect: Fara7b, text: str) -> tuple[ModelMove, ...]:
    found = dialect.parse(text)
    assert isinstance(found, Reply), found
    assert found.thought == "I see the page."
    assert dialect.parse(f"{text}</tool_call>") == found
    return found.moves


BOTH = [
    ({"action": "left_click", "coordinate": [500, 250]}, (Click(AT),)),
    ({"action": "mouse_move", "coordinate": [500, 250]}, (Move(AT),)),
    ({"action": "key", "keys": ["Control", "a"]}, (Hotkey(("ctrl", "a")),)),
    ({"action": "key", "keys": ["ArrowDown"]}, (Hotkey(("down",)),)),
    ({"action": "visit_url", "url": "https://a.org/?q=1"}, (Navigate("https://a.org/?q=1"),)),
    ({"action": "visit_url", "url": "a.org"}, (Navigate("https://a.org"),)),
    ({"action": "visit_url", "url": "blue shoes"}, (Navigate("https://www.bing.com/search?q=blue+shoes&FORM=QBLH"),)),
    ({"action": "web_search", "query": "a&b"}, (Navigate("https://www.bing.com/search?q=a%26b&FORM=QBLH"),)),
    ({"action": "history_back"}, (Back(),)),
    ({"action": "pause_and_memorize_fact", "fact": "It costs 4."}, (NOTHING,)),
    ({"action": "wait", "time": 3}, (Wait(3.0),)),
    ({"action": "terminate", "status": "failure"}, (GiveUp(),)),
]


@pytest.mark.parametrize(("arguments", "expected"), BOTH)
def test_actions_of_both_versions(arguments: dict[str, object], expected: tuple[ModelMove, ...]) -> None:
    for dialect in (Fara7b(), Fara15()):
        assert moves(dialect, call(**arguments)) == expected


def test_memorized_fact_is_a_note() -> None:
    for dialect in (Fara7b(), Fara15()):
        reply = dialect.parse(call(action="pause_and_memorize_fact", fact='It costs "4".'))
        assert isinstance(reply, Reply)
        assert reply.note == 'It costs "4".'


def test_several_actions_are_not_stopped_after_the_first_call() -> None:
    one, several = Fara7b(), Fara7b(several_actions=True)
    assert one.shape(one.sampling).stop == ("</tool_call>",)
    assert several.shape(several.sampling).stop == ()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, (Click(AT), Type("shoes", submit=True))),
        ({"press_enter": False}, (Click(AT), Type("shoes"))),
        (
            {"delete_existing_text": True, "press_enter": True},
            (Click(AT), Hotkey(("ctrl", "a")), Hotkey(("backspace",)), Type("shoes", submit=True)),
        ),
    ],
)
def test_type_of_fara_7b_clicks_clears_and_submits(
    arguments: dict[str, object], expected: tuple[ModelMove, ...]
) -> None:
    assert moves(Fara7b(), call(action="type", text="shoes", coordinate=[500, 250], **arguments)) == expected


def test_type_of_fara15_only_types() -> None:
    assert moves(Fara15(), call(action="type", text="shoes")) == (Type("shoes"),)


@pytest.mark.parametrize(("pixels", "direction"), [(-1, Direction.DOWN), (-900, Direction.DOWN), (5, Direction.UP)])
def test_fara_7b_scrolls_by_pages(pixels: int, direction: Direction) -> None:
    assert moves(Fara7b(), call(action="scroll", pixels=pixels)) == (Scroll(direction, 8),)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"action": "scroll", "pixels": -500}, (Scroll(Direction.DOWN, 5),)),
        ({"action": "hscroll", "pixels": 300}, (Scroll(Direction.RIGHT, 3),)),
        ({"action": "double_click", "coordinate": [500, 250]}, (Click(AT, count=2),)),
        ({"action": "triple_click", "coordinate": [500, 250]}, (Click(AT, count=3),)),
        ({"action": "right_click", "coordinate": [500, 250]}, (Click(AT, Button.RIGHT),)),
        (
            {"action": "left_click_drag", "coordinate": [500, 250]},
            (ButtonDown(), Move(AT), ButtonUp(Button.LEFT, AT)),
        ),
        ({"action": "ask_user_question", "question": "Which size?"}, (AskUser("Which size?"),)),
        ({"action": "terminate", "answer": "42"}, (Finish("42"),)),
    ],
)
def test_further_actions_of_fara15(arguments: dict[str, object], expected: tuple[ModelMove, ...]) -> None:
    assert moves(Fara15(), call(**arguments)) == expected


def test_answer_of_fara_7b_is_its_reasoning() -> None:
    assert moves(Fara7b(), call(action="terminate", status="success")) == (Finish("I see the page."),)


def test_termination_of_fara15_needs_an_answer() -> None:
    failure = Fara15().parse(call(action="terminate"))
    assert isinstance(failure, ParseFailure)
    assert failure.kind == "missing_argument"


def test_page_is_not_read_as_text() -> None:
    failure = Fara15().parse(call(action="read_page_answer_question", question="How much?"))
    assert isinstance(failure, ParseFailure)
    assert failure.message == "a page cannot be read as text: scroll and look at it"


ONE, TWO = (ImagePart(name, Size(1428, 896)) for name in (b"one", b"two"))


def test_task_stays_when_its_screenshot_is_dropped() -> None:
    turns = (Turn(None, reply="first"), Turn(None, reply="second"), Turn(ONE, ("a note",), "third"), Turn(TWO))
    messages = Fara7b().render("Find it.", turns)
    assert [message.role for message in messages] == [
        "system",
        "user",
        "assistant",
        "assistant",
        "user",
        "assistant",
        "user",
    ]
    assert "1428 x 896" in messages[0].text
    assert messages[1].parts == (TextPart("Find it."),)
    assert messages[4].parts[0] is ONE
    assert messages[4].text.startswith("a note\n")
    assert messages[-1].parts[0] is TWO
    assert list(Fara7b().history.images(9)) == [6, 7, 8]


def test_requests_are_those_of_the_official_agents() -> None:
    assert (Fara7b().space, Fara15().space) == (Absolute(), Grid(1000))
    for dialect in (Fara7b(), Fara15()):
        assert dialect.sampling.stop == ("</tool_call>",)
        assert dialect.image_rule.max_pixels == 12_845_056
    assert Fara15().sampling.chat_template_kwargs == {"enable_thinking": False}
    assert "1000 x 1000" in Fara15().render("x", (Turn(ONE),))[0].text


def test_fara_is_for_web_pages_only() -> None:
    assert with_prompt(Fara7b(), Prompt.BROWSER) == Fara7b()
    with pytest.raises(ValueError, match="fara-7b has no computer prompt: choose one with --prompt browser"):
        with_prompt(Fara7b(), Prompt.COMPUTER)
