"""UI-TARS and Doubao in their own published prompts, once these were added; the texts here are made up."""

import re
from pathlib import Path

import pytest

from screenwright.agent.core.messages import ImagePart, Turn
from screenwright.agent.core.model import Sampling
from screenwright.agent.dialects.prompting.prompt_kind import Prompt
from screenwright.agent.dialects.prompting.thoughts import Thoughts
from screenwright.agent.dialects.registry import dialect_named, dialect_names, prompts_of
from screenwright.agent.dialects.ui_tars import Doubao, UiTars10, UiTars15, UiTars15OSWorld
from screenwright.envs.geometry import Size
from screenwright.prompts.official import add_from, prompts_folder

TURNS = (Turn(ImagePart(b"1", Size(1288, 728)), reply="Thought: t\nAction: wait()"), Turn(ImagePart(b"2", Size(9, 9))))
RELEASE = r'''
COMPUTER_USE = """Made up for computers.

click(start_box='<|box_start|>(x1,y1)<|box_end|>')
finished(content='xxx')

## Note
- In {language}.

## User Instruction
{instruction}
"""
MOBILE_USE = "Made up for phones: {instruction}"
GROUNDING = "Made up for points: {instruction}"
'''
OSWORLD = '''
UITARS_USR_PROMPT_THOUGHT = """From OSWorld.
{action_space}
{language}

## User Instruction
{instruction}"""
UITARS_NORMAL_ACTION_SPACE = "normal()\\nfinished()"
UITARS_CALL_USR_ACTION_SPACE = "normal()\\nfinished()\\ncall_user()"
'''
README = '''
```python
prompt = r"""Made up: the task is """
```
'''


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    (tmp_path / "prompts.py").write_text(RELEASE)
    (tmp_path / "README_v1.md").write_text(README)
    return tmp_path


def add(dialect: UiTars15, source: Path) -> None:
    prompts = [prompt for choices in prompts_of(dialect).values() for prompt in choices]
    add_from(source, prompts, prompts_folder(), any_version=True)


def test_without_its_own_prompt_the_source_names_the_one_of_another_model(release: Path) -> None:
    assert re.fullmatch(r"ui-tars [\d.]+, written for Doubao", UiTars15().prompt_source)
    assert "<point>" in UiTars15().template


def test_ui_tars_1_5_uses_its_own_prompts_once_added(release: Path) -> None:
    add(UiTars15(), release)
    dialect = UiTars15(language="Chinese")
    messages = dialect.render("Open {language} files.", TURNS)
    assert [message.role for message in messages] == ["system", "user", "user", "assistant", "user"]
    assert messages[1].text.startswith("Made up for computers.\n\nclick(start_box='<|box_start|>(x1,y1)<|box_end|>')")
    assert messages[1].text.endswith("- In Chinese.\n\n## User Instruction\nOpen {language} files.\n")
    assert dialect.prompt_source.startswith("bytedance/UI-TARS prompts.py, another version, sha256 ")
    assert UiTars15(Prompt.MOBILE).render("x", TURNS)[1].text == "Made up for phones: x"
    (grounding,) = UiTars15(Prompt.GROUNDING).render("the button", TURNS)
    assert grounding.text == "Made up for points: the button"


def test_our_additions_are_inserted_into_an_official_prompt(release: Path) -> None:
    add(UiTars15(), release)
    template = UiTars15(Prompt.BROWSER, ask_user=True, thoughts=Thoughts.PLANNED, several_actions=True).template
    offered = [line.partition("(")[0] for line in template.splitlines() if re.match(r"\w+\(", line)]
    assert offered == ["click", "navigate", "navigate_back", "call_user", "finished"]
    assert template.count("## User Instruction") == 1
    assert len(template) > len(UiTars15(Prompt.BROWSER, ask_user=True).template)


def test_actions_that_are_published_separately_are_filled_in(release: Path) -> None:
    (release / "mm_agents").mkdir()
    for name in ("prompts.py", "uitars15_v1.py"):
        (release / "mm_agents" / name).write_text(OSWORLD)
    add(UiTars10(), release / "mm_agents" / "prompts.py")
    assert UiTars10(language="English").template == (
        "From OSWorld.\nnormal()\nfinished()\ncall_user()\n{language}\n\n## User Instruction\n{instruction}"
    )
    assert UiTars10(ask_user=True).template == UiTars10().template
    add(UiTars15OSWorld(), release / "mm_agents" / "uitars15_v1.py")
    assert UiTars15OSWorld().template.startswith("From OSWorld.\nnormal()\nfinished()\n{language}")
    assert UiTars15OSWorld().prompt_source.startswith("xlang-ai/OSWorld mm_agents/uitars15_v1.py, another version")


def test_a_task_follows_a_prompt_without_a_placeholder(release: Path) -> None:
    add(UiTars10(), release / "README_v1.md")
    (message,) = UiTars10(Prompt.GROUNDING).render("press Save", TURNS)
    assert message.text == "Made up: the task is press Save"


def test_doubao_has_no_system_message_and_asks_the_api_for_thinking(release: Path) -> None:
    assert [message.role for message in Doubao().render("x", TURNS)] == ["user", "user", "assistant", "user"]
    assert Doubao().sampling == Sampling(temperature=0.0, max_tokens=3000, extra_body={"thinking": {"type": "enabled"}})
    assert re.fullmatch(r"ui-tars [\d.]+, sha256 0fd4d14c3890", Doubao().prompt_source)


@pytest.mark.parametrize("name", dialect_names())
def test_declared_hashes_and_places_are_well_formed(name: str) -> None:
    for kind, choices in prompts_of(dialect_named(name)).items():
        assert choices
        assert kind in Prompt
        for prompt in choices:
            assert re.fullmatch(r"[\w.-]+/[\w.-]+", prompt.repository)
            assert prompt.texts
            for text in prompt.texts.values():
                assert re.fullmatch(r"[0-9a-f]{64}", text.sha256)
                assert not text.path.startswith("/")
