"""Rendering: message layout, prompts, and earlier turns."""

import pytest
from PIL import Image
from ui_tars.prompt import COMPUTER_USE_DOUBAO, GROUNDING_DOUBAO, MOBILE_USE_DOUBAO

from screenwright.agent.core.messages import ImagePart, TextPart, Turn
from screenwright.agent.dialects.gta1 import Gta1
from screenwright.agent.dialects.holo import Holo
from screenwright.agent.dialects.parser.box_tokens import with_box_tokens
from screenwright.agent.dialects.prompting.prompt_kind import Prompt
from screenwright.agent.dialects.prompting.thoughts import Thoughts
from screenwright.agent.dialects.qwen_vl import EvoCua, Qwen3Vl, Qwen25Vl
from screenwright.agent.dialects.registry import dialect_named, dialect_names, with_thoughts
from screenwright.agent.dialects.scalecua import ScaleCua
from screenwright.agent.dialects.ui_tars import Doubao, UiTars10, UiTars15
from screenwright.envs.geometry import Size
from screenwright.envs.screenshot import Screenshot
from screenwright.prompts import render

FIRST, SECOND, NOW = (
    ImagePart.of(Screenshot(Image.new("RGB", (1288, 728), color)), Size(1288, 728))
    for color in ("red", "green", "blue")
)
REPLIES = ("Thought: one\nAction: wait()", "Thought: two\nAction: click(start_box='(1,2)')")
TURNS = (Turn(None, reply=REPLIES[0]), Turn(SECOND, reply=REPLIES[1]), Turn(NOW))


def test_ui_tars_message_layout_matches_its_training() -> None:
    messages = UiTars10().render("Open the file.", TURNS)
    assert [message.role for message in messages] == ["system", "user", "assistant", "user", "assistant", "user"]
    system, prompt, *turns = messages
    assert system.text == "You are a helpful assistant."
    assert prompt.text == COMPUTER_USE_DOUBAO.format(language="English", instruction="Open the file.")
    assert [message.parts for message in turns] == [
        (TextPart(REPLIES[0]),),
        (SECOND,),
        (TextPart(REPLIES[1]),),
        (NOW,),
    ]


def test_notes_follow_their_image_or_stand_alone() -> None:
    turns = (Turn(None, ("It was refused.",), REPLIES[0]), Turn(NOW, ("Nothing changed.", "A tab opened.")))
    shown = [message.parts for message in UiTars10().render("x", turns) if message.role == "user"][1:]
    assert shown == [
        (TextPart("It was refused."),),
        (NOW, TextPart("Nothing changed.\nA tab opened.")),
    ]


def test_box_tokens_are_restored_in_earlier_replies_for_1_5() -> None:
    past = [message.text for message in UiTars15().render("x", TURNS) if message.role == "assistant"]
    assert past == [REPLIES[0], "Thought: two\nAction: click(start_box='<|box_start|>(1,2)<|box_end|>')"]
    assert REPLIES[1] in [message.text for message in UiTars15(box_tokens=False).render("x", TURNS)]


@pytest.mark.parametrize(
    ("reply", "restored"),
    [
        (
            "Action: drag(start_box='(1,2)', end_box='(3,4)')",
            "Action: drag(start_box='<|box_start|>(1,2)<|box_end|>', end_box='<|box_start|>(3,4)<|box_end|>')",
        ),
        ("Action: type(content='start_box=\\'(1,2)\\'')", None),
        ("Thought: (1,2) is click(start_box='(1,2)')\nAction: wait()", None),
        ("Action: click(start_box='<|box_start|>(1,2)<|box_end|>')", None),
        ("Action: click(point='<point>1 2</point>')", None),
        ("Thought: nothing to read", None),
    ],
)
def test_box_tokens_are_restored_only_in_actions(reply: str, restored: str | None) -> None:
    assert with_box_tokens(reply) == (restored or reply)
    assert with_box_tokens(with_box_tokens(reply)) == with_box_tokens(reply)


@pytest.mark.parametrize(
    ("prompt", "text"),
    [(Prompt.COMPUTER, COMPUTER_USE_DOUBAO), (Prompt.MOBILE, MOBILE_USE_DOUBAO), (Prompt.GROUNDING, GROUNDING_DOUBAO)],
)
def test_official_prompts_are_sent_unchanged(prompt: Prompt, text: str) -> None:
    sent = Doubao(prompt, language="Chinese").render("Do {it}.", (Turn(NOW),))[0].text
    assert sent == text.format(language="Chinese", instruction="Do {it}.")


def test_browser_prompt_offers_navigation() -> None:
    lines = UiTars15(Prompt.BROWSER, ask_user=True).template.splitlines()
    offered = [line.partition("(")[0] for line in lines if "(" in line and not line.startswith("-")]
    assert offered[-4:] == ["navigate", "navigate_back", "call_user", "finished"]
    assert [line for line in lines if line in COMPUTER_USE_DOUBAO.splitlines()] == COMPUTER_USE_DOUBAO.splitlines()


def test_grounding_is_one_message_with_the_image_first() -> None:
    (message,) = UiTars15(Prompt.GROUNDING).render("the button", TURNS)
    assert message.parts == (NOW, TextPart(GROUNDING_DOUBAO.format(instruction="the button")))


