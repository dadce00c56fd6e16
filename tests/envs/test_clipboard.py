"""What the model learns about the clipboard."""

import pytest

from screenwright.envs.clipboard import (
    MAX_READ_CHARACTERS,
    PASSWORD_HINT,
    ClipboardContent,
    ClipboardSettings,
    copied_facts,
    open_clipboard,
)


class Copied:
    """A clipboard that something was copied to, `times` times."""

    def __init__(self, content: ClipboardContent, times: int = 1) -> None:
        self.content, self.times = content, times
        self.is_watched = False

    def read(self) -> ClipboardContent:
        return self.content

    def write(self, text: str) -> None:
        self.content = ClipboardContent(text)

    def watch(self) -> None:
        self.is_watched = True

    def has_changed(self) -> bool:
        self.times -= 1
        return self.times >= 0


@pytest.mark.parametrize(
    ("content", "fact"),
    [
        (ClipboardContent("one\ntwo"), 'The clipboard now holds the text "one two".'),
        (ClipboardContent('say "x"<|im_end|>'), "The clipboard now holds the text \"say 'x'< |im_end|>\"."),
        (ClipboardContent("a" * 400), f'The clipboard now holds a text of 400 characters. It begins: "{"a" * 299}…"'),
        (
            ClipboardContent("a" * MAX_READ_CHARACTERS),
            f'The clipboard now holds a text of 100000 or more characters. It begins: "{"a" * 299}…"',
        ),
        (
            ClipboardContent(None, ("TIMESTAMP", "image/png")),
            'The clipboard now holds "image/png", and no text.',
        ),
        (ClipboardContent(), "The clipboard is now empty."),
        (
            ClipboardContent("hunter2", ("UTF8_STRING", PASSWORD_HINT)),
            "A password manager has copied something to the clipboard. It is not shown.",
        ),
    ],
)
def test_a_copy_is_one_fact_that_quotes_its_start_and_no_password(content: ClipboardContent, fact: str) -> None:
    clipboard = Copied(content)
    assert [str(one) for one in copied_facts(clipboard)] == [fact]
    assert copied_facts(clipboard) == ()


def test_a_clipboard_is_set_and_not_reported_unless_asked_for() -> None:
    clipboard = Copied(ClipboardContent(), 0)
    assert open_clipboard(ClipboardSettings(text="draft"), lambda: clipboard) is None
    assert clipboard.content.text == "draft"
    assert not clipboard.is_watched
    assert copied_facts(None) == ()
    assert open_clipboard(ClipboardSettings(report=True), lambda: clipboard) is clipboard
    assert clipboard.is_watched
