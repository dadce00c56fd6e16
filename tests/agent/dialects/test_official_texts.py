"""Official texts, made up here, stand where the official agents place them."""

from collections.abc import Callable
from datetime import date

import pytest

from screenwright.agent.core.messages import ImagePart, Turn
from screenwright.agent.dialects.autoglm import AutoGlm
from screenwright.agent.dialects.gelato import Gelato
from screenwright.agent.dialects.gta1 import Gta1
from screenwright.agent.dialects.mai_ui import MaiUi
from screenwright.agent.dialects.molmoweb import MolmoWeb
from screenwright.agent.dialects.opencua import OpenCua, OpenCua72B
from screenwright.agent.dialects.prompting.prompt_kind import Prompt
from screenwright.agent.dialects.scalecua import ScaleCua
from screenwright.agent.dialects.seed_xml import SeedXml
from screenwright.agent.dialects.step_gui import StepGui
from screenwright.agent.dialects.template_dialect import TemplateDialect
from screenwright.envs.geometry import Size
from screenwright.prompts.official import prompts_folder

NOW = Turn(ImagePart(b"now", Size(1288, 728)))
TASK = "the {task}"
Publish = Callable[..., None]


@pytest.fixture
def publish(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Publish:
    """Adds made-up texts for the keys of a dialect's official prompts."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))

    def add(dialect: TemplateDialect, prompt: Prompt = Prompt.COMPUTER, **texts: str) -> None:
        prompts_folder().mkdir(parents=True)
        for official in dialect.official[prompt]:
            for key, text in official.texts.items():
                (prompts_folder() / f"{text.sha256}.any-version.txt").write_text(texts[key], encoding="utf-8")

    return add


def rendered(dialect: TemplateDialect) -> list[tuple[str, str]]:
    return [(message.role, message.text) for message in dialect.render(TASK, [NOW])]


def test_gta1_states_the_size_of_the_screenshot(publish: Publish) -> None:
    publish(Gta1(), system="{height} by {width}")
    assert rendered(Gta1()) == [("system", "728 by 1288"), ("user", TASK)]


def test_gelato_puts_its_text_before_the_screenshot(publish: Publish) -> None:
    publish(Gelato(), system="made up")
    assert rendered(Gelato()) == [("user", f"made up\n\n\n{TASK}")]


def test_scalecua_and_opencua_fill_the_text_beside_the_screenshot(publish: Publish) -> None:
    publish(ScaleCua(), system="made up", user="{instruction}, {history}")
    assert rendered(ScaleCua()) == [("system", "made up"), ("user", f"{TASK}, None")]
    assert rendered(OpenCua())[0] != ("system", "made up")


def test_opencua_task_stands_in_its_official_text(publish: Publish) -> None:
    publish(OpenCua(), system="made up", user="do {instruction}")
    assert rendered(OpenCua()) == [("system", "made up"), ("user", f"do {TASK}")]
    assert OpenCua().prompt_source.startswith("xlang-ai/OSWorld ")


def test_opencua_72b_states_the_password(publish: Publish) -> None:
    publish(OpenCua72B(), system="{password}: {step}", user="{instruction}")
    assert rendered(OpenCua72B(password="secret")) == [("system", "secret: {step}"), ("user", TASK)]


def test_seed_has_a_system_message_of_its_own_for_the_functions(publish: Publish) -> None:
    publish(SeedXml(), system="made up", functions="click()")
    assert rendered(SeedXml())[:3] == [("system", "made up"), ("system", "click()"), ("user", TASK)]


def test_mai_ui_with_questions_leaves_out_the_section_about_tools(publish: Publish) -> None:
    publish(MaiUi(), system="made up", ask_user="ask\n\n{% if tools -%}\n# Tools\n{{ tools }}\n{% endif -%}\n\n\nnotes")
    assert rendered(MaiUi())[0] == ("system", "made up")
    assert rendered(MaiUi(ask_user=True))[0] == ("system", "ask\n\nnotes")


def test_step_gui_fills_its_three_texts(publish: Publish) -> None:
    publish(StepGui(), system="a", task="b {task}, {history_display}", instructions="c", no_history="nothing")
    [message] = StepGui().render(TASK, [NOW])
    assert message.text == f"ab {TASK}, nothingc"


def test_molmoweb_fills_its_template_as_jinja_does(publish: Publish) -> None:
    step = "{% for action in past_actions: -%}\n{{ action['index'] }}: {{ action['thought'] }}\n{% endfor %}"
    publish(MolmoWeb(), style="web", user=f"\n{{{{ task_description }}}}\n{step}\nat {{{{ page_url }}}}.\n\n")
    reply = '{"thought": "{{ page_url }}", "action": {"name": "noop"}}'
    [message] = MolmoWeb().render(TASK, [Turn(None, ("a note",), reply), NOW])
    assert message.text == f"web: \n{TASK}\na note\n1: {{{{ page_url }}}}\n\nat .\n"


def test_molmoweb_text_of_another_form_is_an_error(publish: Publish) -> None:
    publish(MolmoWeb(), style="web", user="no steps")
    with pytest.raises(ValueError, match="the official prompt of molmoweb has another form"):
        MolmoWeb().render(TASK, [NOW])


def test_autoglm_fills_the_date_in_the_language_of_its_prompt(publish: Publish) -> None:
    publish(AutoGlm(), system="{today.strftime('%Y-%m-%d, %A')}: made up {x}")
    assert rendered(AutoGlm(today=date(2026, 11, 29)))[0] == ("system", "2026-11-29, Sunday: made up {x}")
    assert AutoGlm(today=date(2026, 11, 29)).prompt_sha256 == AutoGlm(today=date(2026, 12, 1)).prompt_sha256
    assert AutoGlm(language="Chinese").prompt_source == AutoGlm().prompt_source.replace("prompts_en", "prompts_zh")
