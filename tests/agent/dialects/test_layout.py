"""Message layouts: roles, order, and where the task, the notes and the earlier replies stand."""

from screenwright.agent.core.messages import ImagePart, Message, TextPart, Turn
from screenwright.agent.dialects.prompting import layout
from screenwright.envs.geometry import Size

IMAGES = [ImagePart(f"{number}".encode(), Size(64, 64)) for number in range(1, 5)]
ONE, TWO, THREE, NOW = IMAGES
PAST = tuple(Turn(image, reply=f"reply {number}") for number, image in enumerate(IMAGES[:3], 1))
TURNS = (*PAST, Turn(NOW))


def shape(messages: tuple[Message, ...]) -> list[tuple[str, list[object]]]:
    """Roles, texts and images, for comparison."""
    parts = [[part.text if isinstance(part, TextPart) else part for part in message.parts] for message in messages]
    return [(message.role, list(row)) for message, row in zip(messages, parts, strict=True)]


def describe(reply: str) -> str:
    return reply.upper()


def test_conversation_shows_every_turn_after_the_prompt() -> None:
    messages = layout.conversation((Turn(None, ("a note",), "one"), Turn(NOW, ("b", "c"))), prompt="task", system="s")
    assert shape(messages) == [
        ("system", ["s"]),
        ("user", ["task"]),
        ("user", ["a note"]),
        ("assistant", ["one"]),
        ("user", [NOW, "b\nc"]),
    ]


def test_window_has_the_task_beside_its_first_image_and_older_replies_as_lines() -> None:
    messages = layout.windowed_conversation(
        TURNS, window=2, prompt=lambda older: f"task\n{layout.step_lines(older, describe)}", past=describe
    )
    assert shape(messages) == [
        ("user", [TWO, "task\nStep 1: REPLY 1"]),
        ("assistant", ["REPLY 2"]),
        ("user", [THREE]),
        ("assistant", ["REPLY 3"]),
        ("user", [NOW]),
    ]


def test_window_larger_than_the_history_has_no_lines() -> None:
    messages = layout.windowed_conversation(
        TURNS[-1:], window=4, prompt=lambda older: layout.step_lines(older, describe), image_first=False
    )
    assert shape(messages) == [("user", ["None", NOW])]


def test_later_observations_can_be_wrapped() -> None:
    messages = layout.windowed_conversation(
        TURNS[-2:],
        window=4,
        prompt=lambda _: "task",
        observe=lambda turn: layout.wrapped(layout.observation(turn), "<r>", "</r>"),
    )
    assert shape(messages)[-1] == ("user", ["<r>", NOW, "</r>"])


def test_notes_of_a_turn_that_is_only_a_line_stand_before_it() -> None:
    turns = (Turn(None, ("The user says: hurry",), "one"), Turn(None, (), "two"))
    assert layout.step_lines(turns, describe) == "The user says: hurry\nStep 1: ONE\nStep 2: TWO"


def test_reply_without_a_description_has_no_line() -> None:
    assert layout.step_lines(PAST[:2], lambda _: "", empty="nothing yet") == "nothing yet"


def test_single_message_labels_the_images_that_are_left() -> None:
    turns = (Turn(None, reply="one"), Turn(TWO, reply="two"), Turn(NOW, ("a note",)))
    messages = layout.single_message(turns, prompt="task", past_label="step {number}:", label="now:")
    assert shape(messages) == [("user", ["task", "step 2:", TWO, "now:", NOW, "a note"])]


def test_single_message_can_start_with_the_image() -> None:
    messages = layout.single_message((Turn(NOW),), prompt="task", system="s", image_first=True)
    assert shape(messages) == [("system", ["s"]), ("user", [NOW, "task"])]
