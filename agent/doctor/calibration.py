"""Measuring the space that a model answers in, by asking it to click on targets whose place is known.

    calibration = calibrate(model, dialect_named("ui-tars-1.5"))
    calibration.fits      # whether the model answers in the dialect's space
    calibration.space     # the reading that its numbers agree with; None if there is none

The model's raw numbers are taken in every way of `readings.py`. A reading fits if enough of the targets are hit that
way; misses and unreadable replies count against all of them alike. The dialect's own reading is given up only for one
that the answers speak for clearly.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import hypot
from statistics import median

from ...envs.actions import points_of
from ...envs.check import Check, CheckStatus
from ...envs.geometry import ScreenPoint, Size
from ..core.context_window import LEAST_REPLY, estimated_tokens
from ..core.coordinates import ModelPoint
from ..core.decision import AskUser, Finish, GiveUp, ParseFailure
from ..core.messages import Message, Turn
from ..core.model import Model, ModelLost
from ..dialects.dialect import Dialect
from ..dialects.prompting.prompt_kind import Prompt
from ..dialects.registry import DIALECTS, dialect_named, dialect_names, with_prompt
from .readings import Reading, Resized, Shrunk, readings_for, speaks
from .screens import CalibrationScreen, Target, calibration_screens, sent

CALIBRATION = "model: calibration"

LEAST_HITS = 0.5
"""The share of the targets that a reading has to hit to fit; at random none hits more than a few in a hundred."""

_FEWEST = 6
_CLEARLY = 6.0  # as a logarithm: four hundred times as likely
_MEDIAN_OF_NORMAL = 1.1774  # of the distance from the centre, in standard deviations along one axis
_MISSED = 4.0  # standard deviations
_LEAST_NOISE_PX = 1.0
_NAMED = 3


@dataclass(frozen=True, slots=True)
class CalibrationReply:
    """What a model said when asked to click on `target`; `point` is None where it named no place."""

    screen: Size
    sent: Size
    target: Target
    text: str
    point: ModelPoint | None

    def read_as(self, reading: Reading) -> ScreenPoint | None:
        """The place on the screen that it means by that reading."""
        return None if self.point is None else reading.to_screen(self.point, self.screen, self.sent)


@dataclass(frozen=True, slots=True)
class Fit:
    """How a reading does: targets hit, of how many, and how far from their centres half of the answers lie."""

    reading: Reading
    hits: int
    asked: int
    median_px: float | None

    @property
    def fits(self) -> bool:
        """Whether enough targets are hit."""
        return self.asked >= _FEWEST and self.hits >= LEAST_HITS * self.asked

    def __str__(self) -> str:
        off = "" if self.median_px is None else f", half of the answers within {self.median_px:.0f} px"
        return f"{self.hits} of {self.asked} targets hit{off}"


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was measured with `dialect`. `lost` says why the model could not be asked to the end, if it could not."""

    dialect: Dialect
    answers: tuple[CalibrationReply, ...]
    errors: tuple[Fit, ...]
    space: Reading | None
    lost: str = ""

    @classmethod
    def of(cls, dialect: Dialect, answers: Iterable[CalibrationReply], lost: str = "") -> "Calibration":
        """What `answers` to questions in `dialect` tell."""
        said = tuple(answers)
        errors = tuple(_fit(reading, said) for reading in readings_for(dialect))
        return cls(dialect, said, errors, None if lost else _best(errors, said), lost)

    @property
    def fits(self) -> bool:
        """Whether the model answers in the space that the dialect takes it to."""
        return self.space is not None and self.space == self.own.reading

    @property
    def own(self) -> Fit:
        """How the dialect's own reading does."""
        return self.errors[0]

    def speakers(self) -> tuple[str, ...]:
        """The dialects that take the model's numbers as they are meant and can read its replies."""
        space = self.space
        if space is None:
            return ()
        names = dict.fromkeys((*DIALECTS, *dialect_names()))
        known = ((name, dialect_named(name)) for name in names)
        return tuple(
            name for name, dialect in known if speaks(dialect, space, self.dialect) and _reads(dialect, self.answers)
        )

    def check(self) -> Check:
        """The same as a line of a diagnosis."""
        if self.lost:
            return Check(
                CALIBRATION, CheckStatus.FAILED, self.lost, "mend what the model's server reports, then try again"
            )
        if self.fits:
            return Check(CALIBRATION, CheckStatus.OK, f"answers in {self.own.reading.name}: {self.own}")
        if self.space is None:
            return Check(CALIBRATION, CheckStatus.FAILED, _nothing_fits(self), _ADVICE)
        fit = next(fit for fit in self.errors if fit.reading == self.space)
        found = f"answers in {self.space.name} ({fit}), but {self.dialect.name} takes {self.own.reading.name}"
        return Check(
            CALIBRATION, CheckStatus.FAILED, f"{found} ({self.own.hits} hit)", _mend(self.space, self.speakers())
        )


def calibrate(model: Model, dialect: Dialect) -> Calibration:
    """Ask `model` in `dialect` for every target, and see which space its answers are in.

    Trouble of the model is no exception here: it is `lost`.
    """
    answers: list[CalibrationReply] = []
    try:
        for answer in ask(model, dialect):
            answers.append(answer)  # one by one: what was answered before the model is lost is kept
            if len(answers) >= _FEWEST and all(answer.point is None for answer in answers):
                break  # it would not get better, and replies that cannot be read tend to be long
    except ModelLost as lost:
        return Calibration.of(dialect, answers, str(lost))
    if not answers:
        return Calibration.of(dialect, answers, "no calibration screen fits into the model's context")
    return Calibration.of(dialect, answers)


