"""The gallery as a benchmark: each trap has an instruction and is scored by what its page reports.

screenwright eval gallery --agent oracle
"""

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ....agent.loop.agent import Result
from ....agent.policy.policy import Policy
from ....envs.actions import Navigate
from ....envs.browser import BrowserEnv, BrowserSettings
from ....envs.env import EnvError
from ....envs.geometry import Size
from ....envs.temp_folder import TempFolder
from ...core.task import Outcome, Rules, TaskError
from ..browsers import BrowserPool, PageSettings
from ..data_files import digest_of
from .instructions import INSTRUCTIONS
from .site import Site
from .traps import ALL, ANSWER_ONLY, DIALOGS, PAGES, TABS, WIDGETS, Trap, add_shared_pages, add_trap

VIEWPORT = Size(960, 600)

_REPORT_S = 1.0
"""How long a page's report may take to arrive."""

_PAGE = PageSettings(VIEWPORT)
_BROWSERS = BrowserPool()
"""Shared within this process; started when the first task is set up."""


@dataclass(frozen=True, slots=True)
class GalleryTask:
    """A trap as a task."""

    trap: Trap

    @property
    def name(self) -> str:
        """The trap's name."""
        return self.trap.name

    @property
    def category(self) -> str:
        """`widget`, `dialog` or `tab`."""
        if self.trap in DIALOGS:
            return "dialog"
        return "tab" if self.trap in TABS else "widget"

    @contextmanager
    def set_up(self, seed: int) -> Generator["GalleryInstance"]:
        """Serve and open the trap. Nothing varies with the seed."""
        with Site() as site, _browser_for(self.trap) as browser:
            add_shared_pages(site)
            try:
                browser.execute(Navigate(add_trap(self.trap, site)))
            except EnvError as error:
                raise TaskError(f"could not open {self.name}: {error}") from error
            yield GalleryInstance(browser, self.trap, site)


@dataclass(frozen=True, slots=True)
class GalleryInstance:
    """An open trap. `site` receives the reports of its page."""

    env: BrowserEnv
    trap: Trap
    site: Site

    @property
    def instruction(self) -> str:
        """What the agent is asked to do."""
        return self._fill(INSTRUCTIONS[self.trap.name])

    def is_over(self) -> bool:
        """Whether the page reported success."""
        return self._is_solved

    def judge(self, result: Result) -> Outcome:
        """Done if the page reported success; for `ANSWER_ONLY` traps, if the answer contains the text on the page."""
        if self.trap.name in ANSWER_ONLY:
            text = self.trap.steps[-1].text
            return Outcome(text.casefold() in result.answer.casefold(), f"the answer is {result.answer!r}")
        end = time.monotonic() + _REPORT_S
        while not self._is_solved and time.monotonic() < end:
            time.sleep(0.02)
        reported = self.site.reported.get("solved")
        return Outcome(
            self._is_solved, "the page reported nothing" if reported is None else f"the page reported {reported!r}"
        )

    def solution(self) -> Policy:
        """The oracle; needs the reader extra."""
        from .oracle import GalleryOracle

        return GalleryOracle(self.trap.steps, self._fill)

    @property
    def _is_solved(self) -> bool:
        return "solved" in self.site.reported and self.site.reported["solved"] == self.trap.expected

    def _fill(self, text: str) -> str:
        return text.replace("ADDRESS", self.site.url)


@dataclass(frozen=True)
class Gallery:
    """Pages with native pickers, dialogs, tabs and other things that are hard to operate from pixels."""

    name: str = "gallery"
    rules: Rules = Rules(seeds=(0,), steps=15)

    @property
    def version(self) -> str:
        """A digest of the pages and instructions."""
        instructions = Path(__file__).with_name("instructions.py")
        return f"{digest_of([instructions, *sorted(PAGES.iterdir())], PAGES.parent)[:16]}; {VIEWPORT}"

    def tasks(self) -> tuple[GalleryTask, ...]:
        """One task per trap."""
        return tuple(GalleryTask(trap) for trap in ALL)

    def close(self) -> None:
        """Close the idle browsers of this process."""
        _BROWSERS.close()


@contextmanager
def _browser_for(trap: Trap) -> Generator[BrowserEnv]:
    """A browser with the settings that the trap needs; a pooled one for traps that only involve the page."""
    if trap in WIDGETS:
        with _BROWSERS.acquire(_PAGE) as browser:
            yield browser
        return
    with TempFolder("gallery") as temp:
        files = temp.path / "files"
        files.mkdir()
        for name in ("invoice.txt", "photo.png"):
            (files / name).write_text("x", encoding="utf-8")
        uploads = (str(files),) if trap.needs == "uploads" else ()
        settings = BrowserSettings(tab_strip=trap.needs == "strip", upload_from=uploads)
        with BrowserEnv(viewport=VIEWPORT, settings=settings) as browser:
            yield browser
