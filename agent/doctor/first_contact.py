"""Finds the dialect that a model fits, by a short calibration at its first contact.

A name that leaves several dialects open, or none, is not guessed: the model is asked in each of them, and the one is
chosen in whose form it replies and whose targets it hits.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from ..core.model import Model, ModelInfo
from ..dialects.dialect import Dialect
from .calibration import Calibration, calibrate
from .calibration_cache import load_calibration, save_calibration

LIMIT_S = 120.0
"""A slower calibration is given up, and the run goes on without it."""

_MAX_FINALISTS = 4
_SCREENING_TARGETS = 2
_ANYWAY = "--no-calibrate uses it anyway"


def fitting_dialect(
    model: Model,
    candidates: Sequence[Dialect],
    folder: Path,
    *,
    changes: Mapping[str, Any],
    report: Callable[[str], object],
) -> Dialect | None:
    """The one of `candidates` that `model`, which is connected, fits; None if the model failed to reply.

    Results are remembered in `folder`. `report` is called with one line: the dialect, the source of its prompt and the
    coordinate space, or the error of the model.

    Raises:
        ValueError: the model fits none of them; the message is one line with a remedy.
    """
    info = model.info()
    for dialect in candidates:
        if saved := load_calibration(info, dialect, folder):
            report(_line(info, dialect, saved.found))
            return dialect
    measure = partial(calibrate, model, changes=changes, limit_s=LIMIT_S)
    finalists = candidates
    if len(candidates) > _MAX_FINALISTS:
        with ThreadPoolExecutor(_MAX_FINALISTS) as pool:
            first = tuple(pool.map(partial(measure, targets=_SCREENING_TARGETS), candidates))
        ranked = sorted(zip(candidates, first, strict=True), key=lambda one: _quality(one[1]), reverse=True)
        finalists = [dialect for dialect, one in ranked if one.own.hits][:_MAX_FINALISTS]
        if not finalists and (lost := next((one.lost for one in first if one.lost), "")):
            report(_failure(info, lost))
            return None
    measured = [(dialect, measure(dialect, quick=True)) for dialect in finalists]
    fitting = [one for one in measured if one[1].fits]
    if fitting:
        chosen, calibration = max(fitting, key=lambda one: _quality(one[1]))
        with suppress(OSError):  # then it is measured again at the next contact
            save_calibration(calibration, info, folder)
        report(_line(info, chosen, calibration.check().found))
        return chosen
    if lost := next((calibration.lost for _, calibration in measured if calibration.lost), ""):
        report(_failure(info, lost))
        return None
    raise ValueError(_refusal(info, candidates, [calibration for _, calibration in measured]))


def _quality(calibration: Calibration) -> tuple[float, float]:
    """The shares of targets hit, in tenths, and of replies in the dialect's own form."""
    own = calibration.own
    return round(own.hits / max(own.asked, 1), 1), calibration.complete


def _line(info: ModelInfo, dialect: Dialect, found: str) -> str:
    return f"{info.name}: dialect {dialect.name}, prompt from {dialect.prompt_source}, {found}"


def _failure(info: ModelInfo, lost: str) -> str:
    return f"{info.name} was not calibrated: {lost}"


def _refusal(info: ModelInfo, candidates: Sequence[Dialect], measured: Sequence[Calibration]) -> str:
    if len(candidates) == 1:
        check = measured[0].check()
        return f"{info.name} does not fit the dialect {candidates[0].name}: {check.found}; {check.fix}; {_ANYWAY}"
    advice = "name its own with --dialect"
    if not measured:
        return f"no dialect is known for the model {info.name!r}, and its replies fit none: {advice}"
    names = " or ".join(dialect.name for dialect in candidates[:_MAX_FINALISTS])
    best = max(measured, key=_quality)
    return f"{info.name} fits none of the dialects {names}: in {best.dialect.name}, {best.check().found}; {advice}"
