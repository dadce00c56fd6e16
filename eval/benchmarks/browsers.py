"""Browsers that are lent from episode to episode, since starting one takes far longer than opening a page."""

import atexit
import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from ...envs.actions import Action, Button, Click, Hotkey
from ...envs.browser import BrowserEnv, BrowserSettings
from ...envs.env import ActionResult, EnvError, Observation
from ...envs.geometry import ScreenPoint, Size

_NOWHERE = "about:blank"
_MOST_EPISODES = 100


@dataclass(frozen=True, slots=True)
class PageLook:
    """What a browser's pages look like: `viewport` in CSS pixels, each of them `scale` pixels of the screenshot.

    `settings` say what else it is; who lends it out answers for what they share from episode to episode.
    """

    viewport: Size
    scale: float = 1.0
    shows_scrollbars: bool = True
    settings: BrowserSettings = BrowserSettings()


class LentBrowser(BrowserEnv):
    """A browser that knows whether anything happened in it that the next episode would notice."""

    def __init__(self, look: PageLook) -> None:
        switches = () if look.shows_scrollbars else ("--hide-scrollbars=true",)
        settings = replace(look.settings, switches=(*look.settings.switches, *switches))
        super().__init__(_NOWHERE, viewport=look.viewport, scale=look.scale, settings=settings)
        self.look = look
        self.episodes = 0
        self.is_marked = False

    def observe(self) -> Observation:
        """See `Env`. A fact, such as a new tab or a download, says that the browser is not as it was."""
        seen = super().observe()
        self.is_marked = self.is_marked or bool(seen.facts)
        return seen

    def execute(self, action: Action) -> ActionResult:
        """See `Env`. What may reach beyond the page, such as a new tab or the clipboard, marks the browser."""
        self.is_marked = self.is_marked or _reaches_beyond(action)
        return super().execute(action)

    def ask_page(self, script: str, argument: object) -> Any:
        """What a function of JavaScript makes of `argument` in the page: for the oracle, who looks but does not touch.

        Raises:
            EnvLost: the browser is gone.
        """
        return self._do(lambda session: session.ask_page(script, argument))

    def make_blank(self) -> None:
        """Bring it to the state in which every episode finds it: an empty page, the pointer in the lower right corner.

        Raises:
            EnvError: it is not to be had in that state any more.
        """
        width, height = self.viewport.width * self.scale, self.viewport.height * self.scale
        self.is_marked = bool(self.reset(ScreenPoint(width - 1, height - 1))) or self.is_marked


@dataclass(slots=True)
class Browsers:
    """Idle browsers of this process. As many are kept as were ever lent at once."""

    _idle: list[LentBrowser] = field(default_factory=list[LentBrowser])
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _process: int = 0

    @contextmanager
    def lend(self, look: PageLook) -> Generator[LentBrowser]:
        """A browser with an empty page, for the length of an episode. One that has gone wrong is not lent again.

        Raises:
            EnvUnavailable: none can be started.
        """
        browser = self._take(look)
        is_sound = False
        try:
            if browser.episodes == 0:
                browser.make_blank()
            browser.episodes += 1
            yield browser
            is_sound = _make_sound(browser)
        finally:
            if is_sound:
                with self._lock:
                    self._idle.append(browser)
            else:
                browser.close()

    def close(self) -> None:
        """Close the idle ones."""
        with self._lock:
            idle, self._idle = self._idle, []
        for browser in idle:
            browser.close()

    def _take(self, look: PageLook) -> LentBrowser:
        with self._lock:
            if self._process != os.getpid():  # a forked child cannot use its parent's
                self._process, self._idle = os.getpid(), []
                atexit.register(self.close)
            for browser in self._idle:
                if browser.look == look:
                    self._idle.remove(browser)
                    return browser
        return LentBrowser(look)


def _make_sound(browser: LentBrowser) -> bool:
    """Whether `browser` can be lent again, and is made ready for it."""
    if browser.episodes >= _MOST_EPISODES:
        return False
    try:
        browser.release()
        browser.make_blank()
    except EnvError:
        return False
    return not browser.is_marked


def _reaches_beyond(action: Action) -> bool:
    """Whether `action` may do something to the browser rather than to its page."""
    match action:
        case Hotkey(keys):
            return any(key in ("ctrl", "alt", "super") for key in keys) and keys != ("ctrl", "a")
        case Click(button=button, modifiers=modifiers):
            return button is Button.MIDDLE or bool(modifiers)
        case _:
            return False
