"""Official prompts of the families that act through `computer_use`: how their published parts are put together.

The texts here are made up; those of the makers are compared in tests/conformance.
"""

import json
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pytest

from screenwright.agent.core.messages import ImagePart, Turn
from screenwright.agent.dialects.fara import Fara7b, Fara15
from screenwright.agent.dialects.function_dialect import FunctionDialect
from screenwright.agent.dialects.gui_owl import GuiOwl, GuiOwl10
from screenwright.agent.dialects.prompting.function_prompts import DATE, STEPS, WEEKDAY
from screenwright.agent.dialects.prompting.prompt_kind import Prompt
from screenwright.agent.dialects.qwen_vl import EvoCua, Qwen3Vl, Qwen25Vl
from screenwright.envs.geometry import Size
from screenwright.prompts.official import prompts_folder

Publish = Callable[[FunctionDialect, Mapping[str, str]], None]

IMAGE = ImagePart(b"image", Size(1288, 728))
USER = f"Do {{instruction}} after {{{STEPS}}}"


@pytest.fixture
def publish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Publish:
    """Makes texts available as the official ones of a dialect."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))

    def add(dialect: FunctionDialect, texts: Mapping[str, str]) -> None:
        [declared] = dialect.official[dialect.prompt]
        assert set(texts) == set(declared.texts)
        folder = prompts_folder()
        folder.mkdir(parents=True, exist_ok=True)
        for key, text in texts.items():
            (folder / f"{declared.texts[key].sha256}.any-version.txt").write_text(text, encoding="utf-8")

    return add


def sent(dialect: FunctionDialect, *replies: str) -> tuple[str, str]:
    """The system text, and the first text of the user."""
    system, user, *_ = dialect.render("it {1}", (*(Turn(None, reply=reply) for reply in replies), Turn(IMAGE)))
    return system.text, user.text


def call(sentence: str = "Action: Go.", **arguments: object) -> str:
    return f"{sentence}\n<tool_call>\n{json.dumps({'name': 'computer_use', 'arguments': arguments})}\n</tool_call>"


WAIT = call(action="wait", time=1)


def test_without_the_official_text_our_wording_is_used(publish: Publish) -> None:
    assert Qwen3Vl().prompt_source == "screenwright"
    publish(Qwen25Vl(), {"system": "S", "user": USER})
    assert "another version" in Qwen25Vl().prompt_source


def test_qwen25_vl(publish: Publish) -> None:
    publish(Qwen25Vl(), {"system": "S {x}", "user": USER})
    assert sent(Qwen25Vl()) == ("S {x}", "Do it {1} after None")
    assert sent(Qwen25Vl(), *[WAIT] * 5)[1] == "Do it {1} after Step 1: Action: Go."


def test_qwen3_vl(publish: Publish) -> None:
    publish(Qwen3Vl(), {"system": 'S {"a": "{f-string}"}', "resolution": "1000", "user": USER})
    assert sent(Qwen3Vl()) == ('S {"a": "1000"}', "Do it {1} after None")
    assert sent(Qwen3Vl(), *[WAIT] * 6)[1] == "Do it {1} after Step 1: Go.\nStep 2: Go."


def test_evocua(publish: Publish) -> None:
    parts = {
        "system": 'T: {tools_xml} {{"name": 1}}',
        "function": '{"d": "{description_prompt}"}',
        "description": "Line\n{resolution_info}",
        "resolution": 'say "1000"',
        "user": USER,
    }
    publish(EvoCua(), parts)
    assert sent(EvoCua()) == ('T: {"d": "Line\\nsay \\"1000\\""} {"name": 1}', "Do it {1} after None")


def test_gui_owl_15(publish: Publish) -> None:
    publish(GuiOwl(), {"system": "S", "user": "Do {instruction}"})
    assert sent(GuiOwl()) == ("S", "Do it {1}")
    thinking = call("<think>So.</think>\n\nAction: Go.", action="wait", time=1)
    lines = "Step1: Action: Go.\nStep2: Go."
    assert sent(GuiOwl(), WAIT, thinking, *[WAIT] * 4)[1] == f"Do it {{1}}\n\nPrevious actions:\n{lines}"


def test_prompt_of_gui_owl_15_on_phones_states_the_date(publish: Publish) -> None:
    dialect = GuiOwl(prompt=Prompt.MOBILE, today=date(2026, 11, 30))
    publish(dialect, {"system": "S", "user": f"{{{DATE}}} {{{WEEKDAY}}}.{USER}"})
    assert sent(dialect, *[WAIT] * 5)[1] == "2026-11-30 Monday.Do it {1} after Step 1: Go."


def test_gui_owl_10(publish: Publish) -> None:
    parts = {"system": " 1932x1092", "assistant": "S", "user": "{instruction}: {history}", "no_steps": "nothing"}
    publish(GuiOwl10(), parts)
    assert sent(GuiOwl10())[0] == "S 1288x728"
    assert sent(GuiOwl10())[1].startswith("it {1}: nothing")
    replies = [f"{WAIT}\n<conclusion>\nWent.\n</conclusion>", WAIT]
    assert sent(GuiOwl10(), *replies)[1].startswith("it {1}: Step 1: \nWent.\n\nStep 2: Go.\nCurrent")


FARA = {
    "system": 'T: {tool_descs} {{"name": 1}}',
    "identity": "I",
    "description": "{self.display_width_px}x{self.display_height_px}",
    "parameters": '{"a": "\u00e9"}',
    "next": "Next.",
}


def fara_tool(size: str) -> str:
    return (
        f'T: {{"type": "function", "function": {{"name": "computer_use", "description": "{size}", '
        '"parameters": {"a": "\u00e9"}}} {"name": 1}'
    )


def test_fara_7b(publish: Publish) -> None:
    publish(Fara7b(), FARA)
    messages = Fara7b().render("it", (Turn(IMAGE, reply=WAIT), Turn(IMAGE)))
    assert messages[0].text == f"I\n\n{fara_tool('1288x728')}"
    assert messages[-1].text == "Next."


def test_prompt_of_fara15_states_the_date(publish: Publish) -> None:
    dialect = Fara15(today=date(2026, 11, 30))
    publish(dialect, {**FARA, "system": "{identity} " + FARA["system"] + " {today}"})
    assert sent(dialect)[0] == f"I {fara_tool('1000x1000')} November 30, 2026"
