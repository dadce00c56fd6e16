"""Families made for phones, and MolmoWeb and Gelato: reply forms, layouts and requests of their official agents."""

from datetime import date

import pytest

from screenwright.agent.core.coordinates import Grid, ImagePoint, ModelPoint
from screenwright.agent.core.decision import AskUser, Finish, GiveUp, ModelMove, ParseFailure, Reply
from screenwright.agent.core.messages import ImagePart, Message, TextPart, Turn
from screenwright.agent.dialects.autoglm import AutoGlm
from screenwright.agent.dialects.gelato import Gelato
from screenwright.agent.dialects.mai_ui import MaiUi
from screenwright.agent.dialects.molmoweb import MolmoWeb
from screenwright.agent.dialects.prompting.prompt_kind import Prompt
from screenwright.agent.dialects.registry import with_language, with_several_actions
from screenwright.agent.dialects.step_gui import StepGui
from screenwright.agent.dialects.template_dialect import TemplateDialect
from screenwright.envs import actions
from screenwright.envs.actions import Button, Direction
from screenwright.envs.geometry import Size

FIRST, NOW = (ImagePart(name, Size(1080, 2400)) for name in (b"first", b"now"))
P, Q = ModelPoint(500, 300), ModelPoint(500, 900)
TASK = "Open the clock."
CLEAR = (actions.Hotkey(("ctrl", "a")), actions.Hotkey(("backspace",)))


def moves(dialect: TemplateDialect, text: str) -> tuple[ModelMove, ...]:
    reply = dialect.parse(text)
    assert isinstance(reply, Reply), reply
    return reply.moves


def failure(dialect: TemplateDialect, text: str) -> str:
    found = dialect.parse(text)
    assert isinstance(found, ParseFailure), found
    return found.kind


def contents(message: Message) -> list[object]:
    return [part.text if isinstance(part, TextPart) else part for part in message.parts]


# -- MAI-UI


def mobile_use(arguments: str) -> str:
    call = f'{{"name": "mobile_use", "arguments": {arguments}}}'
    return f"<thinking>\nThe plan.\n</thinking>\n<tool_call>\n{call}\n</tool_call>"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('{"action": "click", "coordinate": [500, 300]}', actions.Click(P)),
        ('{"action": "click", "coordinate": [480, 280, 520, 320]}', None),
        ('{"action": "double_click", "coordinate": [500, 300]}', actions.Click(P, count=2)),
        ('{"action": "long_press", "coordinate": [500, 300]}', actions.LongPress(P)),
        ('{"action": "type", "text": "it\'s"}', actions.Type("it's")),
        ('{"action": "swipe", "direction": "up"}', actions.Scroll(Direction.DOWN)),
        ('{"action": "swipe", "direction": "left", "coordinate": [500, 300]}', actions.Scroll(Direction.RIGHT, at=P)),
        ('{"action": "drag", "start_coordinate": [500, 300], "end_coordinate": [500, 900]}', actions.Drag((P, Q))),
        ('{"action": "open", "text": "Clock"}', actions.OpenApp("Clock")),
        ('{"action": "system_button", "button": "back"}', actions.Back()),
        ('{"action": "system_button", "button": "home"}', actions.Home()),
        ('{"action": "system_button", "button": "enter"}', actions.Hotkey(("enter",))),
        ('{"action": "wait"}', actions.Wait()),
        ('{"action": "answer", "text": "42"}', Finish("42")),
        ('{"action": "terminate", "status": "success"}', Finish()),
        ('{"action": "terminate", "status": "fail"}', GiveUp()),
        ('{"action": "ask_user", "text": "Which one?"}', AskUser("Which one?")),
    ],
)
def test_mai_ui_call_is_parsed(arguments: str, expected: ModelMove | None) -> None:
    expected = expected or actions.Click(ModelPoint(500, 300, (480, 280, 520, 320)))
    assert MaiUi().parse(mobile_use(arguments)) == Reply((expected,), "The plan.")


