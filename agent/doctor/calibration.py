"""Measures the coordinate space of a model's replies by asking it to click targets at known positions.

    calibration = calibrate(model, dialect_named("ui-tars-1.5"))
    calibration.fits      # whether the model uses the dialect's coordinate space
    calibration.space     # the hypothesis that fits its replies; None if none does

The raw numbers are interpreted under every hypothesis of `hypotheses.py`. A hypothesis fits if enough targets are hit;
misses and unparsable replies count against all alike. Another one replaces the dialect's own only if it is clearly more
likely.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from math import hypot, inf
from statistics import median
from types import MappingProxyType
from typing import Any

from ...envs.actions import points_of
from ...envs.check import Check, CheckStatus
from ...envs.geometry import ScreenPoint, Size
from ..core.context_window import MIN_REPLY_TOKENS, estimated_tokens
from ..core.coordinates import ModelPoint
from ..core.decision import AskUser, Finish, GiveUp, ParseFailure
from ..core.messages import Turn
from ..core.model import Model, ModelLost
from ..dialects.dialect import Dialect, RequestShaping
from ..dialects.prompting.prompt_kind import Prompt
from ..dialects.registry import dialect_named, dialect_names, with_prompt
from .hypotheses import DownscaledImage, ResizedImage, SpaceHypothesis, hypotheses_for, is_compatible
from .screens import CalibrationScreen, CalibrationTarget, calibration_screens, screen_image

CALIBRATION = "model: calibration"
FIX_SERVER = "fix what the model server reports, then try again"

MIN_HIT_SHARE = 0.5
"""The share of targets that a fitting hypothesis hits; random points hit a few percent."""

_MIN_TARGETS = 6
_QUICK_TARGETS = 9
_PARALLEL_REQUESTS = 8
_MIN_LOG_LIKELIHOOD_RATIO = 6.0  # the natural logarithm of 400
_MEDIAN_OF_NORMAL = 1.1774  # of the distance from the centre, in standard deviations along one axis
_MISS_SIGMAS = 4.0  # standard deviations
_MIN_NOISE_PX = 1.0
_MAX_SUGGESTIONS = 3

WELL_KNOWN = ("ui-tars-1.5", "ui-tars-1.0", "qwen2.5-vl", "qwen3-vl")
"""Recommended before other dialects that fit equally well."""


@dataclass(frozen=True, slots=True)
class CalibrationReply:
    """A model's reply to a request to click `target`; `point` is None if the reply contains no point."""

    screen: Size
    sent: Size
    target: CalibrationTarget
    text: str
    point: ModelPoint | None

    def to_screen(self, hypothesis: SpaceHypothesis) -> ScreenPoint | None:
        """The screen point under `hypothesis`."""
        return None if self.point is None else hypothesis.to_screen(self.point, self.screen, self.sent)


@dataclass(frozen=True, slots=True)
class HypothesisFit:
    """How well a hypothesis fits: targets hit out of `asked`, and the median distance from their centres."""

    hypothesis: SpaceHypothesis
    hits: int
    asked: int
    median_px: float | None

    @property
    def fits(self) -> bool:
        """Whether it hits enough targets."""
        return self.asked >= _MIN_TARGETS and self.hits >= MIN_HIT_SHARE * self.asked

    def __str__(self) -> str:
        off = "" if self.median_px is None else f", median error {self.median_px:.0f} px"
        return f"{self.hits} of {self.asked} targets hit{off}"


