"""Commands about benchmarks: `eval` measures an agent, `compare` compares two evaluations, and `grounding-set`."""

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from pathlib import Path

from screenwright._text import counted

from ...eval.analysis.report import Entry
from ...eval.analysis.results import write_comparison, write_results
from ...eval.analysis.statistics import wilson
from ...eval.analysis.tables import as_text, format_interval
from ...eval.benchmarks.grounding.pages import PageGrounding, write_set
from ...eval.benchmarks.registry import benchmark_named, benchmark_names, description_of
from ...eval.core.config import EvalConfig
from ...eval.core.manifest import differences
from ...eval.core.plan import select_tasks
from ...eval.core.record import Record
from ...eval.core.store import Store
from ...eval.core.task import Installable
from ...eval.runner.evaluation import Evaluation
from ..arguments import Command, given_flags, positive
from ..settings import SettingsError, SettingValue, build_settings, given_now, given_settings
from ..streams import INTERRUPTED
from ..terminal import Terminal, new_run_folder, quoted
from ..trust import HARMLESS, FoundSettings
from .predictions import score_predictions

_MAY_CHANGE = ("workers", "out")


def _add_eval_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("benchmark", nargs="?", metavar="BENCHMARK", help="benchmark to run; --list names them")
    parser.add_argument("--list", action="store_true", help="list the benchmarks, or the tasks of BENCHMARK")
    parser.add_argument(
        "--setup", action="store_true", help="install and check what BENCHMARK needs (as root), and run nothing"
    )
    parser.add_argument(
        "--resume", type=Path, metavar="RUN", help="continue an evaluation that was stopped, with its settings"
    )
    parser.add_argument(
        "--predictions", type=Path, metavar="FOLDER", help="score published predictions in ClawGUI-Eval's form instead"
    )
    parser.add_argument("--repeat", type=Path, metavar="RUN", help="run an evaluation again with its settings")


def _eval(args: argparse.Namespace) -> int:
    if args.list:
        return _list(args)
    if args.predictions is not None:
        return score_predictions(args.benchmark, args.predictions, given_flags(args, EvalConfig))
    if args.setup:
        return _set_up(args)
    evaluation = _evaluation(args)
    progress = _Progress(len(evaluation.manifest.episodes), evaluation.records(), Terminal())
    stopped = False
    _settings_in(evaluation.store).trust()
    try:
        for record in evaluation.run():
            progress.add(record)
    except KeyboardInterrupt:
        stopped = True
    progress.terminal.close()
    _settings_in(evaluation.store).trust()  # the number of workers may have changed
    entry = Entry.of(evaluation.store)
    report = write_results(entry)
    print(as_text(entry.summary()))
    progress.terminal.line(f"report: {report}")
    folder = evaluation.store.folder
    if stopped or len(entry.records) < len(entry.manifest.episodes):
        progress.terminal.line(f"not complete; continue with: screenwright eval --resume {quoted(folder)}")
        return INTERRUPTED
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
        config = build_settings(EvalConfig, values, Terminal().line)
        with _folder(config) as folder:
            evaluation = Evaluation.create(config, folder, report=Terminal().line)
        if evaluation.manifest.protocol:
            print(evaluation.manifest.protocol, file=sys.stderr)
        return evaluation
    before = Store(earlier).manifest()
    recorded = {name: value for name, value in before.settings.flat(set_only=True).items() if name != "out"}
    over = given_now(EvalConfig, flags, os.environ)
    values = {name: SettingValue(value, f"{earlier}: {name}") for name, value in recorded.items()} | over
    config = build_settings(EvalConfig, values, Terminal().line)
    if args.resume is not None:
        _check_unchanged(before.settings, config, values)
    _confirm_recorded(earlier, recorded, over.keys(), args.config)
    if args.resume is not None:
        return Evaluation.resume(earlier, config.workers)
    with _folder(config) as folder:
        evaluation = Evaluation.create(config, folder, str(earlier), Terminal().line)
    for line in differences(before, evaluation.manifest):
        print(f"changed since then: {line}", file=sys.stderr)
    return evaluation


def _confirm_recorded(folder: Path, recorded: Mapping[str, object], given: Collection[str], named: Path | None) -> None:
    """Ask about the settings of an evaluation that is not this user's own, unless they are given again.

    Raises:
        NotTrusted: they may not be used.
    """
    settings = _settings_in(Store(folder))
    if named is not None:
        if named.resolve() != settings.path.resolve():
            raise SettingsError(f"the settings are those of {settings.path}: leave out --config {named}")
        return
    usual = EvalConfig.of(benchmark="").flat()
    changed = {name: value for name, value in recorded.items() if value != usual[name]}
    settings.confirm({name: value for name, value in changed.items() if name not in HARMLESS and name not in given})


def _settings_in(store: Store) -> FoundSettings:
    """The settings in the manifest of an evaluation; its other content changes while it runs."""
    path = store.folder / "manifest.json"
    content = json.dumps(store.manifest().settings.flat(), sort_keys=True).encode()
    return FoundSettings(path, content, f"give them again, or add --config {path}")


