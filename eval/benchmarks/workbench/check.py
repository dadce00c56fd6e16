"""Checks a template without starting its programs: what a judge must accept and refuse."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

from ....agent.core.limits import StopReason
from ....agent.core.model import Usage
from ....agent.loop.agent import Result
from .benchmark import judge, write_documents
from .documents import Document, Text
from .template import MIN_NEAR_MISSES, Job, NearMiss, Template

_UNTOUCHED = NearMiss("untouched", ())


def template_problems(template: Template, seed: int) -> list[str]:
    """What is wrong with an instance: a right state that is refused, or a wrong one that is accepted.

    The right state, the near misses, the untouched state and the right one with damage elsewhere are written directly.
    """
    instruction, job = template.instance(seed)
    problems = [f"{template.name}: the instruction has a brace: {instruction}"] if "{" in instruction else []
    if template.instance(seed)[0] != instruction:
        problems.append(f"{template.name}: the same seed gives another instruction")
    if len(job.near) < MIN_NEAR_MISSES and not job.infeasible:
        problems.append(f"{template.name}: {len(job.near)} near misses, but there should be {MIN_NEAR_MISSES}")
    right = NearMiss("right", job.after)
    damaged = template.bystanders(seed)[0]
    wrong = [
        NearMiss("changed another file", (*job.after, Text(damaged.path, "lost\n"))),
        NearMiss("left another file", (*job.after, Text("Private/left.txt", "left\n"))),
        *job.near,
        *([_UNTOUCHED] if not job.infeasible else [NearMiss("did not report it", (), "done")]),
    ]
    with TemporaryDirectory(prefix="workbench-check-") as folder:
        home = Path(folder, "home")
        before = write_documents(home, template, job, seed)
        outcome = _judged(job, home, before, right)
        problems += [] if outcome == "" else [f"{template.name}: the right state is refused: {outcome}"]
        problems += [f"{template.name}: accepted: {one.name}" for one in wrong if not _judged(job, home, before, one)]
    return problems


def _judged(job: Job, untouched: Path, before: Mapping[str, str], state: NearMiss) -> str:
    """What the judge found in a state of a copy of the home `untouched`; empty if it accepts it."""
    with TemporaryDirectory(prefix="workbench-check-") as folder:
        home = copytree(untouched, Path(folder, "home"), symlinks=True)
        _write(home, state.documents)
        answer = job.answer if state.answer is None else state.answer
        gave_up = job.infeasible and state.answer is None
        stop = StopReason.INFEASIBLE if gave_up else StopReason.FINISHED
        answer = "" if state is _UNTOUCHED else answer
        outcome = judge(home, before, job, Result(stop, answer, "", 1, Usage(), 1.0))
    return "" if outcome.done else outcome.found


def _write(home: Path, documents: Iterable[Document]) -> None:
    for document in documents:
        document.write(home)
