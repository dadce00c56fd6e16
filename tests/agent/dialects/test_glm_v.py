"""GLM-V: calls in boxes, the memory, half-size history, and the JSON grammar for phones."""

import pytest
from PIL import Image

from screenwright.agent.core.coordinates import ModelPoint
from screenwright.agent.core.decision import Finish, GiveUp, ModelMove, ParseFailure, Reply
from screenwright.agent.core.messages import ImagePart, TextPart, Turn
from screenwright.agent.dialects.glm_v import GlmV
from screenwright.agent.dialects.prompting.prompt_kind import Prompt
from screenwright.agent.dialects.registry import dialect_for_model
from screenwright.envs import actions
from screenwright.envs.actions import Button, Direction
from screenwright.envs.geometry import Size
from screenwright.envs.screenshot import Screenshot

AT, TO = ModelPoint(10, 20), ModelPoint(30, 40)
SHOTS = [
    ImagePart.of(Screenshot(Image.new("RGB", (64, 40), (shade, 0, 0))), Size(64, 40)) for shade in range(0, 240, 40)
]
PHONE = GlmV(prompt=Prompt.MOBILE)


def boxed(call: str, memory: str = "[]") -> str:
    return f"<think>Hm.</think>There it is. <|begin_of_box|>{call}<|end_of_box|>\nMemory:\n{memory}"


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("left_click(start_box='[10,20]', element_info='OK')", actions.Click(AT)),
        ("right_click(start_box='[10,20]', element_info='')", actions.Click(AT, Button.RIGHT)),
        ("middle_click(start_box='[10,20]')", actions.Click(AT, Button.MIDDLE)),
        ("left_double_click(start_box='[10,20]', element_info='it's (a)')", actions.Click(AT, count=2)),
        ("hover(start_box='[10,20]')", actions.Move(AT)),
        ("left_drag(start_box='[10,20]', end_box='[30,40]', element_info='')", actions.Drag((AT, TO))),
        ("scroll(start_box='[10,20]', direction='down', step=5)", actions.Scroll(Direction.DOWN, 5, AT)),
        ("scroll(start_box='[10,20]', direction='up', step=3, element_info='')", actions.Scroll(Direction.UP, 3, AT)),
        ("key(keys='ctrl+c')", actions.Hotkey(("ctrl", "c"))),
        ("type(content='it's (a)')", actions.Type("it's (a)")),
        ("WAIT()", actions.Wait()),
        ("DONE()", Finish()),
        ("FAIL()", GiveUp()),
    ],
)
def test_call_in_a_box_is_one_action(call: str, expected: ModelMove) -> None:
    assert GlmV().parse(boxed(call)) == Reply((expected,), "There it is.", reasoning="Hm.")


