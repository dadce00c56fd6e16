"""How MiniWoB++ is run: which tasks, seen how large, under which clock, seeded how, and what counts as done."""

from dataclasses import dataclass
from enum import Enum
from importlib import resources

from ....envs.geometry import Size
from .numpy_seeds import LegacyGenerator

_PRESET_SEED = 42
_PRESET_BELOW = 34
"""BrowserGym draws its seeds below `2 ^ 32`, which in Python is 34."""
_PRESET_REPEATS = 5
_PAGE_SEEDS = 1_000_000
_FOR_EVER_MS = 2**31 - 1
"""The longest time that a browser's timer can be set to."""


class Clock(Enum):
    """Whether an episode runs out of time, and whether the reward shrinks with it."""

    OFF = "off"
    """The limit is so far away that a thinking model never meets it, and hardly takes from the reward."""
    OFFICIAL = "official"
    """Each page's own limit, mostly 10 s from its start, thinking included."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """A way to run MiniWoB++, so that figures can be compared.

    `viewport` is in CSS pixels, each of them `scale` pixels of the screenshot. `shows_query` says whether the page
    prints the instruction, as it does for people. With `clock` off, time is up after `limit_ms`. `data_mode` chooses
    among the two sets that a few pages draw from. `follows_browsergym` takes tasks, seeds and their meaning from there.
    """

    name: str
    viewport: Size
    scale: float
    shows_query: bool
    shows_scrollbars: bool
    clock: Clock
    limit_ms: int
    data_mode: str
    seeds: tuple[int, ...]
    steps: int
    follows_browsergym: bool = False

    @property
    def time_limit(self) -> str:
        """How long an episode may take, in words."""
        if self.clock is Clock.OFFICIAL:
            return "the pages' own time limits, the model's thinking included"
        return "no time limit" if self.limit_ms >= _FOR_EVER_MS else f"a time limit of {self.limit_ms / 1000:g} s"

    def page_seed(self, task: str, seed: int) -> int:
        """What the page's own generator is seeded with for the episode `seed` of `task`."""
        return page_seed(episode_seed(task, seed)) if self.follows_browsergym else seed


OURS = Protocol(
    name="miniwob",
    viewport=Size(332, 240),
    scale=3.0,
    shows_query=True,
    shows_scrollbars=True,
    clock=Clock.OFF,
    limit_ms=_FOR_EVER_MS,
    data_mode="train",
    seeds=tuple(range(5)),
    steps=20,
)
"""Every page of the package; the seed means what it means to the package's own environment.

The pages draw on 160x210, but place some of their dialogs by a window of at least 300 pixels across.
"""

BROWSERGYM = Protocol(
    name="miniwob-browsergym",
    viewport=Size(332, 214),
    scale=1.5,
    shows_query=False,
    shows_scrollbars=False,
    clock=Clock.OFF,
    limit_ms=1_000_000,
    data_mode="default",
    seeds=tuple(range(_PRESET_REPEATS)),
    steps=10,
    follows_browsergym=True,
)
"""BrowserGym 0.14.3's: 125 tasks, five seeds each, ten steps. Episode k of a task is the k-th that it would run."""


def browsergym_tasks() -> dict[str, str]:
    """BrowserGym's tasks in its order, each with the category that its table gives it."""
    table = resources.files(__name__.rpartition(".")[0]).joinpath("browsergym.tsv").read_text(encoding="utf-8")
    return dict(_pair(line) for line in table.splitlines())


def browsergym_seeds(task: str) -> tuple[int, ...]:
    """The five seeds that BrowserGym's benchmark runs `task` with.

    They are drawn for one task after another, so that they hang on the order of its table.
    """
    generator = LegacyGenerator(_PRESET_SEED)
    for name in browsergym_tasks():
        seeds = tuple(generator.below(_PRESET_BELOW) for _ in range(_PRESET_REPEATS))
        if name == task:
            return seeds
    raise ValueError(f"BrowserGym has no task {task!r}")


def episode_seed(task: str, episode: int) -> int:
    """BrowserGym's seed of the episode `episode` of `task`; beyond its five, numbers that it never draws itself."""
    seeds = browsergym_seeds(task)
    return seeds[episode] if 0 <= episode < len(seeds) else _PRESET_BELOW + episode


def page_seed(seed: int) -> int:
    """What BrowserGym seeds the page with when its environment was reset with `seed`."""
    return LegacyGenerator(seed).below(_PAGE_SEEDS)


def _pair(line: str) -> tuple[str, str]:
    name, _, category = line.partition("\t")
    return name, category
