"""The screen of a task in a web application: a page of a pooled browser that reaches nothing but this machine."""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from .....envs.actions import Navigate
from .....envs.browser import BrowserSettings
from .....envs.env import Env
from .....envs.geometry import Size
from ...browsers import BrowserPool, PageSettings
from .program import WebProgram
from .serving import serve

if TYPE_CHECKING:
    from ..template import Job

SCREEN = Size(1280, 720)
_PAGE = PageSettings(SCREEN, settings=BrowserSettings(allow_hosts=("127.0.0.1",)))
_BROWSERS = BrowserPool()


@contextmanager
def open_page(program: WebProgram, home: Path, job: "Job", sandbox: str) -> Generator[Env]:
    """Serve the application and open the address that `job` names."""
    with serve(program, home, sandbox) as url, _BROWSERS.acquire(_PAGE) as browser:
        browser.execute(Navigate(url + job.open[0][0]))
        yield browser


def opener(program: WebProgram) -> "Callable[[Path, Job, str], AbstractContextManager[Env]]":
    """`open_page` for an application; see `App.enter`."""
    return partial(open_page, program)


def close_browsers() -> None:
    """Close the idle browsers of this process."""
    _BROWSERS.close()
