"""A pool of browsers that episodes reuse, since starting one takes far longer than opening a page."""

import atexit
import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ...envs.actions import Action, Button, Click, Hotkey
from ...envs.browser import BrowserEnv, BrowserSettings
from ...envs.env import ActionResult, EnvError, Observation
from ...envs.geometry import ScreenPoint, Size

_BLANK = "about:blank"
_MAX_EPISODES = 100


@dataclass(frozen=True, slots=True)
class PageSettings:
    """The window of a browser: `viewport` in CSS pixels, each `scale` pixels of the screenshot.

    Anything that `settings` let episodes share, such as allowed hosts, is up to the benchmark.
    """

    viewport: Size
    scale: float = 1.0
    shows_scrollbars: bool = True
    settings: BrowserSettings = BrowserSettings()


class PooledBrowser(BrowserEnv):
    """A browser that tracks whether an episode did something that the next one would notice."""

    def __init__(self, page: PageSettings) -> None:
        switches = () if page.shows_scrollbars else ("--hide-scrollbars=true",)
        settings = page.settings.model_copy(update={"switches": (*page.settings.switches, *switches)})
        super().__init__(_BLANK, viewport=page.viewport, scale=page.scale, settings=settings)
        self.page_settings = page
        self.episodes = 0
        self.is_tainted = False

    def observe(self) -> Observation:
        """See `Env`. A fact, such as a new tab or a download, taints the browser."""
        observation = super().observe()
        self.is_tainted = self.is_tainted or bool(observation.facts)
        return observation

    def execute(self, action: Action) -> ActionResult:
        """See `Env`. Actions that may reach beyond the page, such as a new tab or the clipboard, taint the browser."""
        self.is_tainted = self.is_tainted or _affects_browser(action)
        return super().execute(action)

    def evaluate_in_page(self, script: str, argument: object) -> Any:
        """The result of a JavaScript function called with `argument` in the page; for oracles that only read.

        Raises:
            EnvLost: the browser is gone.
        """
        return self._run(lambda session: session.evaluate(script, argument))

    def reset_page(self) -> None:
        """Reset to the state in which every episode starts: an empty page, the pointer in the lower right corner.

        Raises:
            EnvError: the browser cannot be reset.
        """
        width, height = self.viewport.width * self.scale, self.viewport.height * self.scale
        self.is_tainted = bool(self.reset(ScreenPoint(width - 1, height - 1))) or self.is_tainted


@dataclass(slots=True)
class BrowserPool:
    """The idle browsers of this process, as many as were ever in use at once."""

    _idle: list[PooledBrowser] = field(default_factory=list[PooledBrowser])
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _process: int = 0

    @contextmanager
    def acquire(self, page: PageSettings) -> Generator[PooledBrowser]:
        """A browser with an empty page for one episode. A tainted or failed browser is closed instead of reused.

        Raises:
            EnvUnavailable: no browser can be started.
        """
        browser = self._take(page)
        is_reusable = False
        try:
            if browser.episodes == 0:
                browser.reset_page()
            browser.episodes += 1
            yield browser
            is_reusable = _reset(browser)
        finally:
            if is_reusable:
                with self._lock:
                    self._idle.append(browser)
            else:
                browser.close()

    def close(self) -> None:
        """Close the idle browsers."""
        with self._lock:
            idle, self._idle = self._idle, []
        for browser in idle:
            browser.close()

    def _take(self, page: PageSettings) -> PooledBrowser:
        with self._lock:
            if self._process != os.getpid():  # a forked child cannot use its parent's
                self._process, self._idle = os.getpid(), []
                atexit.register(self.close)
            for browser in self._idle:
                if browser.page_settings == page:
                    self._idle.remove(browser)
                    return browser
        return PooledBrowser(page)


def _reset(browser: PooledBrowser) -> bool:
    """Reset `browser` for the next episode; False if it must not be reused."""
    if browser.episodes >= _MAX_EPISODES:  # browsers grow with every page
        return False
    try:
        browser.release()
        browser.reset_page()
    except EnvError:
        return False
    return not browser.is_tainted


def _affects_browser(action: Action) -> bool:
    """Whether `action` may affect the browser beyond its page."""
    match action:
        case Hotkey(keys):
            return any(key in ("ctrl", "alt", "super") for key in keys) and keys != ("ctrl", "a")
        case Click(button=button, modifiers=modifiers):
            return button in (Button.MIDDLE, Button.BACK, Button.FORWARD) or bool(modifiers)
        case _:
            return False