def test_call_without_box_tokens_is_read_before_the_memory() -> None:
    text = "There it is. left_click(start_box='[10,20]', element_info='OK')\nMemory:\n[]"
    assert GlmV().parse(text) == Reply((actions.Click(AT),), "There it is.")
    assert GlmV().parse("All is done. DONE()\nMemory:\n[]") == Reply((Finish(),), "All is done.")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("I think that I should call DONE()", "no_action"),
        ("It is there.\nMemory:\n[]", "no_action"),
        (boxed("dance()"), "unknown_action"),
        (boxed("left_click(element_info='OK')"), "missing_point"),
        (boxed("scroll(start_box='[1,2]', direction='down', step=0)"), "bad_argument"),
        ("<think>left_click(start_box='[10,20]')", "no_action"),
    ],
)
def test_reply_without_an_action_is_refused(text: str, kind: str) -> None:
    reply = GlmV().parse(text)
    assert isinstance(reply, ParseFailure), reply
    assert reply.kind == kind


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ('{"action_type": "click", "box_2d": [[0,10,20,30]]}', (actions.Click(ModelPoint(10, 20, (0, 10, 20, 30))),)),
        (
            '{"action_type": "input_text", "text": "a", "box_2d": [[10,20,10,20]], "override": true}',
            (
                actions.Click(ModelPoint(10, 20, (10, 20, 10, 20))),
                actions.Hotkey(("ctrl", "a")),
                actions.Hotkey(("backspace",)),
                actions.Type("a", submit=True),
            ),
        ),
        ('{"action_type": "swipe", "direction": "up"}', (actions.Scroll(Direction.DOWN),)),
        ('{"action_type": "open_app", "app_name": "Maps"}', (actions.OpenApp("Maps"),)),
        ('{"action_type": "keyboard_enter"}', (actions.Hotkey(("enter",)),)),
        ('{"action_type": "navigate_back"}', (actions.Back(),)),
        ('{"action_type": "navigate_home"}', (actions.Home(),)),
        ('{"action_type": "wait"}', (actions.Wait(),)),
        ('{"action_type": "answer", "text": "42"}', (Finish("42"),)),
        ('{"action_type": "status", "goal_status": "complete"}', (Finish(),)),
        ('{"action_type": "status", "goal_status": "infeasible"}', (GiveUp(),)),
    ],
)
def test_phone_grammar(action: str, expected: tuple[ModelMove, ...]) -> None:
    text = f"Memory: None\nReason: So.\nAction: {action}"
    assert PHONE.parse(text) == Reply(expected, "So.")
    in_a_box = f"Memory: None\nReason: So.\nAction: <|begin_of_box|>{action}<|end_of_box|>"
    assert PHONE.parse(in_a_box) == Reply(expected, "So.")


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        (GlmV(), boxed("left_click(start_box='[10,20]')", '[{"names": ["a", "b"]}]')),
        (PHONE, 'Memory: [None]\nReason: So {}.\nAction: {"action_type": "click", "box_2d": [[1,2,3,4]]}'),
    ],
)
def test_streamed_reply_ends_with_its_last_section(dialect: GlmV, text: str) -> None:
    assert [end for end in range(len(text) + 1) if dialect.is_complete(text[:end])] == [len(text)]


def test_message_holds_the_steps_their_screenshots_at_half_size_and_the_memory() -> None:
    dialect = GlmV()
    images = dialect.history.images(6)
    turns = [
        Turn(
            shot if index in images else None,
            ("It is late.",) if index in (0, 5) else (),
            boxed("WAIT()", f'[{{"n": "{index}"}}]') if index < 5 else None,
        )
        for index, shot in enumerate(SHOTS)
    ]
    (message,) = dialect.render("Buy milk.", turns)
    parts = message.parts
    sizes = [part.size for part in parts if isinstance(part, ImagePart)]
    assert sizes == [Size(32, 20)] * 4 + [Size(64, 40)]
    first, *_, tail, newest, note = parts
    assert isinstance(first, TextPart)
    assert isinstance(tail, TextPart)
    assert "Buy milk." in first.text
    older = "\nIt is late.\nstep 1: Screenshot:(Omitted in context.) Thought: There it is.\nAction: WAIT()"
    assert first.text.endswith(f"{older}\nstep 2: Screenshot:")
    assert tail.text.startswith(" Thought: There it is.\nAction: WAIT()")
    assert '\nMemory:\n[{"n": "4"}]\n' in tail.text
    assert (newest, note) == (SHOTS[5], TextPart("It is late."))


def test_phone_message_holds_the_newest_screenshot_and_the_earlier_replies() -> None:
    past = 'Memory: None\nReason: So.\nAction: {"action_type": "wait"}'
    (message,) = PHONE.render("Buy milk.", (Turn(SHOTS[0], (), f"<think>Hm.</think>{past}"), Turn(SHOTS[1])))
    image, text = message.parts
    assert image == SHOTS[1]
    assert isinstance(text, TextPart)
    assert f"Step 0:\n{past}\n" in text.text


@pytest.mark.parametrize("served", ["zai-org/GLM-4.5V-FP8", "glm-4.6v-flash", "GLM-4.5V-AWQ", "glm-5v-turbo"])
def test_served_name_chooses_the_dialect(served: str) -> None:
    dialect = dialect_for_model(served)
    assert dialect is not None
    assert dialect.name == "glm-v"


@pytest.mark.parametrize("served", ["glm-4.5", "zai-org/GLM-4.6", "GLM-4.1V-9B-Thinking"])
def test_text_model_and_older_version_choose_none(served: str) -> None:
    assert dialect_for_model(served) is None
