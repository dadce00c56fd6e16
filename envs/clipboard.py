"""The clipboard of a screen: read and written by programs, and reported to the model where the user asks for that."""

from abc import abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from screenwright._text import MAX_QUOTED

from .env import Fact

MAX_READ_CHARACTERS = 100_000
PASSWORD_HINT = "x-kde-passwordManagerHint"  # noqa: S105 -- the name of a format
"""Password managers add this format to what should not be kept or shown."""


@dataclass(frozen=True, slots=True)
class ClipboardSettings:
    """What a run does with the clipboard of its screen.

    Attributes:
        report: Whether each text that is copied is reported to the model, as a fact.
        text: The text to put on the clipboard when the screen opens; empty for none.
    """

    report: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class ClipboardContent:
    """The content of a clipboard: `text`, None if it is not text, and the names of all its `formats`."""

    text: str | None = None
    formats: tuple[str, ...] = ()

    @property
    def is_password(self) -> bool:
        """Whether a password manager has copied it."""
        return PASSWORD_HINT in self.formats


class Clipboard(Protocol):
    """The clipboard of one display."""

    def read(self) -> ClipboardContent:
        """The content that a program would paste; its text is cut after `MAX_READ_CHARACTERS`."""
        ...

    def write(self, text: str) -> None:
        """Replace the content by `text`."""
        ...

    def watch(self) -> None:
        """Make `has_changed` report what is copied from now on.

        Raises:
            EnvUnavailable: the screen does not report that.
        """
        ...

    def has_changed(self) -> bool:
        """Whether another program has copied something since the last call."""
        ...


@runtime_checkable
class HasClipboard(Protocol):
    """Optional protocol: an `Env` whose clipboard programs can read and write."""

    @abstractmethod
    def clipboard(self) -> str:
        """The text on the clipboard, of `MAX_READ_CHARACTERS` at most; empty if there is no text. It is untrusted.

        Raises:
            EnvUnavailable: this screen has no clipboard that can be read.
        """
        ...

    @abstractmethod
    def set_clipboard(self, text: str) -> None:
        """Put `text` on the clipboard.

        Raises:
            EnvUnavailable: this screen has no clipboard that can be written.
        """
        ...


def open_clipboard(settings: ClipboardSettings, clipboard: Callable[[], Clipboard]) -> Clipboard | None:
    """The clipboard that is to be reported, set up as `settings` say; None if it is not to be reported.

    Raises:
        EnvUnavailable: the screen does not have what the settings ask for.
    """
    if settings.text:
        clipboard().write(settings.text)
    if not settings.report:
        return None
    watched = clipboard()
    watched.watch()
    return watched


def copied_facts(clipboard: Clipboard | None) -> tuple[Fact, ...]:
    """What the model learns about a reported clipboard, if something was copied since the last call."""
    return (_copied(clipboard.read()),) if clipboard is not None and clipboard.has_changed() else ()


def _copied(content: ClipboardContent) -> Fact:
    if content.is_password:
        return Fact("A password manager has copied something to the clipboard. It is not shown.")
    if content.text is None:
        names = _listed(content.formats)
        return (
            Fact("The clipboard now holds {}, and no text.", (names,)) if names else Fact("The clipboard is now empty.")
        )
    if len(content.text) > MAX_QUOTED:
        length = f"{len(content.text)}{' or more' if len(content.text) == MAX_READ_CHARACTERS else ''} characters"
        return Fact(f"The clipboard now holds a text of {length}. It begins: {{}}", (content.text,))
    return Fact("The clipboard now holds the text {}.", (content.text,))


def _listed(formats: Iterable[str]) -> str:
    return ", ".join(sorted({name for name in formats if "/" in name}))
