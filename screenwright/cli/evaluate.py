"""`screenwright eval`: measures an agent on a benchmark."""

import argparse
import os
import re
import sys
import time
from pathlib import Path

from ..eval.analysis.report import Entry
from ..eval.analysis.results import write_results
from ..eval.analysis.statistics import wilson
from ..eval.analysis.tables import as_text, format_interval
from ..eval.benchmarks.registry import benchmark_named, benchmark_names
from ..eval.core.config import EvalConfig
from ..eval.core.manifest import differences
from ..eval.core.plan import select_tasks
from ..eval.core.record import Record
from ..eval.core.store import Store
from ..eval.runner.evaluation import Evaluation
from .arguments import add_settings, given_flags
from .files import new_run_folder
from .settings import SettingsError, SettingValue, build_settings, given_settings
from .terminal import Terminal, sigterm_as_interrupt

DESCRIPTION = "Run an agent on BENCHMARK, many episodes at once, and print its success rate with a confidence interval."
EPILOG = (
    "exit codes: 0 all episodes are done, 1 some could not be judged, 2 bad input, 130 stopped (--resume continues)"
)
USAGE = "BENCHMARK [flags]"
_STOPPED = 130
_MAY_CHANGE = ("workers", "out")


def add_arguments(parser: argparse.ArgumentParser, *, everything: bool) -> None:
    """The arguments of the command."""
    parser.add_argument("benchmark", nargs="?", metavar="BENCHMARK", help="benchmark to run; --list names them")
    parser.add_argument("--list", action="store_true", help="list the benchmarks, or the tasks of BENCHMARK")
    parser.add_argument(
        "--resume", type=Path, metavar="RUN", help="continue an evaluation that was stopped, with its settings"
    )
    parser.add_argument("--repeat", type=Path, metavar="RUN", help="run an evaluation again with its settings")
    add_settings(parser, EvalConfig, everything=everything, skip="benchmark")


def main(args: argparse.Namespace) -> int:
    """Start, resume or repeat an evaluation; returns the exit code.

    Raises:
        SettingsError, ValueError, RunError, TaskError, EvalError: one line for the user.
    """
    if args.list:
        return _list(args)
    evaluation = _evaluation(args)
    progress = _Progress(len(evaluation.manifest.episodes), evaluation.records(), Terminal())
    stopped = False
    with sigterm_as_interrupt():
        try:
            for record in evaluation.run():
                progress.add(record)
        except KeyboardInterrupt:
            stopped = True
    progress.terminal.close()
    entry = Entry.of(evaluation.store)
    report = write_results(entry)
    print(as_text(entry.summary()))
    progress.terminal.line(f"report: {report}")
    if stopped or len(entry.records) < len(entry.manifest.episodes):
        progress.terminal.line(f"not complete; continue with: screenwright eval --resume {evaluation.store.folder}")
        return _STOPPED
    return 0 if all(record.is_judged for record in entry.records) else 1


def _evaluation(args: argparse.Namespace) -> Evaluation:
    flags = given_flags(args, EvalConfig)
    if sum(one is not None for one in (args.benchmark, args.resume, args.repeat)) > 1:
        raise SettingsError("use only one of BENCHMARK, --resume RUN and --repeat RUN")
    earlier: Path | None = args.resume or args.repeat
    if earlier is None:
        values = given_settings(EvalConfig, flags, os.environ, args.config)
        if "benchmark" not in values:
            raise SettingsError("name a BENCHMARK, or --resume RUN, or --repeat RUN; --list names the benchmarks")
        config = build_settings(EvalConfig, values)
        evaluation = Evaluation.create(config, _folder(config))
        if evaluation.manifest.protocol:
            print(evaluation.manifest.protocol, file=sys.stderr)
        return evaluation
    before = Store(earlier).manifest()
    recorded = before.settings.flat(set_only=True)
    old = {name: SettingValue(value, f"{earlier}: {name}") for name, value in recorded.items() if name != "out"}
    values = given_settings(EvalConfig, flags, os.environ, recorded=old)
    config = build_settings(EvalConfig, values)
    if args.resume is not None:
        _check_unchanged(before.settings, config, values)
        return Evaluation.resume(earlier, config.workers)
    evaluation = Evaluation.create(config, _folder(config), str(earlier))
    for line in differences(before, evaluation.manifest):
        print(f"changed since then: {line}", file=sys.stderr)
    return evaluation


def _check_unchanged(before: EvalConfig, now: EvalConfig, values: dict[str, SettingValue]) -> None:
    """An evaluation is resumed with the settings it was started with; only the number of workers may differ."""
    old = before.flat()
    for name, value in now.flat().items():
        if name not in _MAY_CHANGE and value != old[name]:
            raise SettingsError(
                f"{values[name].origin} is {value}, but --resume keeps the settings it started with: leave it out"
            )


def _folder(config: EvalConfig) -> Path:
    if config.out is not None:
        return config.out
    agent = config.agent_kind
    if agent == "model":
        model = config.agent.model
        agent = (
            config.agent.policy
            or model.model_name
            or model.model.removesuffix("/v1").rstrip("/").rpartition("/")[2]
            or "model"
        )
    return new_run_folder(re.sub(r"[:/]", "-", f"{config.benchmark}-{agent}"))


def _list(args: argparse.Namespace) -> int:
    if args.benchmark is None:
        print("\n".join(benchmark_names()))
        return 0
    root = getattr(args, "root", None)
    benchmark = benchmark_named(args.benchmark, Path(root) if root else None)
    names, categories = getattr(args, "task", None) or (), getattr(args, "category", None) or ()
    for task in select_tasks(benchmark.tasks(), names, categories):
        print(f"{task.name}\t{task.category}")
    return 0


class _Progress:
    """How many episodes are done, and the success rate so far."""

    def __init__(self, planned: int, records: tuple[Record, ...], terminal: Terminal) -> None:
        self.terminal = terminal
        self._planned = planned
        self._done = {record.id: record.done is True for record in records if record.is_judged}
        self._before = len(self._done)
        self._started = time.monotonic()

    def add(self, record: Record) -> None:
        """Count an episode."""
        self._done[record.id] = record.done is True
        count, successes = len(self._done), sum(self._done.values())
        seconds = time.monotonic() - self._started
        left = (self._planned - count) * seconds / max(1, count - self._before)
        bar = "█" * (20 * count // max(1, self._planned))
        rate = format_interval(wilson(successes, count))
        self.terminal.progress(f"{bar:20} {count}/{self._planned}  success {rate}  {_duration(left)} left")


def _duration(seconds: float) -> str:
    minutes, seconds_left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds_left:02}" if hours else f"{minutes}:{seconds_left:02}"
