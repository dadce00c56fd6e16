"""`screenwright eval`: measures an agent on a benchmark; `screenwright compare`: two such figures side by side."""

import argparse
import signal
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Literal, TextIO, get_args, get_origin

from pydantic import ValidationError

from ..agent.record.trajectory import RunError
from ..eval.analysis.results import write_comparison, write_results
from ..eval.analysis.statistics import wilson
from ..eval.analysis.summary import summarize
from ..eval.analysis.tables import as_text, interval
from ..eval.benchmarks.registry import benchmark_named, benchmark_names
from ..eval.core.manifest import differences
from ..eval.core.plan import chosen_tasks
from ..eval.core.record import Record
from ..eval.core.settings import EvalSettings
from ..eval.core.store import Store
from ..eval.runner.evaluation import EvalError, Evaluation
from .settings import SettingsError

HELP = (
    "Run an agent on BENCHMARK, many episodes at once, and say how many it did, with the interval that it is good for."
)
EXIT_CODES = (
    "exit codes: 0 all episodes are over, 1 some could not be judged, 2 bad input, 130 stopped (--resume goes on)"
)
COMPARE_HELP = "Compare two evaluations of the same episodes, and say whether what differs can be chance."
_STOPPED = 130
_EVERY_S = 10.0


def add_flags(parser: argparse.ArgumentParser) -> None:
    """One flag a setting; a flag not given leaves no trace."""
    parser.add_argument("benchmark", nargs="?", metavar="BENCHMARK", help="which; --list names them")
    parser.add_argument("--list", action="store_true", help="name the benchmarks, or the tasks of BENCHMARK")
    parser.add_argument("--resume", type=Path, metavar="RUN", help="go on with an evaluation that was broken off")
    parser.add_argument("--repeat", type=Path, metavar="RUN", help="run an evaluation again, as its manifest says")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where to record it (default: runs/TIME-BENCHMARK)")
    for name, field in EvalSettings.model_fields.items():
        if name == "benchmark":
            continue
        flag = "--" + name.replace("_", "-")
        if field.annotation is bool:
            action = argparse.BooleanOptionalAction
            parser.add_argument(flag, action=action, default=argparse.SUPPRESS, help=field.description)
        else:
            kind = "append" if get_origin(field.annotation) is tuple else "store"
            literal = next((one for one in (field.annotation, *get_args(field.annotation)) if _is_literal(one)), None)
            shown = "|".join(get_args(literal)) if literal else name.upper()
            parser.add_argument(flag, action=kind, default=argparse.SUPPRESS, metavar=shown, help=field.description)


def evaluate(given: argparse.Namespace) -> int:
    """Begin, resume or repeat an evaluation; returns the exit code.

    Raises:
        SettingsError, ValueError, RunError, TaskError, EvalError: one line for the user.
    """
    if given.list:
        return _list(given)
    evaluation = _evaluation(given)
    progress = _Progress(len(evaluation.manifest.episodes), evaluation.records(), sys.stderr)
    stopped = False
    with _ended_by_interrupt():
        try:
            for record in evaluation.run():
                progress.add(record)
        except KeyboardInterrupt:
            stopped = True
    progress.end()
    records = evaluation.records()
    pages = write_results(evaluation.store, evaluation.manifest, records)
    manifest = evaluation.manifest
    print(as_text(summarize(records, len(manifest.episodes), manifest.settings.price)))
    folder = evaluation.store.folder
    print(f"report: {pages.report}", file=sys.stderr)
    if stopped or len(records) < len(manifest.episodes):
        print(f"not all is done; go on with: screenwright eval --resume {folder}", file=sys.stderr)
        return _STOPPED
    return 0 if all(record.is_judged for record in records) else 1


def compare_runs(a: Path, b: Path, page: Path | None) -> int:
    """Print how the evaluations in two folders differ, and write a page of it.

    Raises:
        RunError: one of them is none, or the page cannot be written.
    """
    stores = Store(a), Store(b)
    page = page or b / f"compared-with-{a.name}.html"
    result = write_comparison(*stores, page)
    for name, store in zip("AB", stores, strict=True):
        manifest = store.manifest()
        records = store.records(manifest.episodes)
        done = sum(record.done is True for record in records)
        who = next((record.agent.get("model", "") for record in records if record.agent), manifest.settings.agent)
        print(f"{name}  {store.folder}  {who}: {done} of {len(records)}, {interval(wilson(done, len(records)))}")
    both = result.result
    print(result.verdict)
    print(f"both {both.both}, only A {both.only_a}, only B {both.only_b}, neither {both.neither}")
    if result.left_out:
        print(f"{result.left_out} episodes are in one of them only, or could not be judged, and are left out")
    for name, one in result.categories.items():
        if len(result.categories) > 1:
            print(f"  {name}: {100 * one.difference.value:+.1f} points on {one.pairs} pairs, p = {one.p:.3g}")
    print(f"page: {page}", file=sys.stderr)
    return 0


