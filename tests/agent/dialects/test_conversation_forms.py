"""Conversations of OpenCUA, ScaleCUA, Seed and GTA1, as their official agents build them."""

import pytest

from screenwright.agent.core.coordinates import Absolute, ImagePoint, ModelPoint
from screenwright.agent.core.decision import Finish, Reply
from screenwright.agent.core.messages import ImagePart, Message, TextPart, Turn
from screenwright.agent.dialects.gta1 import Gta1
from screenwright.agent.dialects.opencua import OpenCua, opencua_relative
from screenwright.agent.dialects.scalecua import ScaleCua
from screenwright.agent.dialects.seed_xml import SeedXml
from screenwright.agent.dialects.ui_tars import Doubao
from screenwright.envs.actions import Type
from screenwright.envs.geometry import Size

IMAGES = [ImagePart(f"{number}".encode(), Size(1288, 728)) for number in range(1, 6)]
NOW = IMAGES[-1]
TASK = "Open the {file}."


def shown(messages: tuple[Message, ...]) -> list[tuple[str, list[object]]]:
    return [
        (each.role, [part.text if isinstance(part, TextPart) else part for part in each.parts]) for each in messages
    ]


def turns_of(*replies: str, images: int) -> list[Turn]:
    """A turn for each reply and a newest one; the last `images` have screenshots."""
    pictures = [None] * (len(replies) + 1 - images) + IMAGES[-images:]
    return [Turn(image, reply=reply) for image, reply in zip(pictures, [*replies, None], strict=True)]


def opencua_reply(action: str) -> str:
    return f"## Thought:\nHm.\n\n## Action:\n{action}\n\n## Code:\n```python\npyautogui.click(x=1, y=2)\n```"


def test_opencua_is_sent_actions_only_and_the_task_last() -> None:
    turns = turns_of(*map(opencua_reply, ("One.", "Two.", "Three.", "Four.")), images=3)
    system, *rest, (role, [image, text]) = shown(OpenCua().render(TASK, turns))
    assert system[0] == "system"
    assert rest == [
        ("assistant", ["# Step 1:\n## Action:\nOne.\n\n# Step 2:\n## Action:\nTwo.\n"]),
        ("user", [IMAGES[2]]),
        ("assistant", ["# Step 3:\n## Action:\nThree.\n"]),
        ("user", [IMAGES[3]]),
        ("assistant", ["# Step 4:\n## Action:\nFour.\n"]),
    ]
    assert (role, image) == ("user", NOW)
    assert str(text).startswith(f"Task: {TASK}\n\n")


def test_opencua_shows_notes_of_old_steps_before_their_action() -> None:
    turns = [Turn(None, ("a note",), opencua_reply("One.")), Turn(NOW, ("another",))]
    _, past, newest = OpenCua().render(TASK, turns)
    assert past.text == "a note\n# Step 1:\n## Action:\nOne.\n"
    assert newest.text.endswith("another")


@pytest.mark.parametrize(("x", "y", "place"), [(0.5, 0.25, (644, 182)), (1, 1, (1288, 728)), (0, 0, (0, 0))])
def test_relative_opencua_answers_in_shares_of_the_screenshot(x: float, y: float, place: tuple[float, float]) -> None:
    assert opencua_relative().space.to_image(ModelPoint(x, y), NOW.size) == ImagePoint(*place)


def test_absolute_opencua_accepts_shares_as_the_official_agent_does() -> None:
    assert OpenCua().space == Absolute(fractions=True)
    assert OpenCua().space.to_image(ModelPoint(0.5, 0.25), NOW.size) == ImagePoint(644, 182)


def test_scalecua_is_sent_one_screenshot_and_the_operations_as_lines() -> None:
    replies = ["<operation>\nOne.\n</operation>\n<action>\nwait()\n</action>", "<action>\nwait()\n</action>"]
    (_, [system]), (role, [image, text]) = shown(ScaleCua().render(TASK, turns_of(*replies, images=1)))
    assert "<operation>" in str(system)
    assert (role, image) == ("user", NOW)
    assert f"\n{TASK}\n\nOperations so far:\n\nStep 1: One.\nStep 2: None\n" in str(text)
    assert "Operations so far:\n\nNone\n" in ScaleCua().render(TASK, [Turn(NOW)])[1].text


def test_seed_gets_screenshots_as_tool_results_and_its_reasoning_back() -> None:
    call = "<seed:tool_call><function=wait></function></seed:tool_call>"
    turns = turns_of(f"<think>One.</think>{call}", f"<think_never_used_5>Two.</think_never_used_5>\n{call}", images=2)
    system, task, *rest = SeedXml().render(TASK, turns)
    assert (system.role, task.role, task.text) == ("system", "user", TASK)
    assert [(each.role, each.reasoning, each.call_id) for each in rest] == [
        ("assistant", "One.", ""),
        ("tool", "", "1"),
        ("assistant", "Two.", ""),
        ("tool", "", "1"),
    ]
    assert rest[0].text == call
    assert [part for each in rest for part in each.parts if isinstance(part, ImagePart)] == IMAGES[-2:]


@pytest.mark.parametrize("written", [r"hello\n", "hello\n"])
def test_typed_line_break_submits_for_seed_and_doubao(written: str) -> None:
    call = f"<function=type><parameter=content>{written}</parameter></function>"
    assert SeedXml().parse(call) == Reply((Type("hello", submit=True),))
    call = "type(content='{}')".format(written.replace("\\", "\\\\").replace("\n", "\\n"))
    assert Doubao().parse(f"Action: {call}") == Reply((Type("hello", submit=True),))


def test_seed_is_done_when_it_only_writes_text() -> None:
    assert SeedXml().parse("The file is open.") == Reply((Finish("The file is open."),))


def test_gta1_is_sent_the_size_the_screenshot_and_the_target() -> None:
    (_, [system]), user = shown(Gta1().render("the file", turns_of("(1,2)", images=2)))
    assert "1288 x 728" in str(system)
    assert user == ("user", [NOW, "the file"])


@pytest.mark.parametrize(
    ("dialect", "temperature", "top_p", "max_tokens", "images"),
    [
        (OpenCua(), 0.0, 0.9, 2048, 3),
        (ScaleCua(), 1.0, 0.9, 1000, 1),
        (SeedXml(), 1.0, 0.7, 4096, 5),
        (Gta1(), 0.0, None, 32, 1),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_request_has_the_parameters_of_the_official_agent(
    dialect: OpenCua | ScaleCua | SeedXml | Gta1, temperature: float, top_p: float | None, max_tokens: int, images: int
) -> None:
    assert (dialect.sampling.temperature, dialect.sampling.top_p) == (temperature, top_p)
    assert dialect.sampling.max_tokens == max_tokens
    assert len(dialect.history.images(5)) == images


def test_seed_asks_for_much_reasoning() -> None:
    assert SeedXml().sampling.reasoning_effort == "high"


def test_gta1_image_is_limited_as_in_its_readme() -> None:
    assert Gta1().image_rule.resize(Size(3840, 2160)) == Size(3836, 2156)
    assert Gta1().image_rule.resize(Size(5120, 2880)) == Size(3948, 2212)