def ask(model: Model, dialect: Dialect) -> Iterator[CalibrationReply]:
    """Each answer as it comes; screens that the model's context does not hold are left out.

    Raises:
        ModelLost: the model does not answer.
    """
    asked = _for_grounding(dialect)
    model.connect()
    for scene in calibration_screens():
        image = sent(scene, asked.image_rule.resize(scene.size))
        for target in scene.targets:
            messages = asked.render(f"Click on {target.name}.", (Turn(image),))
            room = _room(model, asked, messages)
            if room is None or room >= LEAST_REPLY:
                yield _answer(model, asked, messages, room, scene, target)


def _for_grounding(dialect: Dialect) -> Dialect:
    """The dialect as it asks for a place; where the family has no prompt for that, as it asks for anything."""
    try:
        return with_prompt(dialect, Prompt.GROUNDING)
    except ValueError:
        return dialect


def _room(model: Model, dialect: Dialect, messages: Sequence[Message]) -> int | None:
    """How many tokens the model's context leaves for the reply; None if nothing is known of a limit."""
    context = model.info().context_tokens
    return None if context is None else context - estimated_tokens(messages, dialect.image_rule)


def _answer(
    model: Model,
    dialect: Dialect,
    messages: tuple[Message, ...],
    room: int | None,
    scene: CalibrationScreen,
    target: Target,
) -> CalibrationReply:
    sampling = dialect.sampling
    if room is not None:
        sampling = replace(sampling, max_tokens=min(sampling.max_tokens, room))
    text = model.complete(messages, sampling, lambda text: bool(text) and dialect.is_complete(text)).text
    return CalibrationReply(scene.size, dialect.image_rule.resize(scene.size), target, text, _point_in(dialect, text))


def _point_in(dialect: Dialect, text: str) -> ModelPoint | None:
    """The first point of a reply."""
    reply = dialect.parse(text)
    if isinstance(reply, ParseFailure):
        return None
    acts = (move for move in reply.moves if not isinstance(move, Finish | AskUser | GiveUp))
    return next((point for move in acts for point in points_of(move)), None)


def _fit(reading: Reading, answers: Sequence[CalibrationReply]) -> Fit:
    errors = [_distance(point, answer.target) for answer in answers if (point := answer.read_as(reading))]
    hits = sum(_hits(answer, reading) for answer in answers)
    return Fit(reading, hits, len(answers), median(errors) if errors else None)


def _hits(answer: CalibrationReply, reading: Reading) -> bool:
    point = answer.read_as(reading)
    return point is not None and answer.target.holds(point)


def _distance(point: ScreenPoint, target: Target) -> float:
    return hypot(point.x - target.centre.x, point.y - target.centre.y)


def _best(errors: Sequence[Fit], answers: Sequence[CalibrationReply]) -> Reading | None:
    """The reading that fits best; of several that cannot be told apart, the first."""
    fitting = [fit for fit in errors if fit.fits]
    if not fitting:
        return None
    best = fitting[0]
    for other in fitting[1:]:
        if _is_better(other, best, answers):
            best = other
    return best.reading


def _is_better(other: Fit, best: Fit, answers: Sequence[CalibrationReply]) -> bool:
    """Whether the answers speak for `other` much more than for `best`.

    The logarithm of the ratio of their likelihoods: errors are normal, but beyond a few standard deviations an answer
    has just missed, and then speaks for neither.
    """
    sigma = max(_LEAST_NOISE_PX, min(other.median_px or 0.0, best.median_px or 0.0) / _MEDIAN_OF_NORMAL)
    missed = (_MISSED * sigma) ** 2
    ratio = 0.0
    for answer in answers:
        by_other, by_best = answer.read_as(other.reading), answer.read_as(best.reading)
        if by_other is not None and by_best is not None:
            ratio += min(_distance(by_best, answer.target) ** 2, missed)
            ratio -= min(_distance(by_other, answer.target) ** 2, missed)
    return ratio / (2 * sigma**2) > _CLEARLY


def _reads(dialect: Dialect, answers: Sequence[CalibrationReply]) -> bool:
    """Whether `dialect` can read the replies in which a point was found."""
    texts = [answer.text for answer in answers if answer.point is not None]
    return sum(_point_in(dialect, text) is not None for text in texts) >= LEAST_HITS * len(texts)


_ADVICE = (
    "check that the dialect is this model's (--dialect) and that the server runs the right checkpoint, not quantised "
    "to pieces, with its own preprocessor settings"
)


def _nothing_fits(calibration: Calibration) -> str:
    answers = calibration.answers
    unread = [answer for answer in answers if answer.point is None]
    if len(answers) < _FEWEST:
        return f"only {len(answers)} targets fit into the model's context: too few to tell its space"
    if len(unread) > len(answers) * (1 - LEAST_HITS):
        said = " ".join(unread[0].text.split())[:60]
        return (
            f"{len(unread)} of {len(answers)} replies name no place that {calibration.dialect.name} can read: {said!r}"
        )
    most = max(calibration.errors, key=lambda fit: fit.hits)
    return f"the answers fit no known space; the nearest is {most.reading.name}: {most}"


def _mend(space: Reading, speakers: Sequence[str]) -> str:
    """What to do about a model that answers in `space`."""
    spoken = f"say --dialect {' or '.join(speakers[:_NAMED])}" if speakers else ""
    if isinstance(space.basis, Resized | Shrunk):
        server = "let the server leave images as they are: raise its limit (vLLM: max_pixels in --mm-processor-kwargs)"
        return f"{server}, or {spoken}" if spoken else server
    if spoken:
        return f"{spoken}, or serve the model that the name promises"
    return "no dialect here takes numbers so: correct the server's chat template, or add a dialect of your own"
