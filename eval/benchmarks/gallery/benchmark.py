"""The gallery as a benchmark: each trap asked in words, and judged by what its page tells its server.

screenwright eval gallery --agent oracle
"""

import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from ....agent.loop.agent import Result
from ....agent.policy.model_policy import Policy
from ....envs.actions import Navigate
from ....envs.browser import BrowserEnv, BrowserSettings
from ....envs.env import EnvError
from ....envs.geometry import Size
from ...core.task import Outcome, Rules, TaskError
from ..browsers import Browsers, PageLook
from .site import Site
from .traps import ALL, DIALOGS, PAGES, SEEN_ONLY, TABS, WIDGETS, Trap, address_of, build
from .words import ASKED

VIEWPORT = Size(960, 600)

_LATE_S = 1.0
"""How long what a page tells may be on its way."""

_LOOK = PageLook(VIEWPORT)
_BROWSERS = Browsers()
"""Of this process. None is started before a task is set up."""


@dataclass(frozen=True, slots=True)
class GalleryTask:
    """A trap."""

    trap: Trap

    @property
    def name(self) -> str:
        """The trap's."""
        return self.trap.name

    @property
    def category(self) -> str:
        """Where the trap lies: in a widget, in a dialog, or among tabs and addresses."""
        if self.trap in DIALOGS:
            return "dialog"
        return "tab" if self.trap in TABS else "widget"

    @contextmanager
    def set_up(self, seed: int) -> Generator["GalleryScene"]:
        """Serve the trap, and open it; nothing in it varies with the seed.

        Raises:
            TaskError: it is not opened.
            EnvUnavailable: there is no browser.
        """
        with Site() as site, _browser_for(self.trap) as browser:
            build(site)
            try:
                browser.execute(Navigate(address_of(self.trap, site)))
            except EnvError as error:
                raise TaskError(f"{self.name} was not opened: {error}") from error
            yield GalleryScene(browser, self.trap, site)


@dataclass(frozen=True, slots=True)
class GalleryScene:
    """An open trap. `site` hears what its page tells."""

    env: BrowserEnv
    trap: Trap
    site: Site

    @property
    def instruction(self) -> str:
        """What is asked, in words."""
        return self._fill(ASKED[self.trap.name])

    def is_over(self) -> bool:
        """Whether the page has told that it was got through."""
        return self._is_solved

    def judge(self, result: Result) -> Outcome:
        """Done is what the page told so; where seeing is all, the answer that holds what was to be seen."""
        if self.trap.name in SEEN_ONLY:
            word = self.trap.steps[-1].text
            return Outcome(word.casefold() in result.answer.casefold(), f"the answer is {result.answer!r}")
        end = time.monotonic() + _LATE_S
        while not self._is_solved and time.monotonic() < end:
            time.sleep(0.02)
        told = self.site.told.get("solved")
        return Outcome(self._is_solved, "the page told nothing" if told is None else f"the page told {told!r}")

    def solution(self) -> Policy:
        """The way through; needs the reader extra."""
        from .oracle import HandPolicy

        return HandPolicy(self.trap.steps, self._fill)

    @property
    def _is_solved(self) -> bool:
        return "solved" in self.site.told and self.site.told["solved"] == self.trap.solved

    def _fill(self, text: str) -> str:
        return text.replace("ADDRESS", self.site.url)


@dataclass(frozen=True)
class Gallery:
    """All traps."""

    name: str = "gallery"
    rules: Rules = Rules(seeds=(0,), steps=15)

    @property
    def version(self) -> str:
        """A digest of the pages and of what is asked."""
        digest = sha256(repr(sorted(ASKED.items())).encode())
        for path in sorted(PAGES.iterdir()):
            digest.update(path.read_bytes())
        return f"{digest.hexdigest()[:16]}; {VIEWPORT}"

    def tasks(self) -> tuple[GalleryTask, ...]:
        """A task a trap."""
        return tuple(GalleryTask(trap) for trap in ALL)

    def close(self) -> None:
        """Close the browsers that this process keeps for the next episode."""
        _BROWSERS.close()


@contextmanager
def _browser_for(trap: Trap) -> Generator[BrowserEnv]:
    """A browser that is told what the trap needs: a lent one where nothing but the page is worked."""
    if trap in WIDGETS:
        with _BROWSERS.lend(_LOOK) as browser:
            yield browser
        return
    with tempfile.TemporaryDirectory(prefix="screenwright-gallery-") as folder:
        for name in ("invoice.txt", "photo.png"):
            (Path(folder) / name).write_text("x", encoding="utf-8")
        uploads = (folder,) if trap.needs == "uploads" else ()
        settings = BrowserSettings(tab_strip=trap.needs == "strip", upload_from=uploads)
        with BrowserEnv(viewport=VIEWPORT, settings=settings) as browser:
            yield browser
