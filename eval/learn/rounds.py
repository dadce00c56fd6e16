"""Rounds of rejection sampling: the model does tasks, what succeeded trains it, and the result does them again.

    OUT/round-0/evaluation            the start model on the held-out seeds
    OUT/round-N/rollouts              many trials of each training task, by the model of the round before
    OUT/round-N/data.jsonl            the replies that were kept
    OUT/round-N/model                 the start model, trained on the given data and that of all rounds so far
    OUT/round-N/evaluation            this model on the held-out seeds
    OUT/rounds.json, OUT/rounds.md    success by round, what was kept, and the cost

Each phase finds on disk what it has done before, so a run that was killed continues where it was.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from screenwright._files import write_file

from ...agent.core.model import Usage
from ...agent.record.trajectory import RunError
from ..analysis.statistics import Interval, wilson
from ..core.config import EvalConfig
from ..core.plan import PlanError, parse_seeds
from ..core.record import Record
from ..datasets.export import export
from ..datasets.filters import StepFilter
from ..runner.evaluation import Evaluation
from .examples import read_lines
from .sft import train_sft
from .tuning import REPORT, TuningResult, TuningSettings


@dataclass(frozen=True, slots=True)
class RoundsSettings:
    """What is repeated `rounds` times.

    `tuning` has the start model and the data that each round learns too, such as demonstrations; its folder is set for
    each round. Each of `trials` runs every training seed of each task at `temperature`; `held_out` seeds are only
    measured, with the sampling of the dialect. `keep` is the filter of the replies that are learned. `more` are further
    settings of `screenwright eval`, by name.
    """

    benchmark: str
    tuning: TuningSettings
    dialect: str
    seeds: str
    held_out: str
    out: Path
    tasks: tuple[str, ...] = ()
    rounds: int = 3
    trials: int = 4
    temperature: float = 1.0
    keep: str = "done,parsed"
    more: Mapping[str, object] = field(default_factory=dict[str, object])

    def __post_init__(self) -> None:
        shared = sorted(_seeds_in(self.seeds) & _seeds_in(self.held_out))
        if shared:
            raise ValueError(f"the seed {shared[0]} is in the training seeds and in the held-out ones")
        StepFilter.parse(self.keep)


def _seeds_in(text: str) -> set[int]:
    try:
        return set(parse_seeds(text))
    except PlanError:
        raise
    except ValueError as error:
        raise ValueError(f"{text!r} should be seeds, such as 1000-1199 or 7,9") from error


@dataclass(frozen=True, slots=True)
class RoundResult:
    """A round. `success` is on the held-out seeds, and `by_task` by task; round 0 is the start model without data.

    Of the `rollouts`, `kept` gave data, `failed` did not do the task, `filtered` did it but no step was kept, and
    `unjudged` could not be judged. `usage` are the tokens of rollouts and evaluation, `seconds` their time.
    """

    number: int
    success: Interval
    held_out: int
    by_task: Mapping[str, Interval] = field(default_factory=dict[str, Interval])
    rollouts: int = 0
    kept: int = 0
    failed: int = 0
    filtered: int = 0
    unjudged: int = 0
    replies: int = 0
    loss: float | None = None
    usage: Usage = Usage()
    seconds: float = 0.0


def run_rounds(
    settings: RoundsSettings,
    report: Callable[[str], object] = lambda line: None,
    *,
    train: Callable[[TuningSettings], TuningResult] = train_sft,
    address_of: Callable[[Path], str] = str,
) -> tuple[RoundResult, ...]:
    """Run the rounds that are left; `report` is called with a line about each phase.

    `train` trains a model, and `address_of` is the address at which the model in a folder replies; by default it is
    loaded in the worker that runs the episodes.

    Raises:
        RunError: no episode of a round was kept, data cannot be read, or `settings.out` has rounds with other settings.
        EvalError, ValueError, TaskError: see `Evaluation`.
    """
    for file in settings.tuning.data:
        read_lines(file)  # a file that is missing is an error now, and not after the rollouts
    _claim(settings)
    results = [_measured(settings, 0, settings.tuning.model, report)]
    data: list[Path] = []
    model = settings.tuning.model
    for number in range(1, settings.rounds + 1):
        folder = settings.out / f"round-{number}"
        report(f"round {number}: rollouts of {model}")
        sampled: dict[str, object] = {"trials": settings.trials, "temperature": settings.temperature}
        rollouts = _evaluate(settings, folder / "rollouts", model, settings.seeds, **sampled)
        data.append(_export(settings, folder))
        report(f"round {number}: training")
        trained = _train(replace(settings.tuning, data=(*settings.tuning.data, *data), out=folder / "model"), train)
        model = address_of(folder / "model")
        measured = _measured(settings, number, model, report)
        kept = _kept(folder / "data.jsonl")
        results.append(_with_rollouts(measured, rollouts, kept, trained))
        _write_report(settings, results)
    _write_report(settings, results)
    return tuple(results)


def _evaluate(settings: RoundsSettings, folder: Path, model: str, seeds: str, **sampled: object) -> tuple[Record, ...]:
    """The records of an evaluation, which is started or continued."""
    if (folder / "manifest.json").exists():
        evaluation = Evaluation.resume(folder)
    else:
        values: dict[str, object] = {
            "benchmark": settings.benchmark,
            "task": settings.tasks,
            "seeds": seeds,
            "model": model,
            "dialect": settings.dialect,
            **settings.more,
            **sampled,
        }
        evaluation = Evaluation.create(EvalConfig.from_flat(values), folder)
    for _ in evaluation.run():
        pass
    return evaluation.records()


def _measured(settings: RoundsSettings, number: int, model: str, report: Callable[[str], object]) -> RoundResult:
    records = _evaluate(settings, settings.out / f"round-{number}" / "evaluation", model, settings.held_out)
    judged = [record for record in records if record.is_judged]
    success = _success(judged)
    report(f"round {number}: success {_as_text(success)} on {len(judged)}")
    tasks = dict.fromkeys(record.id.task for record in judged)
    by_task = {task: _success([record for record in judged if record.id.task == task]) for task in tasks}
    return RoundResult(number, success, len(judged), by_task, usage=_usage(records), seconds=_seconds(records))


def _success(judged: Sequence[Record]) -> Interval:
    return wilson(sum(record.done is True for record in judged), len(judged))


def _as_text(success: Interval) -> str:
    return f"{success.value:.2f} ({success.low:.2f} to {success.high:.2f})"


def _export(settings: RoundsSettings, folder: Path) -> Path:
    """The data of a round; a file that exists is complete, because it is written last."""
    path = folder / "data.jsonl"
    if not path.exists():
        export(folder / "rollouts", path, StepFilter.parse(settings.keep))
    return path


def _kept(data: Path) -> list[str]:
    """The episode of each reply that is learned."""
    return [str(json.loads(line)["id"]).partition("#")[0] for line in data.read_text(encoding="utf-8").splitlines()]


def _train(tuning: TuningSettings, train: Callable[[TuningSettings], TuningResult]) -> float | None:
    """Train, unless the report of an earlier training is there; returns the loss."""
    path = tuning.out / REPORT
    if not path.exists():
        return train(tuning).loss
    loss = json.loads(path.read_text(encoding="utf-8")).get("loss")
    return None if loss is None else float(loss)


def _with_rollouts(
    measured: RoundResult, rollouts: Sequence[Record], kept: Sequence[str], loss: float | None
) -> RoundResult:
    done = {record.id.path for record in rollouts if record.done}
    return replace(
        measured,
        rollouts=len(rollouts),
        kept=len(set(kept)),
        failed=sum(record.done is False for record in rollouts),
        filtered=len(done - set(kept)),
        unjudged=sum(not record.is_judged for record in rollouts),
        replies=len(kept),
        loss=loss,
        usage=measured.usage + _usage(rollouts),
        seconds=measured.seconds + _seconds(rollouts),
    )


def _usage(records: Sequence[Record]) -> Usage:
    return sum((record.usage for record in records), Usage())


def _seconds(records: Sequence[Record]) -> float:
    return sum(record.seconds + record.set_up_s for record in records)


def _claim(settings: RoundsSettings) -> None:
    """Reserve the folder for these settings; only the number of rounds may change, to run more of them."""
    path = settings.out / "settings.json"
    wanted = json.dumps(asdict(replace(settings, rounds=0)), indent=1, default=str).encode()
    try:
        settings.out.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            write_file(path, wanted)
        elif path.read_bytes() != wanted:
            raise RunError(f"{settings.out} has rounds with other settings: choose another --out")
    except OSError as error:
        raise RunError(f"{settings.out} cannot be written: {error.strerror}") from error


def _write_report(settings: RoundsSettings, results: Sequence[RoundResult]) -> None:
    write_file(settings.out / "rounds.json", json.dumps([asdict(one) for one in results], indent=1).encode())
    write_file(settings.out / "rounds.md", as_table(results).encode())


_COLUMNS = ("round", "success", "rollouts", "kept", "failed", "filtered", "unjudged", "loss", "tokens", "time")


def as_table(results: Sequence[RoundResult]) -> str:
    """Success on the held-out seeds by round with 95 % intervals, what was kept of the rollouts, and the cost.

    Tables in Markdown, the second one by task; `time` is that of the episodes.
    """
    lines = [f"| {' | '.join(_COLUMNS)} |", "|---" * len(_COLUMNS) + "|"]
    for one in results:
        success = f"{_as_text(one.success)} of {one.held_out}"
        counts = (one.rollouts, one.kept, one.failed, one.filtered, one.unjudged)
        loss = "" if one.loss is None else f"{one.loss:.3g}"
        cells = (one.number, success, *counts, loss, f"{one.usage.total:,}", f"{one.seconds:.0f} s")
        lines.append(f"| {' | '.join(map(str, cells))} |")
    lines += [
        "",
        f"| task | {' | '.join(f'round {one.number}' for one in results)} |",
        "|---" * (len(results) + 1) + "|",
    ]
    for task in dict.fromkeys(task for one in results for task in one.by_task):
        texts = (_as_text(one.by_task[task]) if task in one.by_task else "" for one in results)
        lines.append(f"| {task} | {' | '.join(texts)} |")
    return "\n".join(lines) + "\n"
