"""MiniWoB++ as a benchmark: its tasks, each set up in a lent browser and judged by what the page reported."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from ....agent.loop.agent import Result
from ....agent.policy.model_policy import Policy
from ....envs.actions import Navigate
from ....envs.browser import BrowserEnv
from ....envs.env import EnvError
from ....envs.geometry import Size
from ...core.task import Outcome, Rules, TaskError
from ..browsers import Browsers, LentBrowser, PageLook
from .oracle import OraclePolicy, can_solve
from .pages import find_pages, page_names, version
from .protocol import BROWSERGYM, OURS, Clock, Protocol, browsergym_tasks
from .server import PageEpisode, PageOrder, PageServers

_READY_S = 30.0
_FLIGHT = Size(375, 667)
_BROWSERS = Browsers()
_SERVERS = PageServers()
"""Of this process. None is started before a task is set up."""


@dataclass(frozen=True, slots=True)
class MiniwobTask:
    """A page of MiniWoB++, run by `protocol`. `path` is its file below `root`."""

    name: str
    category: str
    root: Path
    path: str
    protocol: Protocol

    @contextmanager
    def set_up(self, seed: int) -> Generator["MiniwobScene"]:
        """Open the page in the variant `seed`, started.

        Raises:
            TaskError: the page does not start.
            EnvUnavailable: there is no browser.
        """
        protocol = self.protocol
        order = PageOrder(
            path=self.path,
            seed=protocol.page_seed(self.name, seed),
            data_mode=protocol.data_mode,
            hide_query=not protocol.shows_query,
            limit_ms=protocol.limit_ms if protocol.clock is Clock.OFF else None,
        )
        look = PageLook(protocol.viewport, protocol.scale, protocol.shows_scrollbars)
        if self.path.startswith("flight/"):
            look = replace(look, viewport=_FLIGHT, scale=1.0)
        server = _SERVERS.of(self.root)
        with _BROWSERS.lend(look) as browser:
            episode = server.begin(order)
            try:
                yield MiniwobScene(browser, self._open(browser, episode), episode, protocol.clock, self.name)
            finally:
                server.end(episode)

    def _open(self, browser: BrowserEnv, episode: PageEpisode) -> str:
        """Open the page of `episode`; returns what it asks."""
        try:
            browser.execute(Navigate(episode.url))
        except EnvError as error:
            raise TaskError(f"{self.name} was not opened: {error}") from error
        if not episode.ready.wait(_READY_S) or episode.asked is None:
            raise TaskError(f"{self.name} was not ready within {_READY_S:g} s")
        return episode.asked.utterance


@dataclass(frozen=True, slots=True)
class MiniwobScene:
    """A started page. `episode` is what its server has heard of it."""

    env: BrowserEnv
    instruction: str
    episode: PageEpisode
    clock: Clock = Clock.OFF
    task: str = ""

    def solution(self) -> Policy | None:
        """A policy that knows how the page is done; None where nobody has written it down."""
        if not (can_solve(self.task) and isinstance(self.env, LentBrowser)):
            return None
        return OraclePolicy(self.env, self.task, self.instruction, self.env.scale)

    def is_over(self) -> bool:
        """Whether the page has given its reward, or was left."""
        return self.episode.is_over

    def judge(self, result: Result) -> Outcome:
        """Done is what earned any raw reward, whole or in part; the score is that reward.

        Where the clock is official, the score is the reward with the time taken off, as the package has it. The page
        alone is asked, through its server; what the agent says of itself does not matter.
        """
        ending = self.episode.ending
        if ending is None:
            return Outcome(False, "the episode has not ended: no reward", 0.0)
        why = f" ({ending.reason})" if ending.reason else ""
        found = f"raw reward {ending.raw:g}{why}"
        if self.clock is Clock.OFF:
            return Outcome(ending.raw > 0, found, ending.raw)
        return Outcome(ending.raw > 0, f"{found}, {ending.reward:g} with the time taken off", ending.reward)


@dataclass(frozen=True)
class MiniWob:
    """MiniWoB++ by `protocol`. `root` is the folder `html` of a copy; by default the installed package's."""

    protocol: Protocol = OURS
    root: Path | None = None

    @property
    def name(self) -> str:
        """The protocol's name."""
        return self.protocol.name

    @property
    def version(self) -> str:
        """The package's version and a digest of its pages, and how they are run.

        Raises:
            TaskError: the pages are not there.
        """
        return self._version

    @cached_property
    def _version(self) -> str:
        protocol = self.protocol
        view = f"{protocol.viewport} at scale {protocol.scale:g}"
        return f"{version(self._root)}; {view}, {protocol.time_limit}, data mode {protocol.data_mode}"

    @property
    def rules(self) -> Rules:
        """The protocol's seeds and steps."""
        return Rules(self.protocol.seeds, self.protocol.steps)

    def tasks(self) -> tuple[MiniwobTask, ...]:
        """Every page there is, in the order of names; by BrowserGym's protocol its tasks in its order.

        Raises:
            TaskError: the pages are not there, or not all of them.
        """
        root, categories = self._root, browsergym_tasks()
        pages = page_names(root)
        if self.protocol.follows_browsergym:
            missing = [name for name in categories if name not in pages]
            if missing:
                raise TaskError(f"{root} lacks {len(missing)} of BrowserGym's tasks, such as {missing[0]}.html")
            names = list(categories)
        else:
            names = list(pages)
        return tuple(MiniwobTask(name, _category(name, categories), root, pages[name], self.protocol) for name in names)

    def task(self, name: str) -> MiniwobTask:
        """The task `name`.

        Raises:
            TaskError: there is none.
        """
        for task in self.tasks():
            if task.name == name:
                return task
        raise TaskError(f"{self.name} has no task {name!r}")

    def with_official_clock(self) -> "MiniWob":
        """The same with the pages' own time limits, the model's thinking included."""
        protocol = replace(self.protocol, name=f"{self.protocol.name}-timed", clock=Clock.OFFICIAL)
        return MiniWob(protocol, self.root)

    def close(self) -> None:
        """Close the browsers and servers that this process keeps for the next episode."""
        close_browsers()

    @cached_property
    def _root(self) -> Path:
        return find_pages(self.root)


def miniwob(root: Path | None = None) -> MiniWob:
    """Every page, seen large, without a time limit."""
    return MiniWob(OURS, root)


def miniwob_browsergym(root: Path | None = None) -> MiniWob:
    """BrowserGym's protocol: 125 tasks, five seeds each, ten steps."""
    return MiniWob(BROWSERGYM, root)


def close_browsers() -> None:
    """Close the browsers that this process keeps for the next episode, and the servers of their pages."""
    _BROWSERS.close()
    _SERVERS.close()


def _category(name: str, categories: dict[str, str]) -> str:
    return "flight" if name.startswith("flight.") else categories.get(name, "not in browsergym")
