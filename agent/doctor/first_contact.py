"""Finds the dialect that a model fits, by a short calibration at its first contact.

A name that leaves several dialects open, or none, is not guessed: the model is asked in each of them, and the one is
chosen in whose form it replies and whose targets it hits.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ...envs.check import Check, CheckStatus
from ..core.model import Model, ModelInfo
from ..dialects.dialect import Dialect
from ..dialects.planner import Planner
from ..dialects.registry import dialect_named, dialect_names, dialects_for_model
from .calibration import CALIBRATION, FIX_SERVER, WELL_KNOWN, Calibration, calibrate
from .calibration_cache import load_calibration, save_calibration

LIMIT_S = 120.0
"""A slower calibration is given up, and the run goes on without it."""

_MAX_FINALISTS = 4
_SCREENING_TARGETS = 2
_ANYWAY = "--no-calibrate uses it anyway"


def candidates_for(name: str) -> list[Dialect]:
    """The dialects that the name of a model leaves open: those that it fits, or all if it fits none."""
    if fitting := dialects_for_model(name):
        return fitting
    known = map(dialect_named, dict.fromkeys((*WELL_KNOWN, *dialect_names())))
    return [dialect for dialect in known if not isinstance(dialect, Planner)]


@dataclass(frozen=True, slots=True)
class FirstContact:
    """What a model was found to fit: `fit` is its calibration in the best of the `candidates`, None if none fits.

    `measured` are the calibrations of those that came into question; `lost` is the error of the model, if it failed.
    """

    info: ModelInfo
    candidates: Sequence[Dialect]
    fit: Calibration | None = None
    dialect: Dialect | None = None
    measured: Sequence[Calibration] = ()
    lost: str = ""

    def check(self) -> Check:
        """The result, if none fits, as a line of the doctor's report."""
        if self.lost:
            return Check(CALIBRATION, CheckStatus.FAILED, self.lost, FIX_SERVER)
        if len(self.candidates) == 1:
            return self.measured[0].check()
        advice, name = "name its own with --dialect", self.info.name
        if not self.measured:
            names = ", ".join(dialect.name for dialect in self.candidates[:_MAX_FINALISTS])
            more = len(self.candidates) - _MAX_FINALISTS
            found = f"no dialect is known for the model {name!r}, and its replies fit none of {names} and {more} more"
            return Check(CALIBRATION, CheckStatus.FAILED, found, f"{advice} (screenwright prompts list names them)")
        names = " or ".join(dialect.name for dialect in self.candidates[:_MAX_FINALISTS])
        best = max(self.measured, key=_quality)
        found = f"{name} fits none of the dialects {names}: in {best.dialect.name}, {best.check().found}"
        return Check(CALIBRATION, CheckStatus.FAILED, found, advice)


def first_contact(model: Model, candidates: Sequence[Dialect], changes: Mapping[str, Any]) -> FirstContact:
    """Measure which of `candidates` the model, which is connected, fits best."""
    info = model.info()
    measure = partial(calibrate, model, changes=changes, limit_s=LIMIT_S)
    finalists = candidates
    if len(candidates) > _MAX_FINALISTS:
        with ThreadPoolExecutor(_MAX_FINALISTS) as pool:
            first = tuple(pool.map(partial(measure, targets=_SCREENING_TARGETS), candidates))
        ranked = sorted(zip(candidates, first, strict=True), key=lambda one: _quality(one[1]), reverse=True)
        finalists = [dialect for dialect, one in ranked if one.own.hits][:_MAX_FINALISTS]
        if not finalists and (lost := next((one.lost for one in first if one.lost), "")):
            return FirstContact(info, candidates, lost=lost)
    measured = [(dialect, measure(dialect, quick=True)) for dialect in finalists]
    found = partial(FirstContact, info, candidates, measured=[calibration for _, calibration in measured])
    if fitting := [one for one in measured if one[1].fits]:
        dialect, fit = max(fitting, key=lambda one: _quality(one[1]))
        return found(fit=fit, dialect=dialect)
    return found(lost=next((calibration.lost for _, calibration in measured if calibration.lost), ""))


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
    contact = first_contact(model, candidates, changes)
    if contact.fit is not None and contact.dialect is not None:
        with suppress(OSError):  # then it is measured again at the next contact
            save_calibration(contact.fit, info, folder)
        report(_line(info, contact.dialect, contact.fit.check().found))
        return contact.dialect
    if contact.lost:
        report(f"{info.name} was not calibrated: {contact.lost}")
        return None
    check = contact.check()
    if len(candidates) > 1:
        raise ValueError(f"{check.found}; {check.fix}")
    raise ValueError(
        f"{info.name} does not fit the dialect {candidates[0].name}: {check.found}; {check.fix}; {_ANYWAY}"
    )


def _quality(calibration: Calibration) -> tuple[float, float]:
    """The shares of targets hit, in tenths, and of replies in the dialect's own form."""
    own = calibration.own
    return round(own.hits / max(own.asked, 1), 1), calibration.complete


def _line(info: ModelInfo, dialect: Dialect, found: str) -> str:
    return f"{info.name}: dialect {dialect.name}, prompt from {dialect.prompt_source}, {found}"