@dataclass(frozen=True)
class Calibration:
    """The replies to requests in `dialect`. `lost` is the error that ended the measurement early, if any."""

    dialect: Dialect
    answers: Sequence[CalibrationReply]
    lost: str = ""

    @cached_property
    def results(self) -> tuple[HypothesisFit, ...]:
        """How well each hypothesis fits; the first one is the dialect's own."""
        return tuple(_fit(hypothesis, self.answers) for hypothesis in hypotheses_for(self.dialect))

    @cached_property
    def space(self) -> SpaceHypothesis | None:
        """The hypothesis that fits the replies, if any."""
        return None if self.lost else _best_hypothesis(self.results, self.answers)

    @property
    def fits(self) -> bool:
        """Whether the model uses the dialect's coordinate space."""
        return self.space is not None and self.space == self.own.hypothesis

    @property
    def complete(self) -> float:
        """The share of replies that are complete in the dialect's own form."""
        whole = sum(answer.point is not None and self.dialect.is_complete(answer.text) for answer in self.answers)
        return whole / max(len(self.answers), 1)

    @property
    def own(self) -> HypothesisFit:
        """The result of the dialect's own hypothesis."""
        return self.results[0]

    def compatible_dialects(self) -> tuple[str, ...]:
        """The dialects that interpret the model's numbers correctly and can parse its replies."""
        space = self.space
        if space is None:
            return ()
        names = dict.fromkeys((*WELL_KNOWN, *dialect_names()))
        known = ((name, grounding_form(dialect_named(name))) for name in names)
        return tuple(
            name
            for name, dialect in known
            if is_compatible(dialect, space, self.dialect) and _can_parse(dialect, self.answers)
        )

    def check(self) -> Check:
        """The result as a line of the doctor's report."""
        if self.lost:
            return Check(CALIBRATION, CheckStatus.FAILED, self.lost, FIX_SERVER)
        if self.fits:
            return Check(CALIBRATION, CheckStatus.OK, f"answers in {self.own.hypothesis.name}: {self.own}")
        if self.space is None:
            return Check(CALIBRATION, CheckStatus.FAILED, _nothing_fits(self), _ADVICE)
        fit = next(fit for fit in self.results if fit.hypothesis == self.space)
        found = f"answers in {self.space.name} ({fit}), but {self.dialect.name} takes {self.own.hypothesis.name}"
        return Check(
            CALIBRATION,
            CheckStatus.FAILED,
            f"{found} ({self.own.hits} hit)",
            _fix_advice(self.space, self.compatible_dialects()),
        )


def grounding_form(dialect: Dialect) -> Dialect:
    """`dialect` with its grounding prompt, in which it is measured; unchanged if its family has none."""
    with suppress(ValueError):
        return with_prompt(dialect, Prompt.GROUNDING)
    return dialect


def calibrate(
    model: Model,
    dialect: Dialect,
    *,
    changes: Mapping[str, Any] = MappingProxyType({}),
    quick: bool = False,
    targets: int | None = None,
    limit_s: float = inf,
) -> Calibration:
    """Ask `model` in `dialect` to click every target, and determine the coordinate space of its replies.

    `changes` are parameters of each request, as in `ModelPolicy`. With `quick`, the first three screens suffice if the
    replies fit the dialect. `targets` limits the number of targets. Errors of the model, and a measurement of more than
    `limit_s` seconds, are reported as `Calibration.lost`, not raised.
    """
    dialect = grounding_form(dialect)
    answers: list[CalibrationReply] = []
    end = threading.Event()
    deadline = time.monotonic() + limit_s

    def is_over() -> bool:
        return end.is_set() or time.monotonic() > deadline

    screens = calibration_screens()
    pairs = [(screen, target) for screen in screens for target in screen.targets][:targets]
    pool = ThreadPoolExecutor(_PARALLEL_REQUESTS if model.info().endpoint else 1)
    try:
        model.connect()
        for stage in (pairs[:_MIN_TARGETS], pairs[_MIN_TARGETS:_QUICK_TARGETS], pairs[_QUICK_TARGETS:]):
            requests = [pool.submit(_ask, model, dialect, changes, *pair, is_over) for pair in stage]
            for request in requests:
                answer = request.result()
                if is_over():
                    return Calibration(dialect, answers, f"the calibration took longer than {limit_s:g} s")
                answers += [] if answer is None else [answer]
            if len(answers) >= _MIN_TARGETS and all(answer.point is None for answer in answers):
                break  # unparsable replies tend to be long
            if quick and len(answers) >= _QUICK_TARGETS and Calibration(dialect, answers).fits:
                break
    except ModelLost as lost:
        return Calibration(dialect, answers, str(lost))
    finally:
        end.set()
        pool.shutdown(cancel_futures=True)
    return Calibration(dialect, answers, "" if answers else "no calibration screen fits into the model's context")


def _ask(
    model: Model,
    dialect: Dialect,
    changes: Mapping[str, Any],
    screen: CalibrationScreen,
    target: CalibrationTarget,
    is_over: Callable[[], bool],
) -> CalibrationReply | None:
    """The reply about one target; None if the screen does not fit into the model's context."""
    sent = dialect.image_rule.resize(screen.size)
    messages = dialect.render(f"Click on {target.name}.", (Turn(screen_image(screen, sent)),))
    sampling = replace(dialect.sampling, **changes)
    if isinstance(dialect, RequestShaping):
        sampling = dialect.shape(sampling)
    context = model.info().context_tokens
    if context is not None:
        room = context - estimated_tokens(messages, dialect.image_rule)
        if room < MIN_REPLY_TOKENS:
            return None
        sampling = replace(sampling, max_tokens=min(sampling.max_tokens, room))
    text = model.complete(messages, sampling, lambda text: is_over() or (bool(text) and dialect.is_complete(text))).text
    return CalibrationReply(screen.size, sent, target, text, _point_in(dialect, text))


