"""MiniWoB++: each task opens in a pooled browser and is scored by the reward that its page reports."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from ....agent.loop.agent import Result
from ....agent.policy.policy import Policy
from ....envs.actions import Navigate
from ....envs.browser import BrowserEnv
from ....envs.env import EnvError
from ....envs.geometry import Size
from ...core.task import Outcome, Rules, TaskError
from ..browsers import BrowserPool, PageSettings, PooledBrowser
from .oracle import OraclePolicy, can_solve
from .pages import find_pages, page_names, version
from .protocol import BROWSERGYM, OURS, EpisodeTiming, Protocol, browsergym_tasks
from .server import PageConfig, PageEpisode, PageServers

_READY_S = 30.0
_FLIGHT = Size(375, 667)
_BROWSERS = BrowserPool()
_SERVERS = PageServers()
"""Shared within this process; started when the first task is set up."""


@dataclass(frozen=True, slots=True)
class MiniwobTask:
    """A page of MiniWoB++ under `protocol`. `path` is its file below `root`."""

    name: str
    category: str
    root: Path
    path: str
    protocol: Protocol

    @contextmanager
    def set_up(self, seed: int) -> Generator["MiniwobInstance"]:
        """Open the page with `seed` and start its episode."""
        protocol = self.protocol
        config = PageConfig(
            path=self.path,
            seed=protocol.page_seed(self.name, seed),
            data_mode=protocol.data_mode,
            hide_query=not protocol.shows_query,
            limit_ms=protocol.limit_ms if protocol.clock is EpisodeTiming.OFF else None,
        )
        page = PageSettings(protocol.viewport, protocol.scale, protocol.shows_scrollbars)
        if self.path.startswith("flight/"):
            page = replace(page, viewport=_FLIGHT, scale=1.0)
        server = _SERVERS.of(self.root)
        with _BROWSERS.acquire(page) as browser:
            episode = server.start_episode(config)
            try:
                yield MiniwobInstance(browser, self._open(browser, episode), episode, protocol.clock, self.name)
            finally:
                server.end_episode(episode)

    def _open(self, browser: BrowserEnv, episode: PageEpisode) -> str:
        """Open the page of `episode`; returns its instruction."""
        try:
            browser.execute(Navigate(episode.url))
        except EnvError as error:
            raise TaskError(f"could not open {self.name}: {error}") from error
        if not episode.ready.wait(_READY_S) or episode.start is None:
            raise TaskError(f"{self.name} did not start within {_READY_S:g} s")
        return episode.start.utterance


@dataclass(frozen=True, slots=True)
class MiniwobInstance:
    """A started page. `episode` holds what the page has reported."""

    env: BrowserEnv
    instruction: str
    episode: PageEpisode
    clock: EpisodeTiming = EpisodeTiming.OFF
    task: str = ""

    def solution(self) -> Policy | None:
        """The oracle of this page; None if there is none."""
        if not (can_solve(self.task) and isinstance(self.env, PooledBrowser)):
            return None
        return OraclePolicy(self.env, self.task, self.instruction, self.env.scale)

    def is_over(self) -> bool:
        """Whether the page has reported its reward or was unloaded."""
        return self.episode.is_over

    def judge(self, result: Result) -> Outcome:
        """Done is any positive raw reward; the score is that reward.

        With the official clock the score is the reward minus the time penalty, as in the package. Only the page's
        report counts, not the agent's answer.
        """
        ending = self.episode.ending
        if ending is None:
            return Outcome(False, "no reward: the episode has not ended", 0.0)
        why = f" ({ending.reason})" if ending.reason else ""
        found = f"raw reward {ending.raw:g}{why}"
        if self.clock is EpisodeTiming.OFF:
            return Outcome(ending.raw > 0, found, ending.raw)
        return Outcome(ending.raw > 0, f"{found}, {ending.reward:g} after the time penalty", ending.reward)


@dataclass(frozen=True)
class MiniWob:
    """MiniWoB++ under `protocol`. `root` is the folder `html` of a copy; by default that of the installed package."""

    protocol: Protocol = OURS
    root: Path | None = None

    @property
    def name(self) -> str:
        """The protocol's name."""
        return self.protocol.name

    @property
    def version(self) -> str:
        """The package's version, a digest of its pages, and the protocol's settings.

        Raises:
            TaskError: the pages are not installed.
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
        """All pages in order of name; under BrowserGym's protocol its tasks in its order."""
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

    def close(self) -> None:
        """Close the browsers and servers of this process."""
        close_browsers()

    @cached_property
    def _root(self) -> Path:
        return find_pages(self.root)


def miniwob(root: Path | None = None) -> MiniWob:
    """MiniWoB++: 134 small web pages with a reward, without a time limit."""
    return MiniWob(OURS, root)


def miniwob_timed(root: Path | None = None) -> MiniWob:
    """MiniWoB++ with the time limit of each page, the model's thinking included."""
    return MiniWob(replace(OURS, name=f"{OURS.name}-timed", clock=EpisodeTiming.OFFICIAL), root)


def miniwob_browsergym(root: Path | None = None) -> MiniWob:
    """MiniWoB++ by BrowserGym's protocol: 125 tasks, 5 seeds each, 10 steps."""
    return MiniWob(BROWSERGYM, root)


def close_browsers() -> None:
    """Close the idle browsers of this process and the servers of their pages."""
    _BROWSERS.close()
    _SERVERS.close()


def _category(name: str, categories: dict[str, str]) -> str:
    return "flight" if name.startswith("flight.") else categories.get(name, "not in browsergym")
