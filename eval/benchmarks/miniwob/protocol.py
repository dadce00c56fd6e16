"""How MiniWoB++ is run: tasks, viewport, clock, seeds and budget."""

from dataclasses import dataclass
from enum import Enum
from importlib import resources

from ....envs.geometry import Size
from .numpy_seeds import LegacyGenerator

_PRESET_SEED = 42
_PRESET_BELOW = 34
"""BrowserGym draws its seeds below `2 ^ 32`, which Python evaluates to 34 (exclusive or)."""
_PRESET_REPEATS = 5
_PAGE_SEEDS = 1_000_000
_NO_LIMIT_MS = 2**31 - 1
"""The longest delay of a browser timer."""


class EpisodeTiming(Enum):
    """Whether episodes have a time limit and a time penalty."""

    OFF = "off"
    """The limit is so long that models never reach it and the time penalty is negligible."""
    OFFICIAL = "official"
    """The page's own limit, mostly 10 s from its start, including the model's time."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """A way to run MiniWoB++ that makes results comparable.

    `viewport` is in CSS pixels, each `scale` pixels of the screenshot. `shows_query` says whether the page shows the
    instruction, as it does for people. With `clock` off, the time limit is `limit_ms`. `data_mode` selects one of the
    two data sets of some pages. `follows_browsergym` takes the tasks and seeds from BrowserGym.
    """

    name: str
    viewport: Size
    scale: float
    shows_query: bool
    shows_scrollbars: bool
    clock: EpisodeTiming
    limit_ms: int
    data_mode: str
    seeds: tuple[int, ...]
    steps: int
    follows_browsergym: bool = False

    @property
    def time_limit(self) -> str:
        """The time limit of an episode, as text."""
        if self.clock is EpisodeTiming.OFFICIAL:
            return "the pages' own time limits, including the model's time"
        return "no time limit" if self.limit_ms >= _NO_LIMIT_MS else f"a time limit of {self.limit_ms / 1000:g} s"

    def page_seed(self, task: str, seed: int) -> int:
        """The seed of the page's random generator for the episode `seed` of `task`."""
        return page_seed(episode_seed(task, seed)) if self.follows_browsergym else seed


OURS = Protocol(
    name="miniwob",
    viewport=Size(332, 240),
    scale=3.0,
    shows_query=True,
    shows_scrollbars=True,
    clock=EpisodeTiming.OFF,
    limit_ms=_NO_LIMIT_MS,
    data_mode="train",
    seeds=tuple(range(5)),
    steps=20,
)
"""All pages of the package, with the seeds of the package's own environment.

The pages draw on 160x210, but place some dialogs for a window at least 300 pixels wide.
"""

BROWSERGYM = Protocol(
    name="miniwob-browsergym",
    viewport=Size(332, 214),
    scale=1.5,
    shows_query=False,
    shows_scrollbars=False,
    clock=EpisodeTiming.OFF,
    limit_ms=1_000_000,
    data_mode="default",
    seeds=tuple(range(_PRESET_REPEATS)),
    steps=10,
    follows_browsergym=True,
)
"""The protocol of BrowserGym 0.14.3: 125 tasks, 5 seeds each, 10 steps. Seed k is BrowserGym's k-th episode."""


def browsergym_tasks() -> dict[str, str]:
    """BrowserGym's tasks in its order, with their categories."""
    table = resources.files(__name__.rpartition(".")[0]).joinpath("browsergym.tsv").read_text(encoding="utf-8")
    return dict(_pair(line) for line in table.splitlines())


def browsergym_seeds(task: str) -> tuple[int, ...]:
    """The five seeds with which BrowserGym's benchmark runs `task`.

    They are drawn task by task, so they depend on the order of its table.
    """
    generator = LegacyGenerator(_PRESET_SEED)
    for name in browsergym_tasks():
        seeds = tuple(generator.below(_PRESET_BELOW) for _ in range(_PRESET_REPEATS))
        if name == task:
            return seeds
    raise ValueError(f"BrowserGym has no task {task!r}")


def episode_seed(task: str, episode: int) -> int:
    """BrowserGym's seed of the episode `episode` of `task`; beyond its five, numbers that it never draws."""
    seeds = browsergym_seeds(task)
    return seeds[episode] if 0 <= episode < len(seeds) else _PRESET_BELOW + episode


def page_seed(seed: int) -> int:
    """The page seed that BrowserGym derives when its environment is reset with `seed`."""
    return LegacyGenerator(seed).below(_PAGE_SEEDS)


def _pair(line: str) -> tuple[str, str]:
    name, _, category = line.partition("\t")
    return name, category
