"""A browser page as a screen, through Playwright: seen as a screenshot, worked by mouse and keyboard alone.

Playwright's synchronous API belongs to one thread. `BrowserEnv` keeps a thread of its own for it, so that it can be
used from any thread, inside asyncio, and in notebooks.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeVar

from ..actions import Action
from ..env import Done, EnvInfo, EnvLost, Observation
from ..geometry import Size
from .chromium import runs_as_root
from .session import Session

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BrowserSettings:
    """What is rarely set. `None` leaves a thing as Chromium has it.

    `executable` is the Chromium to start; `profile` a folder that keeps cookies and logins from run to run;
    `switches` are added to Chromium's command line. Settling gives up after `settle_limit_s`, after going to another
    address `load_limit_s`.
    """

    executable: str | None = None
    profile: str | None = None
    locale: str | None = None
    timezone: str | None = None
    dark: bool = False
    switches: tuple[str, ...] = ()
    settle_limit_s: float = 5.0
    load_limit_s: float = 15.0


class BrowserEnv:
    """A page in Chromium, opened at `url` when it is first looked at.

    The screenshot has `viewport` times `scale` pixels. New tabs are followed; dialogs are answered by rule (alerts
    accepted, questions dismissed) and told as facts.
    """

    def __init__(
        self,
        url: str = "about:blank",
        *,
        viewport: Size = Size(1280, 720),
        scale: float = 1.0,
        headless: bool = True,
        settings: BrowserSettings = BrowserSettings(),
    ) -> None:
        self.url = url
        self.viewport = viewport
        self.scale = scale
        self.headless = headless
        self.settings = settings
        self._thread: ThreadPoolExecutor | None = None
        self._session: Session | None = None
        self._closed = False

    def info(self) -> EnvInfo:
        """See `Env`."""
        settings = {
            "url": self.url,
            "viewport": str(self.viewport),
            "scale": f"{self.scale:g}",
            "headless": str(self.headless).lower(),
            "sandbox": "off, since root cannot have it" if runs_as_root() else "on",
        }
        program = self._session.program if self._session else "Chromium"
        return EnvInfo("browser", program, settings)

    def observe(self) -> Observation:
        """See `Env`."""
        return self._do(lambda session: session.observe())

    def execute(self, action: Action) -> Done:
        """See `Env`."""
        return self._do(lambda session: session.execute(action))

    def release(self) -> None:
        """See `Env`."""
        session, thread = self._session, self._thread
        if session is not None and thread is not None:
            with suppress(Exception):  # whatever is wrong with the browser, there is nothing more to let go of
                thread.submit(session.release).result()

    def close(self) -> None:
        """See `Env`."""
        self._closed = True
        thread, self._thread = self._thread, None
        session, self._session = self._session, None
        if thread is None:
            return
        if session is not None:
            with suppress(Exception):  # a browser that is gone already is closed enough
                thread.submit(session.close).result()
        thread.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.close()

    def _do(self, work: Callable[[Session], T]) -> T:
        """Have the browser's own thread do `work`, opening the browser first if need be."""
        if self._closed:
            raise EnvLost("the browser was closed")
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="screenwright-browser")
        future: Future[T] = self._thread.submit(lambda: work(self._opened()))
        return future.result()

    def _opened(self) -> Session:
        if self._session is None:
            self._session = Session.open(self.url, self.viewport, self.scale, self.headless, self.settings)
        return self._session