@pytest.mark.parametrize("opening", ["<thinking>", "<think>", ""])
def test_thinking_of_mai_ui_may_be_closed_by_think(opening: str) -> None:
    text = mobile_use('{"action": "wait"}').replace("<thinking>", opening).replace("</thinking>", "</think>")
    assert MaiUi().parse(text) == Reply((actions.Wait(),), "The plan.")


def test_mai_ui_answer_is_a_point_and_never_a_finish() -> None:
    text = '<grounding_think>Top left.</grounding_think>\n<answer>\n{"coordinate": [500,300]}\n</answer>'
    assert MaiUi(prompt=Prompt.GROUNDING).parse(text) == Reply((actions.Click(P),), "Top left.")
    assert failure(MaiUi(), "<answer>It is 42.</answer>") == "no_action"


def test_mcp_tool_is_an_unknown_action() -> None:
    assert failure(MaiUi(), '<tool_call>{"name": "amap_search", "arguments": {"query": "tea"}}</tool_call>') == (
        "unknown_action"
    )


def test_mai_ui_layout_has_the_task_alone_and_past_calls_in_compact_json() -> None:
    replies = [mobile_use('{"action": "click", "coordinate": [500, 300]}'), mobile_use('{"action": "wait"}')]
    turns = [Turn(None, reply=replies[0]), Turn(FIRST, reply=replies[1]), Turn(NOW)]
    system, *rest = MaiUi().render(TASK, turns)
    assert system.role == "system"
    call = '<thinking>\nThe plan.\n</thinking>\n<tool_call>\n{"name":"mobile_use","arguments":%s}\n</tool_call>'
    assert [(message.role, contents(message)) for message in rest] == [
        ("user", [TASK]),
        ("assistant", [call % '{"action":"click","coordinate":[500,300]}']),
        ("user", [FIRST]),
        ("assistant", [call % '{"action":"wait"}']),
        ("user", [NOW]),
    ]


def test_mai_ui_grounds_with_the_text_before_the_image() -> None:
    system, user = MaiUi(prompt=Prompt.GROUNDING).render("the clock", [Turn(FIRST, reply="x"), Turn(NOW)])
    assert '"coordinate"' in system.text
    assert contents(user) == ["the clock\n", NOW]


def test_mai_ui_offers_questions_on_request() -> None:
    assert "ask_user" not in MaiUi().render(TASK, [Turn(NOW)])[0].text
    assert "ask_user" in MaiUi(ask_user=True).render(TASK, [Turn(NOW)])[0].text


# -- Step-GUI


def fields(action: str) -> str:
    return f"<THINK> Look: it is there. </THINK>\nexplain:Open it.\taction:{action}\tsummary:1. Opened: it.\n"


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("CLICK\tpoint:500,300", (actions.Click(P),)),
        ("CLICK\tpoint:500 300", (actions.Click(P),)),
        ("LONGPRESS\tpoint:500,300", (actions.LongPress(P),)),
        ("SLIDE\tpoint1:500,300\tpoint2:500,900", (actions.Drag((P, Q)),)),
        ("TYPE\tvalue:a: b, 'c'", (actions.Type("a: b, 'c'"),)),
        ("TYPE\tvalue:tea\tpoint:500,300", (actions.Click(P), actions.Type("tea"))),
        ("AWAKE\tvalue:Clock", (actions.OpenApp("Clock"),)),
        ("WAIT\tvalue:3", (actions.Wait(3.0),)),
        ("WAIT\tvalue:3 s", (actions.Wait(3.0),)),
        ("INFO\tvalue:Which one?", (AskUser("Which one?"),)),
        ("COMPLETE\treturn:It is 9:00.", (Finish("It is 9:00."),)),
        ("ABORT\tvalue:no network", (GiveUp("no network"),)),
        ("ABORT", (GiveUp(),)),
    ],
)
def test_step_gui_fields_are_parsed(action: str, expected: tuple[ModelMove, ...]) -> None:
    assert StepGui().parse(fields(action)) == Reply(expected, "Open it.", reasoning="Look: it is there.")