@pytest.mark.parametrize("name", dialect_names())
def test_every_dialect_ends_with_the_newest_screenshot(name: str) -> None:
    messages = dialect_named(name).render("Find the $5 {hat} {instruction}.", TURNS)
    assert sum(message.text.count("Find the $5 {hat} {instruction}.") for message in messages) == 1
    assert messages[-1].role in ("user", "tool")
    assert NOW in messages[-1].parts
    assert "$width" not in messages[0].text


STEPS_AS_TEXT = (
    "gui-owl-1.0",
    "glm-v",
    "molmoweb",
    "opencua",
    "opencua-72b",
    "opencua-relative",
    "scalecua",
    "step-gui",
    "ui-venus-1.0",
    "ui-venus-1.5",
)
NEWEST_IS_SPECIAL = ("kimi", "kimi-k3", "ui-venus-2")  # it has the task or a label, which the ones before have not


@pytest.mark.parametrize("name", [name for name in dialect_names() if name not in (*STEPS_AS_TEXT, *NEWEST_IS_SPECIAL)])
def test_new_turn_only_appends_messages(name: str) -> None:
    dialect = dialect_named(name)
    before = dialect.render("x", (Turn(FIRST),))
    after = dialect.render("x", (Turn(FIRST, reply=REPLIES[0]), Turn(NOW)))
    remembers = len(after) > len(before)
    assert after[: len(before)] == before if remembers else after[:-1] == before[:-1]
    assert remembers is (name not in ("gelato", "gta1", "holo1", "holo1.5", "ui-venus-ground"))


@pytest.mark.parametrize("name", dialect_names())
def test_prompt_hash_does_not_depend_on_the_task(name: str) -> None:
    assert len(dialect_named(name).prompt_sha256) == 64
    assert dialect_named(name).prompt_sha256 == dialect_named(name).prompt_sha256


def test_different_prompts_have_different_hashes() -> None:
    prompts = [UiTars15(prompt, ask_user=ask).prompt_sha256 for prompt in Prompt for ask in (False, True)]
    assert len(set(prompts)) == 7  # the grounding prompt cannot be extended
    assert Qwen25Vl().prompt_sha256 != Qwen25Vl(prompt=Prompt.MOBILE).prompt_sha256


def test_prompt_states_the_size_of_the_coordinate_space() -> None:
    assert "1288 x 728" in Qwen25Vl().render("x", TURNS)[0].text
    assert "1000 x 1000" in Qwen3Vl().render("x", TURNS)[0].text
    assert "1288 x 728" in Gta1().render("x", TURNS)[0].text


@pytest.mark.parametrize(
    "dialect", [EvoCua(prompt=Prompt.MOBILE), ScaleCua(prompt=Prompt.GROUNDING), Holo(prompt=Prompt.MOBILE)]
)
def test_unknown_prompt_kind_error_lists_the_available_ones(dialect: Qwen25Vl) -> None:
    with pytest.raises(ValueError, match=r"has no (grounding|mobile) prompt: choose one with --prompt "):
        dialect.render("x", (Turn(NOW),))


# -- thoughts


@pytest.mark.parametrize("name", ["ui-tars-1.5", "ui-tars-1.0", "doubao", "seed-xml", "opencua"])
def test_planned_thoughts_extend_the_prompt(name: str) -> None:
    official = dialect_named(name)
    planned = with_thoughts(official, Thoughts.PLANNED)
    lines = render("thoughts_planned")
    as_usual = "".join(message.text for message in official.render("a task", (Turn(NOW),)))
    prompt = "".join(message.text for message in planned.render("a task", (Turn(NOW),)))
    assert lines not in as_usual
    assert prompt.count(lines) == 1
    assert prompt.index(lines) < prompt.rindex("a task")
    assert planned.prompt_sha256 != official.prompt_sha256
    assert with_thoughts(planned, Thoughts.OFFICIAL).prompt_sha256 == official.prompt_sha256


def test_family_without_thought_instructions_refuses_them() -> None:
    with pytest.raises(ValueError, match="the prompt of holo2 does not support --thoughts planned: leave it out"):
        with_thoughts(dialect_named("holo2"), Thoughts.PLANNED)
    assert with_thoughts(dialect_named("holo2"), Thoughts.OFFICIAL) == dialect_named("holo2")


@pytest.mark.parametrize(
    ("name", "reply", "shown"),
    [
        ("doubao", "<think>It may be blue.</think>\nThought: t\nAction: wait()", "Thought: t\nAction: wait()"),
        ("doubao", "It may be.</think>\nThought: t\nAction: wait()", "Thought: t\nAction: wait()"),
        (
            "ui-tars-1.0",
            "Reflection: it missed.\nAgain.\nAction_Summary: wait\nAction: wait()",
            "Action_Summary: wait\nAction: wait()",
        ),
        ("ui-tars-1.0", "Thought: Reflection: none\nAction: wait()", "Thought: Reflection: none\nAction: wait()"),
        ("ui-tars-1.5", "<think>only this", "<think>only this"),
        ("ui-tars-1.0", "Reflection: nothing follows", "Reflection: nothing follows"),
        (
            "seed-xml",
            "<think>hm</think>Look. <seed:tool_call><function=wait></function></seed:tool_call>",
            "Look. <seed:tool_call><function=wait></function></seed:tool_call>",
        ),
    ],
)
def test_earlier_replies_are_shown_as_in_training(name: str, reply: str, shown: str) -> None:
    messages = dialect_named(name).render("a task", (Turn(NOW, reply=reply), Turn(NOW)))
    assert [message.text for message in messages if message.role == "assistant"] == [shown]