def _evaluation(given: argparse.Namespace) -> Evaluation:
    flags = {name: value for name, value in vars(given).items() if name in EvalSettings.model_fields}
    flags = {name: value for name, value in flags.items() if value is not None}
    if sum(one is not None for one in (given.benchmark, given.resume, given.repeat)) != 1:
        raise SettingsError("say which BENCHMARK, or --resume RUN, or --repeat RUN; --list names the benchmarks")
    if given.resume is not None:
        workers = flags.pop("workers", None)
        if flags:
            raise SettingsError(f"--resume goes on as it was begun: leave out --{next(iter(flags)).replace('_', '-')}")
        return Evaluation.resume(given.resume, _number(workers))
    if given.repeat is not None:
        before = Store(given.repeat).manifest()
        changed = _settings({**before.settings.model_dump(exclude_unset=True), **flags})
        evaluation = Evaluation.begin(changed, given.out or _default_folder(changed), str(given.repeat))
        for line in differences(before, evaluation.manifest):
            print(f"not as it was: {line}", file=sys.stderr)
        return evaluation
    settings = _settings(flags)
    evaluation = Evaluation.begin(settings, given.out or _default_folder(settings))
    if evaluation.manifest.protocol:
        print(evaluation.manifest.protocol, file=sys.stderr)
    return evaluation


def _settings(flags: dict[str, object]) -> EvalSettings:
    try:
        return EvalSettings.model_validate(flags)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        if not problem["loc"]:
            raise SettingsError(problem["msg"].removeprefix("Value error, ")) from error
        name = str(problem["loc"][0])
        wanted = problem["msg"].removeprefix("Input should be ")
        if problem["type"] == "string_pattern_mismatch":
            wanted = EvalSettings.model_fields[name].description or wanted
        raise SettingsError(f"--{name.replace('_', '-')} is {problem['input']!r}, but should be {wanted}") from error


def _number(text: object) -> int | None:
    if text is None:
        return None
    if not str(text).isdecimal():
        raise SettingsError(f"--workers is {text!r}, but should be a number")
    return int(str(text))


def _list(given: argparse.Namespace) -> int:
    if given.benchmark is None:
        print("\n".join(benchmark_names()))
        return 0
    root = getattr(given, "root", None)
    benchmark = benchmark_named(given.benchmark, Path(root) if root else None)
    names, categories = getattr(given, "task", None) or (), getattr(given, "category", None) or ()
    for task in chosen_tasks(benchmark.tasks(), names, categories):
        print(f"{task.name}\t{task.category}")
    return 0


class _Progress:
    """How far it is: on a terminal one line that is written anew, else a line now and then."""

    def __init__(self, planned: int, records: tuple[Record, ...], stream: TextIO) -> None:
        self._planned = planned
        self._over = {record.id: record.done is True for record in records if record.is_judged}
        self._before = len(self._over)
        self._stream = stream
        self._begun = time.monotonic()
        self._said = self._begun
        self._on_terminal = stream.isatty()

    def add(self, record: Record) -> None:
        """One more is over."""
        self._over[record.id] = record.done is True
        now = time.monotonic()
        if self._on_terminal:
            print(f"\r\x1b[K{self._line()}", end="", file=self._stream, flush=True)
        elif now - self._said >= _EVERY_S:
            self._said = now
            print(self._line(), file=self._stream, flush=True)

    def end(self) -> None:
        """Leave the line."""
        if self._on_terminal:
            print(file=self._stream)

    def _line(self) -> str:
        over, done = len(self._over), sum(self._over.values())
        seconds = time.monotonic() - self._begun
        left = (self._planned - over) * seconds / max(1, over - self._before)
        bar = "█" * (20 * over // max(1, self._planned))
        return f"{bar:20} {over}/{self._planned}  done {interval(wilson(done, over))}  {_span(left)} left"


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@contextmanager
def _ended_by_interrupt() -> Generator[None]:
    """Let a plain `kill` end it as Ctrl-C does: in order, with what is recorded put into a report."""

    def interrupted(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _is_literal(annotation: object) -> bool:
    return get_origin(annotation) is Literal


def _default_folder(settings: EvalSettings) -> Path:
    who = settings.agent if settings.agent != "model" else settings.model.rstrip("/").rpartition("/")[2] or "model"
    stem = f"{datetime.now():%Y%m%d-%H%M%S}-{settings.benchmark}-{who}"
    folder, number = Path("runs") / stem, 2
    while folder.exists():
        folder, number = Path("runs") / f"{stem}-{number}", number + 1
    return folder


__all__ = ["COMPARE_HELP", "EXIT_CODES", "HELP", "EvalError", "RunError", "add_flags", "compare_runs", "evaluate"]
