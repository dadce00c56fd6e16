"""A browser page as an environment, through Playwright: observed by screenshots, operated by mouse and keyboard.

Playwright must stay on one thread. `BrowserEnv` runs it on a background thread with its own event loop, so that it can
be used from any thread, inside asyncio and in notebooks, and so that no page can block it forever.
"""

import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from ..actions import Action
from ..base import ScreenEnv
from ..config.browser_settings import BrowserSettings
from ..demonstration import PersonInput
from ..env import ActionResult, EnvInfo, EnvLost, EnvUnavailable, Fact, Observation
from ..geometry import ScreenPoint, Size
from ..secrets import SecretVault
from .firewall.fence import Fence
from .firewall.guard import check_firewall
from .launch.chromium import sandbox
from .launch.engines import NAMES
from .launch.identity import check_identity, identity_facts
from .launch.view import View
from .page.addresses import start_address
from .session import BrowserSession
from .worker import Worker

T = TypeVar("T")

_REOPENED_SCHEMES = ("http:", "https:", "file:")
_RESTARTED = (
    "The browser crashed and was restarted at {url}. Other tabs and unsubmitted input are lost, and you may have to "
    "sign in again. Check whether your last action took effect before you repeat it."
)


class BrowserEnv(ScreenEnv):
    """A page in Chromium; opens `url` at the first use.

    The screenshot has `viewport` times `scale` pixels, including the tab strip if there is one. Dialogs, pickers, menus
    and tooltips, which Chromium draws outside its pages, are drawn on the screenshot and can be operated there. New
    tabs are followed and downloads saved; see `settings` for the rest.

    Raises:
        ValueError: `settings` are invalid; one line.
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
        self._lock = threading.Lock()
        self._worker: Worker | None = None
        self._session: BrowserSession | None = None
        self._last_url = url
        self._vault = SecretVault()
        self._person: Callable[[PersonInput], None] | None = None

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
        if self.settings.grants:
            settings["grants"] = ", ".join(self.settings.grants)
        program = self._session.program if self._session else NAMES[self.settings.engine]
        return EnvInfo("browser", program, settings)

    def observe(self) -> Observation:
        """See `Env`."""
        observation = self._run(lambda session: session.observe())
        self._last_url = observation.location
        return observation

    def execute(self, action: Action) -> ActionResult:
        """See `Env`."""
        return self._run(lambda session: session.execute(action))

    def use_secrets(self, vault: SecretVault) -> None:
        """See `TypesSecrets`."""
        with self._lock:
            self._vault = vault
            if self._session is not None:
                self._session.secrets.vault = vault

    def asks_for_password(self) -> bool:
        """See `KnowsPasswordFields`."""
        return self._run(lambda session: session.asks_for_password())

    def reset(self, pointer: ScreenPoint) -> tuple[Fact, ...]:
        """Go to an empty page, clear cookies and storage, and move the pointer to `pointer`, without settling.

        A browser that we are only attached to keeps its cookies and storage. Returns the facts since the last
        observation: if there are any, such as another open tab, the browser is not in its initial state.

        Raises:
            ActionRefused: a dialog blocks the page.
            EnvUnavailable: the browser cannot be opened.
            EnvLost: it is gone.
        """
        return self._run(lambda session: session.reset(pointer))

    def command_line(self) -> list[str]:
        """The command line that Chromium was started with."""
        return self._run(lambda session: session.command_line())

    def restart(self) -> str:
        """See `Restartable`: starts a new browser at the last observed URL, or else at the start page."""
        with self._lock:
            self._check_open()
            if self._worker is None:
                raise EnvLost("the browser was never opened")
            session, self._session = self._session, None
            if session is not None:
                with suppress(Exception):  # the browser is gone
                    self._worker.run(session.close())
            urls = dict.fromkeys((self._last_url, self.url))
            for url in urls if self._last_url.startswith(_REOPENED_SCHEMES) else (self.url,):
                with suppress(EnvUnavailable):
                    self._session = self._open(self._worker, url)
                    return _RESTARTED.format(url=url)
            raise EnvLost("the browser crashed and could not be restarted")

    def watch_person(self, listener: Callable[[PersonInput], None] | None) -> None:
        """See `Demonstrable`; call it before the browser opens. Dialogs of pages are then answered by rule."""
        with self._lock:
            if listener is not None and self._session is not None:
                raise EnvUnavailable("a demonstration starts with the browser, which is already open")
            self._person = listener

    def _report(self, event: PersonInput) -> None:
        if (person := self._person) is not None:
            person(event)

    def release(self) -> None:
        """See `Env`."""
        with self._lock, suppress(Exception):  # if the browser is gone, nothing is pressed
            if self._session is not None and self._worker is not None:
                self._worker.run(self._session.release())

    def close(self) -> None:
        """See `Env`."""
        with self._lock:
            self._closed = True
            worker, self._worker = self._worker, None
            session, self._session = self._session, None
            if worker is None:
                return
            try:
                if session is not None:
                    with suppress(Exception):  # the browser may be gone already
                        worker.run(session.close())
            finally:
                worker.stop()

    def _run(self, operation: Callable[[BrowserSession], Coroutine[Any, Any, T]]) -> T:
        """Run `operation` on the browser's thread; opens the browser first if needed."""
        with self._lock:
            self._check_open()
            if self._worker is None:
                self._worker = Worker("screenwright-browser")
            if self._session is None:
                self._session = self._open(self._worker, self.url)
            return self._worker.run(operation(self._session))

    def _open(self, worker: Worker, url: str) -> BrowserSession:
        view, fence = (
            View(self.viewport, self.scale, self.headless, None if self._person is None else self._report),
            Fence(self.settings.grants, start_address(self.url)),
        )
        settings = self.settings if self._person is None else self.settings.model_copy(update={"dialogs": "rule"})
        session = worker.run(BrowserSession.open(url, view, settings, fence))
        session.secrets.vault = self._vault
        return session
