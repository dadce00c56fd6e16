"""The prompts in our own words: every action and example in them can be parsed."""

import re

import pytest

from screenwright.agent.core.coordinates import ModelPoint
from screenwright.agent.core.decision import Reply
from screenwright.agent.core.messages import ImagePart, Turn
from screenwright.agent.dialects.autoglm import AUTOGLM, AutoGlm
from screenwright.agent.dialects.dialect import Dialect
from screenwright.agent.dialects.fara import Fara7b, Fara15
from screenwright.agent.dialects.function_dialect import FunctionDialect
from screenwright.agent.dialects.gta1 import Gta1
from screenwright.agent.dialects.gui_owl import GuiOwl10
from screenwright.agent.dialects.holo import HOLO, Holo, holo2
from screenwright.agent.dialects.mai_ui import MAI_UI, MaiUi
from screenwright.agent.dialects.molmoweb import MOLMOWEB, MolmoWeb
from screenwright.agent.dialects.opencua import OpenCua
from screenwright.agent.dialects.prompting.prompt_kind import Prompt
from screenwright.agent.dialects.qwen_vl import EvoCua, Qwen25Vl
from screenwright.agent.dialects.scalecua import SCALECUA, ScaleCua
from screenwright.agent.dialects.seed_xml import SeedXml
from screenwright.agent.dialects.step_gui import STEP_GUI, StepGui
from screenwright.agent.dialects.ui_tars import Doubao, UiTars15
from screenwright.agent.dialects.ui_venus import UI_VENUS, UiVenus
from screenwright.agent.dialects.ui_venus2 import DESKTOP, PAGE, TOUCH, UiVenus2
from screenwright.agent.dialects.vocabulary.pyautogui import CODE
from screenwright.agent.dialects.vocabulary.ui_tars import UI_TARS, Vocabulary
from screenwright.envs.actions import Back, Click
from screenwright.envs.geometry import Size

TURN = Turn(ImagePart(b"", Size(1288, 728)))
CALL = re.compile(r"\b(?:pyautogui\.|computer\.)?([A-Za-z_]\w*)\(")
JSON = re.compile(r'"(?:action|name)": "([a-z_]+)"')
ENUM = re.compile(r'"action": \{"type": "string", "enum": \[(.*?)\]')


def prompt_of(dialect: Dialect) -> str:
    return "\n".join(message.text for message in dialect.render("", (TURN,)))


@pytest.mark.parametrize(
    ("dialect", "offered", "vocabulary", "count"),
    [
        (UiTars15(), CALL, UI_TARS, 9),
        (UiTars15(Prompt.BROWSER, ask_user=True), CALL, UI_TARS, 12),
        (Doubao(Prompt.MOBILE), CALL, UI_TARS, 9),
        (OpenCua(), CALL, CODE, 16),
        (ScaleCua(), CALL, SCALECUA, 18),
        (ScaleCua(prompt=Prompt.MOBILE), CALL, SCALECUA, 11),
        (UiVenus(prompt=Prompt.MOBILE), CALL, UI_VENUS, 13),
        (UiVenus(), CALL, UI_VENUS, 14),
        (UiVenus2(), CALL, {**DESKTOP, "sequence": UI_VENUS["wait"]}, 18),
        (UiVenus2(prompt=Prompt.BROWSER), CALL, PAGE, 16),
        (UiVenus2(prompt=Prompt.MOBILE), CALL, TOUCH, 15),
        (SeedXml(), JSON, UI_TARS, 11),
        (holo2(), JSON, HOLO, 8),
        (Holo(), JSON, HOLO, 1),
        (MaiUi(ask_user=True), re.compile(r'"action": "([a-z_]+)"'), MAI_UI, 12),
        (MolmoWeb(), re.compile(r'"name": "([a-z_]+)"'), MOLMOWEB, 13),
        (StepGui(), re.compile(r"action:([A-Z]+)"), STEP_GUI, 9),
        (AutoGlm(), re.compile(r'action="([A-Za-z_ ]+)"'), AUTOGLM, 10),
    ],
    ids=lambda value: value.name if isinstance(value, UiTars15 | Holo) else "",
)
def test_every_action_in_a_prompt_can_be_parsed(
    dialect: Dialect, offered: re.Pattern[str], vocabulary: Vocabulary, count: int
) -> None:
    names = {name.lower() for name in offered.findall(prompt_of(dialect))}
    assert names <= set(vocabulary)
    assert len(names) == count


@pytest.mark.parametrize(
    ("dialect", "count"),
    [
        (Qwen25Vl(), 14),
        (Qwen25Vl(prompt=Prompt.MOBILE), 9),
        (EvoCua(), 14),
        (GuiOwl10(), 11),
        (Fara7b(), 11),
        (Fara15(ask_user=True), 17),
    ],
)
def test_every_action_of_a_function_can_be_parsed(dialect: FunctionDialect, count: int) -> None:
    found = ENUM.search(prompt_of(dialect))
    assert found is not None
    names = {name.strip('" ') for name in found[1].split(",")}
    assert names <= set(dialect.vocabulary)
    assert len(names) == count


AT = ModelPoint(100, 200)


@pytest.mark.parametrize(
    ("dialect", "begins", "move"),
    [
        (Qwen25Vl(), "Action: the", Click(AT)),
        (Qwen25Vl(prompt=Prompt.MOBILE), "Action: the", Click(AT)),
        (GuiOwl10(), "<thinking>", Click(AT)),
        (Fara7b(), "<tool_call>", Click(AT)),
        (SeedXml(), "<seed:tool_call>", Click(AT)),
        (OpenCua(), "## Thought:", Click(AT)),
        (ScaleCua(), "<think>", Click(AT)),
        (ScaleCua(prompt=Prompt.MOBILE), "<think>", Click(AT)),
        (UiVenus2(), "<think>", Click(ModelPoint(500, 500))),
        (UiVenus2(prompt=Prompt.BROWSER), "<think>", Click(ModelPoint(500, 500))),
        (UiVenus2(prompt=Prompt.MOBILE), "<think>", Click(ModelPoint(500, 500))),
        (Holo(), '{"action": "click_absolute"', Click(AT)),
        (holo2(), '{"note"', Back()),
    ],
)
def test_example_reply_of_a_prompt_can_be_parsed(dialect: Dialect, begins: str, move: object) -> None:
    system = dialect.render("", (TURN,))[0].text
    shown = system[system.index(begins) :].partition("\n\nCall ")[0].partition("\n\nWhen ")[0]
    reply = dialect.parse(shown)
    assert isinstance(reply, Reply), reply
    assert reply.moves == (move,)


def test_grounding_prompt_ends_with_the_point_format() -> None:
    assert prompt_of(Gta1()).rstrip().endswith("\n\n(x,y)")
