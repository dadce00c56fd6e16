"""GUI-Owl 1.0 and 1.5: what they are asked, and the forms of their replies."""

import json

import pytest

from screenwright.agent.core.coordinates import Absolute, Grid, ModelPoint
from screenwright.agent.core.decision import Finish, ModelMove, ParseFailure, Reply
from screenwright.agent.core.messages import ImagePart, TextPart, Turn
from screenwright.agent.dialects.gui_owl import GuiOwl, GuiOwl10
from screenwright.agent.dialects.prompting.prompt_kind import Prompt
from screenwright.envs.actions import Back, Click, Direction, Drag, Hotkey, LongPress, Scroll, Type
from screenwright.envs.geometry import Size

AT, TO = ModelPoint(10, 20), ModelPoint(30, 40)
IMAGES = [ImagePart(f"{number}".encode(), Size(1932, 1092)) for number in range(7)]


def call(**arguments: object) -> str:
    return f"<tool_call>\n{json.dumps({'name': 'computer_use', 'arguments': arguments})}\n</tool_call>"


def owl10(text: str) -> str:
    """A reply as GUI-Owl 1.0 writes it."""
    return f"<thinking>\nI see it.\n</thinking>\n{text}\n<conclusion>\nDid it.\n</conclusion>"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"action": "click", "coordinate": [10, 20]}, (Click(AT),)),
        ({"action": "drag", "coordinate": [10, 20], "coordinate2": [30, 40]}, (Drag((AT, TO)),)),
        ({"action": "scroll", "pixels": -5}, (Scroll(Direction.DOWN, 5),)),
        ({"action": "key", "keys": ["ctrl", "s"]}, (Hotkey(("ctrl", "s")),)),
        ({"action": "type", "text": "a", "clear": 0, "enter": 1}, (Type("a", submit=True),)),
        (
            {"action": "type", "text": "a", "clear": 1, "enter": 0},
            (Hotkey(("ctrl", "a")), Hotkey(("backspace",)), Type("a")),
        ),
        ({"action": "terminate", "status": "success"}, (Finish(),)),
    ],
)
def test_actions_of_1_0(arguments: dict[str, object], expected: tuple[ModelMove, ...]) -> None:
    reply = GuiOwl10().parse(owl10(call(**arguments)))
    assert reply == Reply(expected, "Did it.", reasoning="I see it.")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"action": "click", "coordinate": [10, 20]}, Click(AT)),
        ({"action": "long_press", "coordinate": [10, 20], "time": 2}, LongPress(AT, 2.0)),
        ({"action": "swipe", "coordinate": [10, 20], "coordinate2": [30, 40]}, Drag((AT, TO))),
        ({"action": "system_button", "button": "Back"}, Back()),
    ],
)
@pytest.mark.parametrize("dialect", [GuiOwl(prompt=Prompt.MOBILE), GuiOwl10(prompt=Prompt.MOBILE)])
def test_actions_on_phones(dialect: GuiOwl, arguments: dict[str, object], expected: ModelMove) -> None:
    reply = dialect.parse(call(**arguments).replace("computer_use", "mobile_use"))
    assert isinstance(reply, Reply)
    assert reply.moves == (expected,)


def test_conclusion_may_be_missing_or_cut_off() -> None:
    click = call(action="click", coordinate=[10, 20])
    for text, thought in ((click, None), (f"{click}\n<conclusion>\nDid", "Did")):
        reply = GuiOwl10().parse(text)
        assert isinstance(reply, Reply)
        assert reply.thought == thought


def test_call_in_the_reasoning_is_not_carried_out() -> None:
    failure = GuiOwl10().parse(f"<thinking>\n{call(action='terminate', status='success')}")
    assert isinstance(failure, ParseFailure)


def turns(reply: str) -> tuple[Turn, ...]:
    past = [Turn(IMAGES[index] if index > 1 else None, reply=reply.replace("it", str(index))) for index in range(6)]
    return (*past, Turn(IMAGES[6]))


def test_1_5_is_shown_four_replies_and_older_ones_as_lines() -> None:
    click = call(action="left_click", coordinate=[10, 20])
    messages = GuiOwl().render("Save.", turns(f"Action: Do it.\n{click}"))
    assert [message.role for message in messages] == ["system", *("user", "assistant") * 4, "user"]
    prompt, image = messages[1].parts
    assert isinstance(prompt, TextPart)
    assert prompt.text.endswith("Instruction: Save.\n\nPrevious actions:\nStep 1: Do 0.\nStep 2: Do 1.")
    assert image is IMAGES[2]
    assert messages[2].text == f"Action: Do 2.\n{click}"
    assert list(GuiOwl().history.images(7)) == [2, 3, 4, 5, 6]


def test_1_0_is_shown_one_screenshot_and_all_conclusions() -> None:
    dialect = GuiOwl10()
    past = [Turn(None, reply=owl10(call(action="wait", time=1)).replace("it.", f"it {number}.")) for number in (1, 2)]
    [system, user] = dialect.render("Save.", (*past, Turn(IMAGES[0], ("a note",))))
    assert "1932 x 1092" in system.text
    prompt, *shown = user.parts
    assert isinstance(prompt, TextPart)
    assert prompt.text.endswith("Previous actions:\nStep 1: Did it 1.\nStep 2: Did it 2.")
    assert shown == [TextPart("Current screenshot:\n"), IMAGES[0], TextPart("a note")]
    assert list(dialect.history.images(3)) == [2]


def test_earlier_screenshots_of_1_0_are_labelled_if_they_are_kept() -> None:
    [_, user] = GuiOwl10().render("Save.", (Turn(IMAGES[0], reply="x"), Turn(IMAGES[1])))
    assert user.parts[1:] == (
        TextPart("Screenshot of step 1:\n"),
        IMAGES[0],
        TextPart("Current screenshot:\n"),
        IMAGES[1],
    )


def test_requests_are_those_of_the_official_agents() -> None:
    assert (GuiOwl().space, GuiOwl10().space) == (Grid(1000), Absolute())
    assert [dialect.sampling.max_tokens for dialect in (GuiOwl(), GuiOwl10())] == [4096, 2048]
    assert [dialect.sampling.repetition_penalty for dialect in (GuiOwl(), GuiOwl10())] == [1.05, 1.05]
    assert GuiOwl().image_rule.max_pixels == 2645 * 32 * 32
    assert GuiOwl10().image_rule.resize(Size(1920, 1080)) == Size(1932, 1092)
