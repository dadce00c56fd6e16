"""Types text as a person does: with the keys of a keyboard, no faster than the page handles them."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import resources

from playwright.async_api import Error, Frame, JSHandle, Page

from ...env import Fact
from .keyboard import KEYS, SHIFT

MAX_KEYSTROKES = 100
"""More text is inserted at once, like a paste, if the page takes input events; a keystroke costs 5 to 10 ms."""

_MONITOR = "window[Symbol.for('screenwright.typing')]"
_HAS_FOCUS = f"() => {_MONITOR}?.hasFocus() ?? false"
_BEGIN = f"() => {_MONITOR}.begin()"
_AFTER_KEY = f"() => {_MONITOR}?.afterKey()"
_TAKES_INPUT = f"() => {_MONITOR}?.inputs() ?? 0"
_PROBLEM = f"expected => {_MONITOR}?.problem(expected) ?? ''"
_EDIT = resources.files(__name__.rpartition(".")[0]).joinpath("editors.js")
_EDITED = re.compile(r"[\n(){}\[\]\"'`<>]")
"""Editors of code indent lines and close brackets and quotation marks while keys are pressed."""
_EDIT_POLLS = 20
_EVALUATE_S = 1.0
NOWHERE = "nowhere"
"""`Typing.problem` if nothing on the page took the text."""
_OTHER = "another text"
_KEYS = {"\n": "Enter", "\t": "Tab"}
_LENGTH = re.compile(r"\d+ characters")
_RUN = re.compile(r"[\n\t]|[^\n\t]+")


@dataclass(slots=True)
class Typing:
    """Types texts into `page`; `shift_held` is whether the user holds Shift already.

    `before_key` is called before each key, and may raise.
    """

    page: Page
    shift_held: bool
    before_key: Callable[[], Awaitable[None]] | None = None
    problem: str = ""
    """What is in the field instead of the text, or `NOWHERE`; empty if it arrived."""
    _frame: Frame | None = None
    _methods: set[str] = field(default_factory=set[str])

    async def type(self, text: str, submit: bool) -> str:
        """Type `text`: line breaks press Enter, tabs Tab, and characters that a US keyboard lacks are inserted.

        Returns the method: `keys`, `insert`, or both.
        """
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        await self._find_focus()
        is_edited = self.before_key is None and _EDITED.search(text) is not None
        if not (is_edited and await self._edit(text)):
            await self._type_keys(text)
        if submit:
            await self.page.keyboard.press("Enter")
        return "+".join(sorted(self._methods))

    async def _type_keys(self, text: str) -> None:
        first, rest = text[:MAX_KEYSTROKES], text[MAX_KEYSTROKES:]
        await self._press(first)
        if rest and self.before_key is None and await self._takes_input(first):
            await self._insert(rest[:-1])
            rest = rest[-1:]
        await self._press(rest)
        if self._frame is not None and "\n" not in text:
            with suppress(Error):  # the page has changed
                self.problem = str(await self._frame.evaluate(_PROBLEM, text))

    async def _edit(self, text: str) -> bool:
        """Put `text` into an editor that would change what is typed with keys; returns whether the focus is in one."""
        if self._frame is None:
            return False
        editor: JSHandle = await self._frame.evaluate_handle(_EDIT.read_text(encoding="utf-8"), text)
        if not await editor.evaluate("editor => editor !== null"):
            return False
        self._methods.add("paste")
        await self._after_key()
        if not await self._has_changed(editor):
            self._methods = {"insert"}
            is_code = await editor.evaluate("({ isCode }) => isCode")
            last = "" if is_code or not text[-1].isalnum() else text[-1]  # a key, for pages that listen to keys
            await self.page.keyboard.insert_text(text.removesuffix(last))
            await self._press(last)
            await self._after_key()
        with suppress(Error):  # the page has changed
            self.problem = str(await editor.evaluate("({ problem }) => problem()"))
        return True

    async def _has_changed(self, editor: JSHandle) -> bool:
        """Whether the editor shows the paste: some do so after a moment, and some pages block pastes."""
        if not await editor.evaluate("({ isHandled }) => isHandled"):
            return False
        for _ in range(_EDIT_POLLS):
            if await editor.evaluate("({ hasChanged }) => hasChanged()"):
                return True
            await asyncio.sleep(0.02)
        return False

    async def _press(self, text: str) -> None:
        keyboard, has_shift = self.page.keyboard, False
        try:
            for character in text:
                if self.before_key is not None:
                    await self.before_key()
                key, needs_shift = (_KEYS[character], False) if character in _KEYS else KEYS.get(character, ("", False))
                if needs_shift != has_shift and not self.shift_held:
                    await (keyboard.down(SHIFT) if needs_shift else keyboard.up(SHIFT))
                    has_shift = needs_shift
                if key:
                    await keyboard.press(key)
                else:
                    await keyboard.insert_text(character)
                if character not in _KEYS:
                    self._methods.add("keys" if key else "insert")
                await self._after_key()
        finally:
            if has_shift:
                await keyboard.up(SHIFT)

    async def _insert(self, text: str) -> None:
        for piece in _RUN.findall(text):
            if piece in _KEYS:
                await self.page.keyboard.press(_KEYS[piece])
            else:
                await self.page.keyboard.insert_text(piece)
                self._methods.add("insert")

    async def _find_focus(self) -> None:
        """Find the frame that has the focus; none if its page has no monitor."""
        self._frame = None
        for frame in self.page.frames:
            with suppress(Error, TimeoutError):  # it is being replaced, or busy
                if await asyncio.wait_for(frame.evaluate(_HAS_FOCUS), _EVALUATE_S):
                    await frame.evaluate(_BEGIN)
                    self._frame = frame
                    return

    async def _after_key(self) -> None:
        """Wait until the page has handled a key, with what its handlers put off for a moment."""
        if self._frame is None:
            return
        try:
            has_focus = await self._frame.evaluate(_AFTER_KEY)
        except Error:  # the key left the page
            has_focus = False
        if not has_focus:
            await self._find_focus()

    async def _takes_input(self, typed: str) -> bool:
        """Whether the page has received `typed` as input, and not as mere key presses."""
        if self._frame is None:
            return True
        with suppress(Error):
            return int(await self._frame.evaluate(_TAKES_INPUT)) >= sum(each not in _KEYS for each in typed)
        return True


def without_text(problem: str) -> str:
    """`problem` without what is in the field, which may be a part of a secret."""
    return problem if not problem or problem == NOWHERE or _LENGTH.fullmatch(problem) else _OTHER


def field_fact(problem: str) -> Fact:
    """The report of what is in a field instead of the typed text.

    `problem` is a JSON string, the length of a password, or an object with a line of an editor.
    """
    if problem == _OTHER:
        return Fact("The field does not contain the secret as it was typed.")
    sentence = "The field does not contain the text as typed. It contains"
    if _LENGTH.fullmatch(problem):
        return Fact(f"{sentence} {problem}.")
    with suppress(ValueError):
        found = json.loads(problem)
        if isinstance(found, dict):
            return _line_fact(int(found["line"]), str(found["is"]), str(found["wanted"]))
        problem = str(found)
    return Fact(f"{sentence} {{}}.", (problem,))


def _line_fact(line: int, shown: str, wanted: str) -> Fact:
    """The report of the first line of an editor that is not as typed."""
    sentence = f"The editor does not show the text as typed. Its line {line} is"
    if shown.strip() != wanted.strip():
        return Fact(f"{sentence} {{}} instead of {{}}.", (shown, wanted))
    is_, instead = (len(text) - len(text.lstrip()) for text in (shown, wanted))
    return Fact(f"{sentence} indented by {is_} characters instead of {instead}: {{}}.", (shown,))
