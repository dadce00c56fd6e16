"""UI-Venus: the layouts of 1.0, 1.5 and 2, and the grammars of 2."""

import pytest

from screenwright.agent.core.coordinates import Grid, ModelPoint
from screenwright.agent.core.decision import AskUser, Finish, GiveUp, ModelMove, ParseFailure, Reply
from screenwright.agent.core.messages import ImagePart, Message, TextPart, Turn
from screenwright.agent.dialects.prompting.prompt_kind import Prompt
from screenwright.agent.dialects.registry import dialect_for_model
from screenwright.agent.dialects.ui_venus import NOT_ON_SCREEN, UiVenus, UiVenus10, UiVenusGround
from screenwright.agent.dialects.ui_venus2 import UiVenus2
from screenwright.envs import actions
from screenwright.envs.actions import Button, Direction
from screenwright.envs.geometry import Size

ONE, TWO, THREE, FOUR = (ImagePart(name, Size(1280, 800)) for name in (b"1", b"2", b"3", b"4"))
AT, TO = ModelPoint(10, 20), ModelPoint(30, 40)
COMPUTER, PAGE, PHONE = UiVenus2(), UiVenus2(prompt=Prompt.BROWSER), UiVenus2(prompt=Prompt.MOBILE)
POINT = UiVenus2(prompt=Prompt.GROUNDING)


def acted(dialect: UiVenus | UiVenus2, action: str) -> tuple[ModelMove, ...]:
    reply = dialect.parse(f"It is there.</think>\n<action>{action}</action>")
    assert isinstance(reply, Reply), reply
    return reply.moves


# -- 1.0 and 1.5

STEPS = (
    Turn(ONE, (), "<think>Open it.</think><action>Click(box=(1,2))</action><conclusion>Opened.</conclusion>"),
    Turn(TWO, ("Nothing changed.",), "I do not\nknow."),
    Turn(THREE, ("A page opened.",)),
)


@pytest.mark.parametrize("dialect", [UiVenus(), UiVenus10(), UiVenus(prompt=Prompt.MOBILE)])
def test_earlier_steps_are_text_beside_the_newest_screenshot(dialect: UiVenus) -> None:
    images = dialect.history.images(len(STEPS))
    turns = [Turn(turn.image if index in images else None, turn.notes, turn.reply) for index, turn in enumerate(STEPS)]
    system, message = dialect.render("Buy milk.", turns)
    text, image, note = message.parts
    assert (system.role, system.text, message.role) == ("system", "You are a helpful assistant.", "user")
    assert (image, note) == (THREE, TextPart("A page opened."))
    assert isinstance(text, TextPart)
    assert "Buy milk." in text.text
    past = "Step 0: <think>Open it.</think><action>Click(box=(1,2))</action>\nNothing changed.\nStep 1: I do not know."
    assert past in text.text
    assert "Opened." not in text.text


@pytest.mark.parametrize("dialect", [UiVenus(prompt=Prompt.GROUNDING), UiVenusGround(), POINT])
def test_grounding_is_one_message_that_starts_with_the_screenshot(dialect: UiVenus | UiVenus2) -> None:
    (message,) = dialect.render("the OK button", STEPS)
    image, text, *_ = message.parts
    assert (message.role, image) == ("user", THREE)
    assert isinstance(text, TextPart)
    assert "the OK button" in text.text


@pytest.mark.parametrize("dialect", [UiVenus(), UiVenusGround(), POINT])
def test_grounding_reply_is_a_point_a_box_or_a_refusal(dialect: UiVenus | UiVenus2) -> None:
    assert dialect.parse("[10,20]") == Reply((actions.Click(AT),))
    assert dialect.parse("[0,10,20,30]") == Reply((actions.Click(ModelPoint(10, 20, (0, 10, 20, 30))),))
    assert dialect.parse("[-1,-1]") == dialect.parse("[-1,-1,-1,-1]") == Reply((GiveUp(NOT_ON_SCREEN),))


def test_web_actions_of_1_5() -> None:
    assert acted(UiVenus(), "Hotkey(keys=['ctrl', 'c'])") == (actions.Hotkey(("ctrl", "c")),)
    assert acted(UiVenus(), "DoubleClick(box=(10,20))") == (actions.Click(AT, count=2),)
    assert acted(UiVenus(), "Launch(url='https://a.org')") == (actions.Navigate("https://a.org"),)
    assert acted(UiVenus(), "PressRecent()") == (actions.Hotkey(("recents",)),)