@pytest.mark.parametrize(
    "tags", [("<TINK>", "</TINK>"), ("<think>", "</think>"), ("< THINK >", "< / THINK >"), ("", "")]
)
def test_misspelt_think_tags_are_accepted(tags: tuple[str, str]) -> None:
    opening, closing = tags
    text = f"{opening}{'hm' if opening else ''}{closing}\nexplain:x\taction:WAIT\tvalue:1\tsummary:y"
    assert moves(StepGui(), text) == (actions.Wait(1.0),)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("<THINK> only this", "no_action"),
        ("explain:x\tsummary:y", "no_action"),
        ("action:CLICK\tpoint:1,2\taction:WAIT", "bad_argument"),
        ("action:CLICK\tsummary:y", "missing_point"),
        ("action:FLY\tsummary:y", "unknown_action"),
        ("action:CLICK point:1,2", "unknown_action"),
    ],
)
def test_incomplete_fields_are_a_failure(text: str, kind: str) -> None:
    assert failure(StepGui(), text) == kind


def test_step_gui_is_sent_its_last_summary_and_the_newest_screenshot() -> None:
    turns = [
        Turn(None, reply=fields("WAIT\tvalue:1")),
        Turn(None, reply=fields("CLICK\tpoint:1,2")),
        Turn(NOW, ("a note",)),
    ]
    [message] = StepGui().render(TASK, turns)
    prompt, about, image, instructions, note = contents(message)
    assert "action:CLICK" in str(prompt)
    assert TASK in str(about)
    assert str(about).count("1. Opened: it.") == 1
    assert image is NOW
    assert "summary:" in str(instructions)
    assert note == "a note"


def test_step_gui_without_a_summary_is_sent_the_explanations() -> None:
    turns = [Turn(None, reply="explain:Wait a bit.\taction:WAIT\tvalue:1"), Turn(NOW)]
    [message] = StepGui().render(TASK, turns)
    assert "Step 1: Wait a bit." in message.text
    assert "none yet" in StepGui().render(TASK, [Turn(NOW)])[0].text


# -- AutoGLM


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ('do(action="Tap", element=[500,300])', actions.Click(P)),
        ('do(action="Tap", element=[500,300], message="pays")', actions.Click(P)),
        ('do(action="Double Tap", element=[500,300])', actions.Click(P, count=2)),
        ('do(action="Long Press", element=[500, 300])', actions.LongPress(P)),
        ('do(action="Swipe", start=[500,300], end=[500,900])', actions.Drag((P, Q))),
        ('do(action="Type", text="say "hi", now")', actions.Type('say "hi", now')),
        ('do(action="Type_Name", text="Ann")', actions.Type("Ann")),
        ('do(action="Launch", app="Clock")', actions.OpenApp("Clock")),
        ('do(action="Back")', actions.Back()),
        ('do(action="Home")', actions.Home()),
        ('do(action="Wait", duration="3 seconds")', actions.Wait(3.0)),
        ('do(action="Take_over", message="Please log in.")', AskUser("Please log in.")),
        ('do(action="Interact")', AskUser()),
        ('do(action="Note", message="True")', actions.Wait(0.0)),
        ('finish(message="It is "9:00".")', Finish('It is "9:00".')),
    ],
)
@pytest.mark.parametrize("form", ["<think>So.</think>\n<answer>{}</answer>", "So.\n{}", "So.{}\n</answer>"])
def test_autoglm_call_is_parsed_with_its_tags_and_without(call: str, expected: ModelMove, form: str) -> None:
    assert AutoGlm().parse(form.replace("{}", call)) == Reply((expected,), "So.")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('I would finish(message="done") but the page loads.', "truncated"),
        ("<answer>It is done.</answer>", "no_action"),
        ('do(action="Fly")', "unknown_action"),
        ("do(element=[1,2])", "missing_argument"),
        ('do(action="Tap", element=[1,', "truncated"),
    ],
)
def test_autoglm_reply_without_a_call_at_its_end_is_a_failure(text: str, kind: str) -> None:
    assert failure(AutoGlm(), text) == kind


