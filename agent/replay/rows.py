"""A recipe for each row of a CSV file; what is done is known from the recorded runs, so that it can be resumed.

OUT/row-0001/       the run of the first row; a second attempt is row-0001.2
OUT/rows.json       the values of each row, so that another file cannot be taken for the one that was performed
OUT/results.csv     the rows, how each ended, what was read out, and its run
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from screenwright._files import read_file, read_text_file, write_file
from screenwright._text import counted, csv_cell

from ...envs.actions import Wait
from ..core.limits import StopReason
from ..record.events import Ended, Intended
from ..record.trajectory import Run, RunError, read_run
from .recipe import Recipe

RESULTS_FILE = "results.csv"
_VALUES_FILE = "rows.json"
_VALUES = TypeAdapter(list[dict[str, str]])
UNCONFIRMED = "unconfirmed"
"""The result of a row that was interrupted after its last step was begun: it may be done, and is not repeated."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a CSV file with a header."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def values(self, index: int, recipe: Recipe) -> dict[str, str]:
        """The parameters of `recipe` in a row."""
        return {
            name: value for name, value in zip(self.header, self.rows[index], strict=True) if name in recipe.parameters
        }


def read_rows(path: Path, recipe: Recipe) -> Rows:
    """The rows of the file `path`, whose values are separated by commas, semicolons or tabs.

    Raises:
        ValueError: it cannot be read, has no rows, a row has another length than the header, or no column is a
            parameter.
    """
    try:
        text = read_text_file(path)
        lines = csv.reader(io.StringIO(text), strict=True, delimiter=_separator(text, recipe))
        header, *rows = [(lines.line_num, tuple(row)) for row in lines if row] or [(1, ())]
    except OSError as error:
        raise ValueError(f"--each {path}: {error.strerror}") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(f"--each {path} is not a CSV file in UTF-8: {error}") from error
    names = tuple(name.strip() for name in header[1])
    if not {*names} & recipe.parameters.keys():
        known = ", ".join(recipe.parameters) or "none"
        raise ValueError(f"--each {path}: no column is a parameter of the recipe, which has: {known}")
    if len({*names}) < len(names):
        raise ValueError(f"--each {path}: two columns have the same name")
    if not rows:
        raise ValueError(f"--each {path} has no rows below its header")
    for line, row in rows:
        if len(row) != len(names):
            raise ValueError(
                f"--each {path}, line {line}: {counted(len(row), 'value')} for {counted(len(names), 'column')}"
            )
    return Rows(names, tuple(row for _, row in rows))


def _separator(text: str, recipe: Recipe) -> str:
    """The one with which most columns of the first line are parameters; spreadsheets write others than commas, too."""
    first = text.splitlines()[:1]

    def parameters(separator: str) -> int:
        names = next(csv.reader(first, delimiter=separator), [])
        return len(recipe.parameters.keys() & {name.strip() for name in names})

    return max(",;\t", key=parameters)


@dataclass(frozen=True, slots=True)
class RowState:
    """What the recorded runs say about a row: it is not performed again if `is_settled`."""

    result: str = ""
    answer: str = ""
    run: Path | None = None
    is_settled: bool = False


def row_folder(out: Path, index: int) -> Path:
    """A new folder for the run of a row."""
    first = out / f"row-{index + 1:04d}"
    folder, number = first, 2
    while (folder / "events.jsonl").exists():
        folder, number = first.with_name(f"{first.name}.{number}"), number + 1
    return folder


def row_state(out: Path, index: int, recipe: Recipe) -> RowState:
    """The state of a row from its runs in `out`."""
    first, state = out / f"row-{index + 1:04d}", RowState()
    folder, number = first, 2
    while (folder / "events.jsonl").exists() and not state.is_settled:
        state = _state_of(folder, recipe)
        folder, number = first.with_name(f"{first.name}.{number}"), number + 1
    return state


def check_same_rows(out: Path, rows: Rows, given: Mapping[str, str], recipe: Recipe) -> None:
    """Check that the settled rows have the values that they were performed with, and keep the values of all in `out`.

    `given` are values that hold for every row.

    Raises:
        ValueError: a settled row has other values now, or is gone.
    """
    path = out / _VALUES_FILE
    now = [{**given, **dict(zip(rows.header, row, strict=True))} for row in rows.rows]
    try:
        before = _VALUES.validate_json(read_file(path, inside=out)) if path.exists() else []
    except (OSError, ValidationError) as error:
        raise ValueError(f"{path} cannot be read: name another folder with --out") from error
    for index, values in enumerate(before):
        if now[index : index + 1] != [values] and row_state(out, index, recipe).is_settled:
            raise ValueError(
                f"row {index + 1} is not the one that was performed in {out}: name another folder with --out, or "
                "restore its values"
            )
    write_file(path, _VALUES.dump_json(now), inside=out)


def _state_of(folder: Path, recipe: Recipe) -> RowState:
    try:
        run = read_run(folder)
    except RunError:  # nothing was done if it was killed while it wrote its first event
        is_damaged = _has_an_event(folder)
        return RowState(UNCONFIRMED if is_damaged else "interrupted", run=folder, is_settled=is_damaged)
    ended = run.ended
    if ended is not None and ended.stop is StopReason.FINISHED:
        return RowState(str(ended.stop), ended.answer, folder, is_settled=True)
    if _has_begun_once(run, recipe):
        return RowState(UNCONFIRMED, "", folder, is_settled=True)
    return RowState(str(ended.stop) if isinstance(ended, Ended) else "interrupted", "", folder)


def _has_an_event(folder: Path) -> bool:
    try:
        return b"\n" in read_file(folder / "events.jsonl", inside=folder)
    except OSError:
        return True


def _has_begun_once(run: Run, recipe: Recipe) -> bool:
    """Whether a step that must not be repeated may have been carried out."""
    begun = sum(isinstance(event, Intended) and not isinstance(event.action, Wait) for event in run.events)
    steps = [step for step in recipe.steps if not isinstance(step.action, Wait)]
    return any(step.once for step in steps[:begun])


def write_results(out: Path, rows: Rows, states: Sequence[RowState], recipe: Recipe) -> Path:
    """Write the results of all rows to `out`, and return the path of the file."""
    names = [reading.name for reading in recipe.read]
    columns = names or ["answer"]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    header = list(rows.header)
    for name in ("result", *columns, "run"):
        header.append(_unused(name, header))
    writer.writerow(header)
    for row, state in zip(rows.rows, states, strict=True):
        answers = _answers(state.answer, names) if names else [state.answer]
        run = state.run.name if state.run is not None else ""
        writer.writerow([*row, state.result, *(csv_cell(answer) for answer in answers), run])
    path = out / RESULTS_FILE
    write_file(path, buffer.getvalue().encode(), inside=out)
    return path


def _unused(name: str, taken: Sequence[str]) -> str:
    """`name`, or with a number if a column has it already, as in the results of another recipe."""
    numbered = (f"{name}_{number}" for number in count(2))
    return next(one for one in (name, *islice(numbered, len(taken))) if one not in taken)


def _answers(answer: str, names: Sequence[str]) -> list[str]:
    values = json.loads(answer) if answer else {}
    return [str(values.get(name, "")) for name in names]