def _point_in(dialect: Dialect, text: str) -> ModelPoint | None:
    """The first point of a reply."""
    reply = dialect.parse(text)
    if isinstance(reply, ParseFailure):
        return None
    acts = (move for move in reply.moves if not isinstance(move, Finish | AskUser | GiveUp))
    return next((point for move in acts for point in points_of(move)), None)


def _fit(hypothesis: SpaceHypothesis, answers: Sequence[CalibrationReply]) -> HypothesisFit:
    points = [(answer.target, point) for answer in answers if (point := answer.to_screen(hypothesis))]
    errors = [_distance(point, target) for target, point in points]
    hits = sum(target.contains(point) for target, point in points)
    return HypothesisFit(hypothesis, hits, len(answers), median(errors) if errors else None)


def _distance(point: ScreenPoint, target: CalibrationTarget) -> float:
    return hypot(point.x - target.centre.x, point.y - target.centre.y)


def _best_hypothesis(errors: Sequence[HypothesisFit], answers: Sequence[CalibrationReply]) -> SpaceHypothesis | None:
    """The best fitting hypothesis; of several that are about equally likely, the first."""
    fitting = [fit for fit in errors if fit.fits]
    if not fitting:
        return None
    best = fitting[0]
    for other in fitting[1:]:
        if _is_better(other, best, answers):
            best = other
    return best.hypothesis


def _is_better(other: HypothesisFit, best: HypothesisFit, answers: Sequence[CalibrationReply]) -> bool:
    """Whether `other` is much more likely than `best`, by their log-likelihood ratio.

    Errors are normally distributed, but clipped: a complete miss is evidence for neither.
    """
    sigma = max(_MIN_NOISE_PX, min(other.median_px or 0.0, best.median_px or 0.0) / _MEDIAN_OF_NORMAL)
    missed = (_MISS_SIGMAS * sigma) ** 2
    ratio = 0.0
    for answer in answers:
        by_other, by_best = answer.to_screen(other.hypothesis), answer.to_screen(best.hypothesis)
        if by_other is not None and by_best is not None:
            ratio += min(_distance(by_best, answer.target) ** 2, missed)
            ratio -= min(_distance(by_other, answer.target) ** 2, missed)
    return ratio / (2 * sigma**2) > _MIN_LOG_LIKELIHOOD_RATIO


def _can_parse(dialect: Dialect, answers: Sequence[CalibrationReply]) -> bool:
    """Whether `dialect` can parse the replies that contain a point."""
    texts = [answer.text for answer in answers if answer.point is not None]
    return sum(_point_in(dialect, text) is not None for text in texts) >= MIN_HIT_SHARE * len(texts)


_ADVICE = (
    "check that the dialect is this model's (--dialect) and that the server runs the right checkpoint, not quantized "
    "too much, with its own preprocessor settings"
)


def _nothing_fits(calibration: Calibration) -> str:
    answers = calibration.answers
    unparsed = [answer for answer in answers if answer.point is None]
    if len(answers) < _MIN_TARGETS:
        return f"only {len(answers)} targets fit into the model's context: too few to measure its space"
    if len(unparsed) > len(answers) * (1 - MIN_HIT_SHARE):
        text = " ".join(unparsed[0].text.split())[:60]
        dialect = calibration.dialect.name
        return f"{len(unparsed)} of {len(answers)} replies contain no point that {dialect} can parse: {text!r}"
    closest = max(calibration.results, key=lambda fit: fit.hits)
    return f"the replies fit no known coordinate space; the closest is {closest.hypothesis.name}: {closest}"


def _fix_advice(space: SpaceHypothesis, compatible_dialects: Sequence[str]) -> str:
    """How to fix a model that uses `space`."""
    other = f"use --dialect {' or '.join(compatible_dialects[:_MAX_SUGGESTIONS])}" if compatible_dialects else ""
    if isinstance(space.reference, ResizedImage | DownscaledImage):
        server = "stop the server from resizing images: raise its limit (vLLM: max_pixels in --mm-processor-kwargs)"
        if isinstance(space.reference, ResizedImage):
            server += f", or send smaller ones with --max-image-pixels {space.reference.rule.max_pixels}"
        return f"{server}, or {other}" if other else server
    if other:
        return f"{other}, or serve the model that the name refers to"
    return "no dialect uses this coordinate space: correct the server's chat template, or add a dialect"