def test_call_that_a_thought_mentions_is_not_carried_out() -> None:
    text = 'Then I finish(message="done"), but first: do(action="Back")'
    assert moves(AutoGlm(), text) == (actions.Back(),)


def test_autoglm_layout_keeps_the_texts_of_earlier_screens_and_restores_tags() -> None:
    turns = [Turn(None, reply='So.do(action="Back")'), Turn(NOW, ("a note",))]
    system, *rest = AutoGlm(today=date(2026, 11, 30)).render(TASK, turns)
    assert system.text.startswith("Today is Monday, 2026-11-30.\n\n")
    assert [(message.role, contents(message)) for message in rest] == [
        ("user", [f"{TASK}\n\n{{}}"]),
        ("assistant", ['<think>So.</think><answer>do(action="Back")</answer>']),
        ("user", [NOW, "** Screen Info **\n\n{}", "a note"]),
    ]


def test_autoglm_prompt_is_in_english_or_chinese() -> None:
    with pytest.raises(ValueError, match="the prompt of autoglm is in English or Chinese, not in German"):
        with_language(AutoGlm(), "German")


# -- MolmoWeb


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ('{"name": "click", "x": 45.2, "y": 12.8}', (actions.Click(ModelPoint(45.2, 12.8)),)),
        (
            '{"name": "mouse_click", "x": 1, "y": 2, "button": "right"}',
            (actions.Click(ModelPoint(1, 2), Button.RIGHT),),
        ),
        ('{"name": "dblclick", "x": 1, "y": 2}', (actions.Click(ModelPoint(1, 2), count=2),)),
        ('{"name": "hover_at", "x": 1, "y": 2, "duration": 1.0}', (actions.Move(ModelPoint(1, 2)),)),
        (
            '{"name": "mouse_drag_and_drop", "from_x": 1, "from_y": 2, "to_x": 3, "to_y": 4}',
            (actions.Drag((ModelPoint(1, 2), ModelPoint(3, 4))),),
        ),
        ('{"name": "scroll", "delta_x": 0, "delta_y": 100}', (actions.Scroll(Direction.DOWN, 7),)),
        (
            '{"name": "scroll_at", "x": 1, "y": 2, "delta_x": -50, "delta_y": 0}',
            (actions.Scroll(Direction.LEFT, 6, ModelPoint(1, 2)),),
        ),
        ('{"name": "keyboard_type", "text": "tea"}', (actions.Type("tea"),)),
        ('{"name": "keyboard_press", "key": "ControlOrMeta+a"}', (actions.Hotkey(("ctrl", "a")),)),
        ('{"name": "keypress", "key": "ArrowDown"}', (actions.Hotkey(("down",)),)),
        (
            '{"name": "gemini_type_text_at", "x": 452, "y": 128, "text": "tea"}',
            (actions.Click(ModelPoint(45.2, 12.8)), *CLEAR, actions.Type("tea", submit=True)),
        ),
        (
            '{"name": "gemini_type_text_at", "x": 10, "y": 20, "text": "", "press_enter": false}',
            (actions.Click(ModelPoint(1, 2)), *CLEAR, actions.Type("")),
        ),
        ('{"name": "goto", "url": "https://a.org"}', (actions.Navigate("https://a.org"),)),
        ('{"name": "browser_nav", "nav_type": "go_back", "index": -1}', (actions.Back(),)),
        ('{"name": "browser_nav", "nav_type": "tab_focus", "index": 1}', (actions.Hotkey(("ctrl", "2")),)),
        ('{"name": "noop", "noop_reason": "loading"}', (actions.Wait(5.0),)),
        ('{"name": "send_msg_to_user", "msg": "[ANSWER] 42"}', (Finish("42"),)),
        ('{"name": "send_msg_to_user", "msg": "[EXIT]"}', (Finish(),)),
        ('{"name": "send_msg_to_user", "msg": "Which one?"}', (AskUser("Which one?"),)),
        ('{"name": "report_infeasible", "infeasibility_reason": "no page"}', (GiveUp("no page"),)),
    ],
)
def test_molmoweb_action_is_parsed(action: str, expected: tuple[ModelMove, ...]) -> None:
    assert MolmoWeb().parse(f'{{"thought": "So.", "action": {action}}}') == Reply(expected, "So.")
    assert moves(MolmoWeb(), action) == expected


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("It is 42.", "no_action"),
        ('{"thought": "So."}', "no_action"),
        ('{"name": "click", "x": 1}', "missing_point"),
        ('{"name": "scroll", "delta_x": 0, "delta_y": 0}', "missing_argument"),
        ('{"name": "browser_nav", "nav_type": "tab_focus", "index": 12}', "bad_argument"),
        ('{"name": "click", "x": 1, "y": ', "truncated"),
    ],
)
def test_incomplete_json_of_molmoweb_is_a_failure(text: str, kind: str) -> None:
    assert failure(MolmoWeb(), text) == kind