def _check_unchanged(before: EvalConfig, now: EvalConfig, values: dict[str, SettingValue]) -> None:
    """An evaluation is resumed with the settings it was started with; only the number of workers may differ."""
    old = before.flat()
    for name, value in now.flat().items():
        if name not in _MAY_CHANGE and value != old[name]:
            raise SettingsError(
                f"{values[name].origin} is {value}, but --resume keeps the settings it started with: leave it out"
            )


def _folder(config: EvalConfig) -> AbstractContextManager[Path]:
    if config.out is not None:
        return nullcontext(config.out)
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
        names = benchmark_names()
        width = max(map(len, names), default=0)
        for name in names:
            print(f"{name:{width}}  {description_of(name)}".rstrip())
        return 0
    root = getattr(args, "root", None)
    benchmark = benchmark_named(args.benchmark, Path(root) if root else None)
    tasks, categories = getattr(args, "task", None) or (), getattr(args, "category", None) or ()
    for task in select_tasks(benchmark.tasks(), tasks, categories):
        print(f"{task.name}\t{task.category}")
    return 0


def _set_up(args: argparse.Namespace) -> int:
    if args.benchmark is None:
        raise SettingsError("--setup needs a BENCHMARK")
    benchmark = benchmark_named(args.benchmark)
    if not isinstance(benchmark, Installable):
        raise SettingsError(f"{args.benchmark} has no --setup: what it needs is in its documentation")
    for line in benchmark.install():
        print(line, flush=True)
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
        left = timedelta(seconds=round((self._planned - count) * seconds / max(1, count - self._before)))
        bar = "█" * (20 * count // max(1, self._planned))
        rate = format_interval(wilson(successes, count))
        self.terminal.progress(f"{bar:20} {count}/{self._planned}  success {rate}  {left} left")


# -- compare


def _add_compare_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("a", type=Path, metavar="A", help="folder of an evaluation")
    parser.add_argument("b", type=Path, metavar="B", help="folder of another one with the same episodes")
    parser.add_argument("--out", type=Path, metavar="FILE", help="HTML page to write (default: in B)")


def _compare(args: argparse.Namespace) -> int:
    stores = Store(args.a), Store(args.b)
    if args.a.resolve() == args.b.resolve():
        raise SettingsError(f"A and B are the same evaluation, {args.a}: name another one")
    page = args.out or args.b / f"compared-with-{args.a.name}.html"
    result = write_comparison(*stores, page)
    for name, store in zip("AB", stores, strict=True):
        manifest = store.manifest()
        records = store.records(manifest.episodes)
        done = sum(record.done is True for record in records)
        models = (record.agent.get("model", "") for record in records if record.agent)
        agent = next(models, manifest.settings.agent_kind)
        rate = format_interval(wilson(done, len(records)))
        print(f"{name}  {store.folder}  {agent}: {done} of {len(records)}, {rate}")
    if len({store.manifest().benchmark for store in stores}) > 1:
        versions = " and ".join(store.manifest().benchmark for store in stores)
        print(f"the benchmarks differ, which may explain a difference: {versions}", file=sys.stderr)
    both = result.result
    print(result.verdict)
    print(f"both {both.both}, only A {both.only_a}, only B {both.only_b}, neither {both.neither}")
    if result.unpaired:
        print(f"without a result in one of the evaluations: {counted(result.unpaired, 'episode')}")
    for name, one in result.categories.items():
        if len(result.categories) > 1:
            print(f"  {name}: {100 * one.difference.value:+.1f} points on {one.pairs} pairs, p = {one.p:.3g}")
    print(f"page: {page}", file=sys.stderr)
    return 0


# -- grounding-set


def _add_set_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="folder to write")
    parser.add_argument(
        "--pages", type=positive, default=20, metavar="N", help="number of pages (default: %(default)s)"
    )


def _grounding_set(args: argparse.Namespace) -> int:
    try:
        boxes = write_set(args.folder, range(args.pages))
    except OSError as error:
        raise ValueError(f"{args.folder} cannot be written: {error.strerror}") from error
    finally:
        PageGrounding().close()
    written = f"{counted(args.pages, 'page')}, {counted(boxes, 'box', 'boxes')}"
    print(f"{args.folder}: {written}; screenwright eval screenspot --root {args.folder}")
    return 0


COMMANDS = {
    "eval": Command(
        _eval,
        "Run an agent on BENCHMARK, many episodes at once, and print its success rate with a confidence interval.",
        _add_eval_arguments,
        EvalConfig,
        usage="BENCHMARK [flags]",
        epilog="exit codes: 0 all episodes are done, 1 some could not be judged, 2 bad input, 130 stopped (--resume "
        "continues)",
    ),
    "compare": Command(
        _compare,
        "Compare two evaluations of the same episodes, and test whether the difference may be chance.",
        _add_compare_arguments,
    ),
    "grounding-set": Command(
        _grounding_set,
        "Write the pages of the benchmark grounding as a data set in ScreenSpot's format, for other tools.",
        _add_set_arguments,
    ),
}
