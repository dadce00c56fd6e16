"""Templates: from a seed, the instruction, the files before, the files afterwards, and a solution.

    EDITOR = Collection(App("editor", "mousepad", ("mousepad",)))

    @EDITOR.task("Append ... to {file}.", "...", "...", "...")
    def append_line(case: Case) -> Job: ...

The judge, the near misses and the check of the rest of the home follow from the files; see `judging.py`.
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import TypeAlias, TypeVar

from ....envs.env import Env
from .desk import open_desktop
from .documents import Document, Text
from .oracle import Step, Until
from .web.program import WebProgram
from .web.window import WebWindow
from .words import ITEMS, TOPICS

T = TypeVar("T")

MIN_WORDINGS = 4
MIN_NEAR_MISSES = 2
_EASY_STEPS, _MEDIUM_STEPS = 3, 6


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A state that is close to the right one but wrong: `documents` over the files before, or a wrong `answer`."""

    name: str
    documents: tuple[Document, ...]
    answer: str | None = None


def miss(name: str, *documents: Document, answer: str | None = None) -> NearMiss:
    """A near miss."""
    return NearMiss(name, documents, answer)


@dataclass(frozen=True, slots=True)
class Job:
    """What a template makes of a seed.

    Attributes:
        fields: Values for the wordings.
        before: The files in the home at the start.
        after: The files that the task changes, adds or removes, as they should be. Everything else stays as it was.
        open: Command lines of the programs that are open at the start; `~/` at the start of a word is the home.
        web: Web applications in browser windows on the desktop, behind those programs.
        oracle: The solution, as actions with keys and coordinates.
        near: States that the judge refuses, at least two, other than the untouched one.
        answer: What the agent's answer should contain, for a question.
        infeasible: Why the task cannot be done; the agent should report it and leave everything as it was.
    """

    fields: Mapping[str, object]
    before: tuple[Document, ...]
    open: tuple[tuple[str, ...], ...]
    oracle: tuple[Step, ...] = ()
    after: tuple[Document, ...] = ()
    near: tuple[NearMiss, ...] = ()
    answer: str = ""
    infeasible: str = ""
    web: tuple[WebWindow, ...] = ()

    @property
    def difficulty(self) -> str:
        """`easy`, `medium` or `hard`, by the number of steps of the solution."""
        steps = sum(not isinstance(step, Until) for step in self.oracle)
        return "easy" if steps <= _EASY_STEPS else "medium" if steps <= _MEDIUM_STEPS else "hard"


OpenApp: TypeAlias = Callable[[Path, Job, str], AbstractContextManager[Env]]
"""Opens the screen of an instance: its home folder, the job, and the mode of the sandbox."""


@dataclass(frozen=True, slots=True)
class App:
    """A program that tasks use.

    Attributes:
        name: Short, for the names of tasks; also the category of results.
        program: The executable whose absence leaves the tasks out; empty for a web application.
        packages: The Debian packages that install it.
        settings: Settings in the home, by path; `{home}` is replaced.
        prepared: Files and folders in the home that the first start makes slowly, without traces of its task. They are
            kept on this machine and copied to the homes of later starts.
        enter: Opens the screen.
        web: The web application, if it is one.
    """

    name: str
    program: str
    packages: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict[str, str], hash=False)
    prepared: tuple[str, ...] = ()
    enter: OpenApp = open_desktop
    web: WebProgram | None = None

    @property
    def is_installed(self) -> bool:
        """Whether it can be started."""
        return shutil.which(self.program) is not None if self.web is None else self.web.is_installed


class Case:
    """The seeded choices of an instance. The same template and seed make the same choices."""

    def __init__(self, name: str, seed: int) -> None:
        self.random = Random(sha256(f"{name}/{seed}".encode()).digest())  # noqa: S311 -- not used for secrets

    def pick(self, options: Sequence[T]) -> T:
        """One of them."""
        return self.random.choice(options)

    def some(self, options: Sequence[T], count: int) -> list[T]:
        """Different ones of them, in random order."""
        return self.random.sample(options, count)

    def number(self, least: int, most: int) -> int:
        """A whole number, both bounds included."""
        return self.random.randint(least, most)


MakeJob: TypeAlias = Callable[[Case], Job]


@dataclass(frozen=True, slots=True)
class Template:
    """A task of the benchmark before it has a seed."""

    name: str
    apps: tuple[App, ...]
    wordings: tuple[str, ...]
    make: MakeJob

    def __post_init__(self) -> None:
        if len({*self.wordings}) < MIN_WORDINGS:
            raise ValueError(f"{self.name} has {len({*self.wordings})} wordings, but should have {MIN_WORDINGS}")

    @property
    def category(self) -> str:
        """The program, or `cross` for several."""
        return self.apps[0].name if len(self.apps) == 1 else "cross"

    def instance(self, seed: int) -> tuple[str, Job]:
        """The instruction and the job of a seed."""
        case = Case(self.name, seed)
        job = self.make(case)
        return case.pick(self.wordings).format(**job.fields), job

    def bystanders(self, seed: int) -> tuple[Document, ...]:
        """Files that no task mentions."""
        case = Case(f"bystanders of {self.name}", seed)
        lines = "\n".join(case.some(ITEMS, 4))
        return Text(f"Private/{case.pick(TOPICS)}.txt", f"{lines}\n"), Text(
            "Private/key.txt", f"{case.number(0, 9**9)}\n"
        )


class Collection:
    """Templates of a program, or with a `name` of its own for the tasks, of several programs."""

    def __init__(self, *apps: App, name: str = "") -> None:
        self.apps = apps
        self.templates: list[Template] = []
        self._name = name or apps[0].name

    def task(self, *wordings: str, apps: tuple[App, ...] = ()) -> Callable[[MakeJob], MakeJob]:
        """Add the decorated function as a template of `apps`; its name becomes that of the task."""

        def add(make: MakeJob) -> MakeJob:
            name = f"{self._name}-{make.__name__.replace('_', '-')}"
            self.templates.append(Template(name, apps or self.apps, wordings, make))
            return make

        return add