# -- 2: grammars


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("Click(box=(10, 20))", (actions.Click(AT),)),
        ("Click()", (actions.ButtonDown(), actions.ButtonUp())),
        ("DoubleClick(box=(10, 20))", (actions.Click(AT, count=2),)),
        ("DoubleClick()", (actions.ButtonDown(), actions.ButtonUp()) * 2),
        ("TripleClick(box=(10, 20))", (actions.Click(AT, count=3),)),
        ("RightClick(box=(10, 20))", (actions.Click(AT, Button.RIGHT),)),
        ("RightClick()", (actions.ButtonDown(Button.RIGHT), actions.ButtonUp(Button.RIGHT))),
        ("MiddleClick(box=(10, 20))", (actions.Click(AT, Button.MIDDLE),)),
        ("Hover(box=(10, 20))", (actions.Move(AT),)),
        ("Drag(end=(30, 40), start=(10, 20))", (actions.Drag((AT, TO)),)),
        ("Drag(end=(30, 40))", (actions.ButtonDown(), actions.Move(TO), actions.ButtonUp(Button.LEFT, TO))),
        ("Swipe(amount=-5, axis='vertical')", (actions.Scroll(Direction.DOWN, 5),)),
        ("Swipe(amount=600, axis='vertical')", (actions.Scroll(Direction.UP, 6),)),
        ("Swipe(amount=3, axis='horizontal')", (actions.Scroll(Direction.RIGHT, 3),)),
        ("Swipe(amount=-3, axis='horizontal')", (actions.Scroll(Direction.LEFT, 3),)),
        ("Type(content='a')", (actions.Type("a"),)),
        (r"Type(content='a\n')", (actions.Type("a", submit=True),)),
        ("Hotkey(keys=['ctrl', 'c'], repeat=1)", (actions.Hotkey(("ctrl", "c")),)),
        ("Hotkey(keys=['down'], repeat=3)", (actions.Hotkey(("down",)),) * 3),
        ("KeyDown(keys=['ctrl', 'shift'])", (actions.KeyDown("ctrl"), actions.KeyDown("shift"))),
        ("KeyUp(keys=['shift'])", (actions.KeyUp("shift"),)),
        ("MouseDown(box=(10, 20))", (actions.ButtonDown(Button.LEFT, AT),)),
        ("MouseUp()", (actions.ButtonUp(),)),
        ("Wait()", (actions.Wait(),)),
        ("CallUser(content='Which one?')", (AskUser("Which one?"),)),
        ("Finished(content='42')", (Finish("42"),)),
        (
            "Sequence(actions=[Click(box=(10, 20)), Type(content='it\\'s, a]\\n'), Hotkey(keys=['ctrl', 's'])])",
            (actions.Click(AT), actions.Type("it's, a]", submit=True), actions.Hotkey(("ctrl", "s"))),
        ),
    ],
)
def test_computer_grammar(action: str, expected: tuple[ModelMove, ...]) -> None:
    assert acted(COMPUTER, action) == expected


@pytest.mark.parametrize(
    ("dialect", "action", "expected"),
    [
        (PAGE, "Click(point=(10, 20))", actions.Click(AT)),
        (PAGE, "Scroll(point=(10, 20), direction='down')", actions.Scroll(Direction.DOWN, 5, AT)),
        (PAGE, "LongPress(point=(10, 20), duration=2)", actions.LongPress(AT, 2.0)),
        (PAGE, "Hotkey(keys=('ctrl', 'c'))", actions.Hotkey(("ctrl", "c"))),
        (PAGE, "Launch(url='https://a.org')", actions.Navigate("https://a.org")),
        (PAGE, "PressHome()", actions.Hotkey(("home",))),
        (PAGE, "PressBack()", actions.Back()),
        (PAGE, "Type(content='a')", actions.Type("a")),
        (PHONE, "Swipe(start=(10, 20), end=(30, 40))", actions.Drag((AT, TO))),
        (PHONE, "Drag(start=(10, 20), end=(30, 40))", actions.Drag((AT, TO))),
        (PHONE, "LaunchApp(app='Maps')", actions.OpenApp("Maps")),
        (PHONE, "PressHome()", actions.Home()),
        (PHONE, "PressRecent()", actions.Hotkey(("recents",))),
        (PHONE, "PressEnter()", actions.Hotkey(("enter",))),
        (PHONE, "Answer(content='42')", Finish("42")),
    ],
)
def test_page_and_phone_grammars(dialect: UiVenus2, action: str, expected: ModelMove) -> None:
    assert acted(dialect, action) == (expected,)


