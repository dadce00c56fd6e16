"""Kimi: code with coordinates from 0 to 1, and the layout of OSWorld's agent."""

import pytest

from screenwright.agent.core.coordinates import ImagePoint, ModelPoint
from screenwright.agent.core.decision import Finish, GiveUp, ModelMove, Reply
from screenwright.agent.core.messages import ImagePart, TextPart, Turn
from screenwright.agent.dialects.kimi import Kimi, KimiK3
from screenwright.agent.dialects.registry import dialect_for_model
from screenwright.envs import actions
from screenwright.envs.geometry import Size

ONE, TWO, THREE, FOUR, FIVE = (ImagePart(name, Size(1000, 800)) for name in (b"1", b"2", b"3", b"4", b"5"))


def step(code: str, thought: str = "It is there.") -> str:
    return f"<think>{thought}</think>## Action:\nClick it.\n## Code:\n```python\n{code}\n```"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("pyautogui.click(x=0.25, y=0.5)", actions.Click(ModelPoint(0.25, 0.5))),
        ("pyautogui.tripleClick(0.25, 0.5)", actions.Click(ModelPoint(0.25, 0.5), count=3)),
        ("pyautogui.hotkey('ctrl', 'c')", actions.Hotkey(("ctrl", "c"))),
        ("computer.wait()", actions.Wait()),
        ("computer.terminate(status='success', answer='42')", Finish("42")),
        ("computer.terminate(status='failure')", GiveUp()),
    ],
)
def test_reply_is_reasoning_and_code(code: str, expected: ModelMove) -> None:
    assert Kimi().parse(step(code)) == Reply((expected,), "Click it.", reasoning="It is there.")
    fenced = step(code).replace("```python", "```code")
    assert Kimi().parse(fenced) == Kimi().parse(step(code))


def test_reply_without_thinking_has_a_section_for_the_thought() -> None:
    text = "## Thought\nSo.\n## Action:\nClick it.\n## Code:\n```python\npyautogui.click(0.25, 0.5)\n```"
    assert Kimi().parse(text) == Reply((actions.Click(ModelPoint(0.25, 0.5)),), "So.")


def test_coordinates_are_shares_and_values_above_one_are_pixels() -> None:
    space, image = Kimi().space, Size(1000, 800)
    assert space.to_image(ModelPoint(0.25, 0.5), image) == ImagePoint(250, 400)
    assert space.to_image(ModelPoint(300, 200), image) == ImagePoint(300, 200)


def turns(dialect: Kimi) -> list[Turn]:
    images = dialect.history.images(5)
    return [
        Turn(image if index in images else None, (), step("computer.wait()", f"t{index}") if index < 4 else None)
        for index, image in enumerate((ONE, TWO, THREE, FOUR, FIVE))
    ]


def test_older_steps_are_joined_and_the_task_follows_the_newest_screenshot() -> None:
    dialect = Kimi()
    system, older, third, reply, fourth, _, newest = dialect.render("Buy milk.", turns(dialect))
    assert [message.role for message in (system, older, third, reply)] == ["system", "assistant", "user", "assistant"]
    assert older.text == (
        "# Step 1:\n\u25c1think\u25b7t0\u25c1/think\u25b7## Action:\nClick it.\n\n"
        "# Step 2:\n\u25c1think\u25b7t1\u25c1/think\u25b7## Action:\nClick it.\n"
    )
    assert reply.text == "# Step 3:\n\u25c1think\u25b7t2\u25c1/think\u25b7## Action:\nClick it.\n"
    assert (third.parts, fourth.parts) == ((THREE,), (FOUR,))
    image, text = newest.parts
    assert image == FIVE
    assert isinstance(text, TextPart)
    assert "Buy milk." in text.text


def test_k3_is_sent_its_replies_with_their_reasoning() -> None:
    dialect = KimiK3()
    reply = dialect.render("Buy milk.", turns(dialect))[3]
    assert reply.reasoning == "t2"
    assert reply.text.startswith("## Action:\nClick it.\n## Code:")


def test_sampling_is_that_of_the_official_agent() -> None:
    sampling = Kimi().sampling
    assert (sampling.temperature, sampling.top_p, sampling.max_tokens) == (1.0, 0.95, 4096)


@pytest.mark.parametrize(
    ("served", "name"),
    [("moonshotai/Kimi-K2.5", "kimi"), ("kimi-k2.6-awq", "kimi"), ("moonshotai/Kimi-K3", "kimi-k3")],
)
def test_served_name_chooses_the_dialect(served: str, name: str) -> None:
    dialect = dialect_for_model(served)
    assert dialect is not None
    assert dialect.name == name
