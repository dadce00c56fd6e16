"""A browser page as a screen, through Playwright: seen as a screenshot, worked by mouse and keyboard alone.

Playwright belongs to one thread. `BrowserEnv` keeps a thread with an event loop of its own for it, so that it can be
used from any thread, inside asyncio, and in notebooks, and so that nothing that a page does can hold it up for ever.
"""

import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from ..actions import Action
from ..base import ScreenEnv
from ..env import ActionResult, EnvInfo, EnvLost, EnvUnavailable, Observation
from ..geometry import ScreenPoint, Size
from .firewall.guard import check_firewall
from .launch.chromium import sandbox
from .launch.engines import NAMES
from .launch.identity import check_identity, identity_facts
from .launch.settings import BrowserSettings, View
from .session import BrowserSession
from .worker import Worker

T = TypeVar("T")

_ASKED_FOR_AGAIN = ("http:", "https:", "file:")
_RESTARTED = (
    "The browser crashed and was started again at {place}. Other tabs, and what was typed and not sent, are gone; "
    "you may have to sign in again. Look whether your last action was done before you do it again."
)


class BrowserEnv(ScreenEnv):
    """A page in Chromium, opened at `url` when it is first looked at.

    The screenshot has `viewport` times `scale` pixels, the tab strip included where one is drawn. What Chromium draws
    outside its pages (dialogs, pickers, menus, tooltips) is drawn on the screenshot and worked there. New tabs are
    followed, downloads kept; `settings` has the rest.

    Raises:
        ValueError: `settings` ask for what no browser can be; one line.
    """

    name = "browser"

    def __init__(
        self,
        url: str = "about:blank",
        *,
        viewport: Size = Size(1280, 720),
        scale: float = 1.0,
        headless: bool = True,
        settings: BrowserSettings = BrowserSettings(),
    ) -> None:
        check_identity(settings)
        check_firewall(settings)
        self.url = url
        self.viewport = viewport
        self.scale = scale
        self.headless = headless
        self.settings = settings
        self._one_at_a_time = threading.Lock()
        self._worker: Worker | None = None
        self._session: BrowserSession | None = None
        self._place = url

    def info(self) -> EnvInfo:
        """See `Env`."""
        settings = {
            "url": self.url,
            "viewport": str(self.viewport),
            "scale": f"{self.scale:g}",
            "headless": str(self.headless).lower(),
            "sandbox": sandbox(self.settings),
        }
        settings |= identity_facts(self.settings)
        if self.settings.allow_hosts:
            settings["allowed hosts"] = ", ".join(self.settings.allow_hosts)
        program = self._session.program if self._session else NAMES[self.settings.engine]
        return EnvInfo("browser", program, settings)

    def observe(self) -> Observation:
        """See `Env`."""
        observation = self._do(lambda session: session.observe())
        self._place = observation.place
        return observation

    def execute(self, action: Action) -> ActionResult:
        """See `Env`."""
        return self._do(lambda session: session.execute(action))

    def reset(self, pointer: ScreenPoint) -> tuple[str, ...]:
        """Leave the page for an empty one, forget cookies and what pages stored, and put the pointer at `pointer`.

        A browser that is only worked over DevTools keeps what it has stored: it is somebody else's. Nothing is waited
        for to come to rest; whoever goes to a page from there does that. Returns what happened until then, as facts:
        with any, such as another tab, it is not the browser that it was in the beginning.

        Raises:
            ActionRefused: a dialog holds the page up.
            EnvUnavailable: it cannot be opened.
            EnvLost: it is gone.
        """
        return self._do(lambda session: session.reset(pointer))

    def restart(self) -> str:
        """See `Restartable`: a new browser at the page that was seen last, or else where this one began."""
        with self._one_at_a_time:
            if self._closed or self._worker is None:
                raise EnvLost("the browser was closed")
            session, self._session = self._session, None
            if session is not None:
                with suppress(Exception):  # it is gone
                    self._worker.run(session.close())
            places = dict.fromkeys((self._place, self.url)) if self._place.startswith(_ASKED_FOR_AGAIN) else (self.url,)
            for place in places:
                with suppress(EnvUnavailable):
                    self._session = self._open(self._worker, place)
                    return _RESTARTED.format(place=place)
            raise EnvLost("the browser crashed, and could not be started again")

    def release(self) -> None:
        """See `Env`."""
        with self._one_at_a_time, suppress(Exception):  # whatever is wrong, there is nothing more to let go of
            if self._session is not None and self._worker is not None:
                self._worker.run(self._session.release())

    def close(self) -> None:
        """See `Env`."""
        with self._one_at_a_time:
            self._closed = True
            worker, self._worker = self._worker, None
            session, self._session = self._session, None
            if worker is None:
                return
            try:
                if session is not None:
                    with suppress(Exception):  # a browser that is gone already is closed enough
                        worker.run(session.close())
            finally:
                worker.stop()

    def _do(self, work: Callable[[BrowserSession], Coroutine[Any, Any, T]]) -> T:
        """Have the browser's own thread do `work`, opening the browser first if need be."""
        with self._one_at_a_time:
            self._check_open()
            if self._worker is None:
                self._worker = Worker("screenwright-browser")
            if self._session is None:
                self._session = self._open(self._worker, self.url)
            return self._worker.run(work(self._session))

    def _open(self, worker: Worker, url: str) -> BrowserSession:
        return worker.run(BrowserSession.open(url, View(self.viewport, self.scale, self.headless), self.settings))