@pytest.mark.parametrize(
    ("dialect", "text", "kind"),
    [
        (COMPUTER, "I could <action>Click()</action> but", "no_action"),
        (COMPUTER, "<think>I could <action>Click()</action>", "no_action"),
        (COMPUTER, "So.</think><action>Click()</action><action>Wait()</action>", "bad_syntax"),
        (COMPUTER, "So.</think><action>Sequence(actions=[])</action>", "no_action"),
        (COMPUTER, "So.</think><action>Sequence(actions=[Sequence(actions=[Wait()])])</action>", "bad_syntax"),
        (COMPUTER, "So.</think><action>Sequence(actions=[Wait()", "truncated"),
        (COMPUTER, "So.</think><action>Swipe(amount=0, axis='vertical')</action>", "bad_argument"),
        (COMPUTER, "So.</think><action>Swipe(amount=1, axis='z')</action>", "bad_argument"),
        (COMPUTER, "So.</think><action>Hotkey(keys=['a'], repeat=999)</action>", "bad_argument"),
        (PHONE, "So.</think><action>Click()</action>", "missing_point"),
        (POINT, "I see it.", "no_action"),
    ],
)
def test_unusable_reply_of_2_is_refused(dialect: UiVenus2, text: str, kind: str) -> None:
    reply = dialect.parse(text)
    assert isinstance(reply, ParseFailure), reply
    assert reply.kind == kind


@pytest.mark.parametrize("opening", ["<think>", "", "\n<think>\n"])
def test_reply_may_begin_inside_its_reasoning(opening: str) -> None:
    text = f"{opening}Thought: click it.</think>\n<action>Click(box=(10, 20))</action>"
    assert COMPUTER.parse(text) == Reply((actions.Click(AT),), reasoning="Thought: click it.")


def test_taken_note_is_kept() -> None:
    reply = PAGE.parse("So.</think><action>TakeNote(content='It costs 5 EUR.')</action>")
    assert reply == Reply((actions.Wait(0.0),), reasoning="So.", note="It costs 5 EUR.")


def test_quoted_tag_in_reasoning_does_not_end_a_reply() -> None:
    text = "I write <action>Click()</action>"
    assert not COMPUTER.is_complete(text)
    whole = f"{text}.</think>\n<action>Wait()</action>"
    assert [length for length in range(len(whole) + 1) if COMPUTER.is_complete(whole[:length])] == [len(whole)]


# -- 2: layout and request


def described(messages: tuple[Message, ...]) -> list[tuple[str, object]]:
    return [(message.role, message.parts) for message in messages[1:]]


def test_two_past_screenshots_are_kept_and_a_dropped_one_leaves_an_empty_message() -> None:
    reply = "So.</think>\n<action>Wait()</action>"
    shown = "<think>So.</think>\n<action>Wait()</action>"
    images = COMPUTER.history.images(4)
    turns = [
        Turn(image if index in images else None, (), reply if index < 3 else None)
        for index, image in enumerate((ONE, TWO, THREE, FOUR))
    ]
    past, now = TextPart("History Screenshot:\n"), TextPart("Current Screenshot:\n")
    assert described(COMPUTER.render("Buy milk.", turns)) == [
        ("user", ()),
        ("assistant", (TextPart(shown),)),
        ("user", (past, TWO)),
        ("assistant", (TextPart(shown),)),
        ("user", (past, THREE)),
        ("assistant", (TextPart(shown),)),
        ("user", (now, FOUR)),
    ]
    assert described(PAGE.render("Buy milk.", turns))[-1] == ("user", (FOUR,))
    noted = PHONE.render("Buy milk.", (Turn(ONE, ("It is late.",)),))
    assert described(noted) == [("user", (TextPart("It is late.\n"), now, ONE))]


@pytest.mark.parametrize(("dialect", "steps"), [(COMPUTER, 999), (PAGE, 1000), (PHONE, 1000), (POINT, 1000)])
def test_task_stands_in_the_prompt_and_the_grid_follows_from_it(dialect: UiVenus2, steps: int) -> None:
    assert "Buy milk" in dialect.render("Buy milk", (Turn(ONE),))[0].text
    assert dialect.space == Grid(steps)


def test_thinking_is_on_except_for_grounding() -> None:
    assert COMPUTER.shape(COMPUTER.sampling).chat_template_kwargs == {"enable_thinking": True}
    assert POINT.shape(POINT.sampling).chat_template_kwargs == {"enable_thinking": False}
    sampling = COMPUTER.sampling
    assert (sampling.temperature, sampling.top_p, sampling.max_tokens) == (0.0, 0.7, 4096)


def test_plain_name_chooses_no_version() -> None:
    assert dialect_for_model("ui-venus") is None
    assert dialect_for_model("UI-Venus-8B-AWQ") is None
