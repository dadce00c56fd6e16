"""Presses characters and watches the screen: a VNC server drops those that its keyboard lacks, and reports nothing.

A character that is new in this connection is pressed alone, and the screen must then change by more than a caret. What
shows none of them, such as a password prompt in a terminal, proves nothing.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ..interrupt import sleep
from ..settle import RawFrame, changed

_CARET_PX, _BLOCK_PX = 3, 24
_PROMPT_S, _BLINK_S = 0.3, 0.6
_POLL_S = 0.01
_QUIET_S, _QUIET_LIMIT_S = 0.04, 0.5
_MOST_UNSEEN = 2
"""After so many characters that were not drawn, with none that was, the rest is watched as a whole."""


class CharactersDropped(Exception):
    """`lacking` were not drawn, though other characters were; `typed` is the text that was pressed so far."""

    def __init__(self, lacking: str, typed: str) -> None:
        super().__init__(lacking)
        self.lacking, self.typed = lacking, typed


@dataclass(slots=True)
class Echo:
    """Remembers which characters were drawn; `limit_s` is how long a program may take to draw one.

    After a character was dropped, every character is watched: one that was drawn late may have vouched for the next.
    """

    capture: Callable[[], RawFrame]
    limit_s: float
    _drawn: set[str] = field(default_factory=set[str])
    has_dropped: bool = False
    _typed: str = ""
    _lacking: str = ""
    _is_shown: bool = False
    _misses: int = 0

    def begin(self, text: str) -> None:
        """Begin another text, which may be typed somewhere else; it is not watched if all of it was drawn before."""
        self._typed, self._lacking, self._misses = "", "", 0
        self._is_shown = self._drawn.issuperset("".join(text.split()))

    @property
    def is_hidden(self) -> bool:
        """Whether nothing was drawn of the text so far."""
        return self._misses > 0 and not self._is_shown

    def press(self, text: str, press: Callable[[str], None]) -> None:
        """Press the characters of `text` in order.

        Raises:
            CharactersDropped: at the first character that proves it; the rest is not pressed.
        """
        unwatched: RawFrame | None = None
        for character in text:
            self._typed += character
            if not self._has_to_be_watched(character):
                if unwatched is None and self.is_hidden:
                    unwatched = self._quiet_frame()
                press(character)
                continue
            before = self._quiet_frame()
            press(character)
            if self._is_drawn(before):
                self._is_shown = True
                self._drawn |= set() if self.has_dropped else {character}
            else:
                self._misses += 1
                self._lacking += "" if character in self._drawn else character
            self._check_dropped()
        if unwatched is not None and text.strip():
            self._is_shown = self._is_drawn(unwatched)
            self._check_dropped()

    def _check_dropped(self) -> None:
        if self._is_shown and self._lacking:
            self.has_dropped = True
            self._drawn.clear()
            raise CharactersDropped(self._lacking, self._typed)

    def _has_to_be_watched(self, character: str) -> bool:
        if character.isspace():
            return False
        return character not in self._drawn if self._is_shown else self._misses < _MOST_UNSEEN

    def _quiet_frame(self) -> RawFrame:
        """The screen when earlier characters have been drawn."""
        end = time.monotonic() + _QUIET_LIMIT_S
        frame = self.capture()
        while time.monotonic() < end:
            sleep(_QUIET_S)
            last, frame = frame, self.capture()
            if last is frame or last.pixels == frame.pixels:
                break
        return frame

    def _is_drawn(self, before: RawFrame) -> bool:
        started = time.monotonic()
        while (seconds := time.monotonic() - started) < self.limit_s:
            change = changed(before, self.capture())
            width = 0 if change is None else change.box.right - change.box.left
            is_prompt = self._is_shown and seconds < _PROMPT_S
            if width > _CARET_PX and (width > _BLOCK_PX or is_prompt or not self._reverts(before)):
                return True
            sleep(_POLL_S)
        return False

    def _reverts(self, before: RawFrame) -> bool:
        """Whether the screen becomes as `before` again: a caret as wide as a character, as in Emacs."""
        end = time.monotonic() + _BLINK_S
        while time.monotonic() < end:
            if self.capture().pixels == before.pixels:
                return True
            sleep(_POLL_S)
        return False