def test_coordinates_of_molmoweb_are_percentages() -> None:
    assert Grid(100).to_image(ModelPoint(45, 12.5), Size(1280, 720)) == ImagePoint(576, 90)
    assert MolmoWeb().space == Grid(100)


def test_molmoweb_is_sent_its_last_ten_steps_as_text_before_the_screenshot() -> None:
    replies = [f'{{"thought": "t{n}", "action": {{"name": "goto", "url": "u{n}"}}}}' for n in range(1, 13)]
    [message] = MolmoWeb().render(TASK, [*(Turn(None, reply=reply) for reply in replies), Turn(NOW)])
    text, image = contents(message)
    assert image is NOW
    lines = str(text).splitlines()
    assert f"Task: {TASK}" in lines
    steps = [f"Step {number}: t{number} {{'name': 'goto', 'url': 'u{number}'}}" for number in range(3, 13)]
    assert lines[-10:] == steps


def test_first_prompt_of_molmoweb_has_no_steps() -> None:
    [message] = MolmoWeb().render(TASK, [Turn(NOW)])
    assert message.text.endswith("\nSteps so far:\nNone")


# -- Gelato


def test_gelato_is_sent_the_prompt_the_screenshot_and_the_target() -> None:
    [message] = Gelato().render("the clock", [Turn(FIRST, reply="(1,2)"), Turn(NOW)])
    prompt, *rest = contents(message)
    assert str(prompt).endswith("(x,y)\n\n")
    assert rest == [NOW, "\nthe clock"]


@pytest.mark.parametrize(
    ("text", "expected"), [("(500,300)", actions.Click(P)), ("refusal", None), ("'Refusal'.", None)]
)
def test_gelato_answers_with_a_point_or_refuses(text: str, expected: ModelMove | None) -> None:
    assert moves(Gelato(), text) == (expected or GiveUp("the element is not on the screen"),)
    assert failure(Gelato(), "There is no clock.") == "no_action"


# -- requests


@pytest.mark.parametrize(
    ("dialect", "temperature", "top_p", "max_tokens", "images"),
    [
        (MaiUi(), 0.0, 1.0, 2048, 3),
        (StepGui(), 0.1, 0.95, 4096, 1),
        (AutoGlm(), 0.0, 0.85, 3000, 1),
        (MolmoWeb(), 0.7, 0.8, 1024, 1),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_request_is_that_of_the_official_agent(
    dialect: TemplateDialect, temperature: float, top_p: float, max_tokens: int, images: int
) -> None:
    assert (dialect.sampling.temperature, dialect.sampling.top_p) == (temperature, top_p)
    assert dialect.sampling.max_tokens == max_tokens
    assert len(dialect.history.images(10)) == images


@pytest.mark.parametrize("dialect", [AutoGlm(), StepGui(), MolmoWeb(), Gelato()], ids=lambda value: value.name)
def test_family_with_one_action_per_reply_is_not_asked_for_several(dialect: TemplateDialect) -> None:
    with pytest.raises(ValueError, match=f"the prompt of {dialect.name} does not support --several-actions"):
        with_several_actions(dialect)
