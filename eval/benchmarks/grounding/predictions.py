"""Scores the predictions that others published for a grounding data set, without a model.

The form is that of ClawGUI-Eval: a folder for each model and data set, with one JSON object per line that has the
annotation and the model's reply (`NAME_infer`), and next to it the same lines with the published judgement (`correct`).

    uitars-exp/screenspot-pro-uitars/predictions.jsonl
    uitars-exp/screenspot-pro-uitars/predictions_judge.jsonl

A reply is read as in an evaluation: by the dialect of its family, with its first click as the answer. Points in pixels
are of the image that the published predictions were made from, so its size follows from their limits and not from ours.
It is judged twice: as in an evaluation, and by the rules of the published judgement, which places some models' points
differently. The second shows whether the scoring is the same, the first what the placement makes of it.

Source: ZJU-REAL/ClawGUI, clawgui-eval (judge, metric, and the pixel limits in scripts/infer).
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from ....agent.core.coordinates import Absolute, Frame, Grid, ImageRule, ModelPoint, Space
from ....agent.core.decision import ParseFailure
from ....agent.core.validation import first_problem
from ....agent.dialects.dialect import Dialect
from ....agent.dialects.registry import dialect_named
from ....envs.actions import Click
from ....envs.geometry import ScreenPoint, Size
from ...core.task import TaskError
from ..data_files import read_text
from .boxes import PointAnswer, Polygon, box, judge_answer, polygon

RawReply: TypeAlias = str | tuple[float, ...]
"""A reply as text, or as the numbers that were read from it."""

_REPLY = "_infer"
NO_ANSWER = PointAnswer(None)
REFUSED = PointAnswer(None, refused=True)


@dataclass(frozen=True, slots=True)
class Placement:
    """How a point of a reply becomes a point on the screenshot.

    `rule` gives the image that the model was shown, where its size matters; None is the screenshot itself. With
    `whole`, coordinates are rounded down to whole pixels.
    """

    space: Space
    rule: ImageRule | None = None
    whole: bool = False

    def __str__(self) -> str:
        space = f"a grid of {self.space.steps:g}" if isinstance(self.space, Grid) else "pixels"
        image = " of the resized image" if self.rule else " of the screenshot" if space == "pixels" else ""
        return f"{space}{image}{', whole pixels' if self.whole else ''}"

    def place(self, point: ModelPoint, size: Size) -> PointAnswer:
        """The answer of a model that clicked at `point`."""
        if not (math.isfinite(point.x) and math.isfinite(point.y)):
            return NO_ANSWER
        frame = Frame(size, self.rule.resize(size) if self.rule else size, self.space)
        at = frame.to_screen(self.space.to_image(point, frame.image))
        return PointAnswer(ScreenPoint(int(at.x), int(at.y)) if self.whole else at)


@dataclass(frozen=True, slots=True)
class ByDialect:
    """Replies read by a dialect, whose first click is the answer; `rule` is that of the published predictions.

    `refuses` states that the published judgement takes -1, -1 as a refusal whatever the dialect.
    """

    dialect: Dialect
    rule: ImageRule | None
    published: Placement
    refuses: bool = True

    def __str__(self) -> str:
        return self.dialect.name

    def answer(self, reply: RawReply, size: Size) -> PointAnswer:
        """The answer as in an evaluation: exact, and on the screen."""
        read = self._read(reply)
        if not isinstance(read, ModelPoint):
            return read
        image = (self.rule or self.dialect.image_rule).resize(size)
        try:
            return PointAnswer(Frame(size, image, self.dialect.space).trace(read).screen)
        except ValueError:  # not finite
            return NO_ANSWER

    def published_answer(self, reply: RawReply, size: Size) -> PointAnswer:
        """The answer by the rules of the published judgement."""
        read = self._read(reply)
        if isinstance(read, ModelPoint):
            return self.published.place(read, size)
        return REFUSED if self.refuses and isinstance(reply, str) and _MISSING.match(reply) else read

    def _read(self, reply: RawReply) -> ModelPoint | PointAnswer:
        read = self.dialect.parse(reply) if isinstance(reply, str) else ParseFailure("no_action", 0, "not a text")
        if isinstance(read, ParseFailure):
            return NO_ANSWER
        return next((move.at for move in read.moves if isinstance(move, Click)), REFUSED)


@dataclass(frozen=True, slots=True)
class ByNumbers:
    """Replies whose last point or box is the answer: (x, y), `<point>x y</point>`, x,y or [x, y, x, y]."""

    published: Placement

    def __str__(self) -> str:
        return "their last point"

    def answer(self, reply: RawReply, size: Size) -> PointAnswer:
        """The last point of the reply; -1, -1 is a refusal."""
        return self._answer(reply, size, replace(self.published, whole=False))

    def published_answer(self, reply: RawReply, size: Size) -> PointAnswer:
        """The same by the rules of the published judgement."""
        return self._answer(reply, size, self.published)

    def _answer(self, reply: RawReply, size: Size, placement: Placement) -> PointAnswer:
        found = reply
        if isinstance(found, str):
            points = _POINTS.findall(found)
            found = tuple(map(float, _NUMBERS.findall(points[-1]))) if points else ()
        match found:
            case (-1, -1, *_):
                return REFUSED
            case (x, y):
                return placement.place(ModelPoint(x, y), size)
            case (left, top, right, bottom):
                return placement.place(ModelPoint((left + right) / 2, (top + bottom) / 2), size)
            case _:
                return NO_ANSWER


ReplyReading: TypeAlias = ByDialect | ByNumbers

_NUMBER = r"-?\d{1,12}(?:\.\d{1,20})?(?:[eE][+-]?\d{1,3})?"
_NUMBERS = re.compile(_NUMBER)
_POINTS = re.compile(rf"{_NUMBER}(?:\s*,\s*{_NUMBER}){{3}}|{_NUMBER}\s*,\s*{_NUMBER}|{_NUMBER}\s+{_NUMBER}")
_MISSING = re.compile(r"[^\d]*-1[^\d]+-1(?!\d)")
_TARS = ImageRule(28, 100 * 28 * 28, 16384 * 28 * 28)
_QWEN25 = ImageRule(28, 56 * 56, 16384 * 28 * 28)
_GRID = Placement(Grid(1000), whole=True)


def _by(
    name: str, published: Placement, rule: ImageRule | None = None, refuses: bool = True
) -> Callable[[], ReplyReading]:
    return lambda: ByDialect(dialect_named(name), rule, published, refuses)


def _numbers(steps: float, *, whole: bool = False) -> Callable[[], ReplyReading]:
    return lambda: ByNumbers(Placement(Grid(steps), whole=whole))


READINGS: Mapping[str, Callable[[], ReplyReading]] = {
    "uitars": _by("ui-tars-1.5", Placement(Absolute(), _TARS, whole=True), _TARS, refuses=False),
    "qwen25vl": _by("qwen2.5-vl", Placement(Absolute(), whole=True), _QWEN25),
    "qwen3vl": _by("qwen3-vl", _GRID),
    "guiowl15": _by("gui-owl-1.5", _GRID),
    "uivenus15": _by("ui-venus-1.5", Placement(Grid(1000))),
    "maiui": _by("mai-ui", _GRID),
    "osworld-g maiui": _by("mai-ui", Placement(Grid(999), whole=True)),
    # Prompted differently than in our dialects, or published as numbers.
    "uivenus": _numbers(1),
    "guig2": _numbers(1),
    "stepgui": _numbers(999, whole=True),
    "seed": _numbers(1000),
    "kimi": _numbers(1000),
}
"""How the replies of each model of ClawGUI-Eval are read, by the name in `NAME_infer`, alone or for a data set."""


class _Line(BaseModel):
    """A line of a file of predictions: the annotation, whose other fields stay in `model_extra`, and the reply."""

    model_config = ConfigDict(extra="allow", frozen=True)

    id: str | int
    image_size: tuple[int, int]
    answer: tuple[float, ...] = ()
    box_type: str = "bbox"
    correct: bool | None = None

    @property
    def extra(self) -> Mapping[str, JsonValue]:
        return self.model_extra or {}

    @property
    def area(self) -> Polygon | None:
        """The target; None if it does not exist.

        Raises:
            ValueError: the annotation is neither a box nor a polygon.
        """
        match self.box_type, self.answer:
            case "refusal", _:
                return None
            case "bbox", (left, top, right, bottom):
                return box(left, top, right, bottom)
            case "polygon", (_, _, _, _, _, _, *_) if len(self.answer) % 2 == 0:
                return polygon(self.answer)
            case _:
                raise ValueError(f"{len(self.answer)} numbers are no {self.box_type}")

    def texts(self, name: str) -> tuple[str, ...]:
        """The values of a field with a text or a list of texts."""
        value = self.extra.get(name)
        values = value if isinstance(value, list) else [value]
        return tuple(one for one in values if isinstance(one, str) and one)


@dataclass(slots=True)
class Score:
    """How many of `total` predictions are correct."""

    correct: int = 0
    total: int = 0

    def add(self, correct: bool) -> None:
        """Count a prediction."""
        self.correct += correct
        self.total += 1


@dataclass(slots=True)
class PredictionScores:
    """The scores of one file.

    `overall` is that of an evaluation, `existing` the same without targets that do not exist, and `by_their_rules` that
    of the rules of the published judgement. `groups` has the scores by the value of each field of the data set; a
    prediction with several values counts in each. `published` is the score of the published judgements, if there are
    any, and `differing` the ids that were published with another judgement than by their rules.
    """

    path: Path
    model: str
    reading: ReplyReading
    overall: Score = field(default_factory=Score)
    existing: Score = field(default_factory=Score)
    by_their_rules: Score = field(default_factory=Score)
    unreadable: int = 0
    groups: dict[str, dict[str, Score]] = field(default_factory=dict[str, dict[str, Score]])
    published: Score = field(default_factory=Score)
    differing: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True)
class PredictionForm:
    """How the predictions of a data set are found and summarized: the start of its folders, and its fields."""

    folder: str
    fields: tuple[str, ...]

    def score(self, root: Path, dialect: Dialect | None = None) -> Iterator[PredictionScores]:
        """The scores of each file below `root`; `dialect` reads the replies instead of that of `READINGS`.

        Raises:
            TaskError: there is no such file, or one is invalid; the message names the file and the line.
        """
        files = self._files(root)
        if not files:
            raise TaskError(
                f"{root} has no folder {self.folder} or {self.folder}-MODEL with predictions.jsonl: --predictions is "
                "the folder output of ClawGUI-Eval, or one below it"
            )
        for path in files:
            yield self._score(path, dialect)

    def _files(self, root: Path) -> list[Path]:
        """One file for each folder of the data set, the one with judgements if there is one."""
        found = {path.parent: path for name in _FILES for path in root.rglob(name)}
        return sorted(
            path
            for folder, path in found.items()
            if folder.resolve().name == self.folder or folder.resolve().name.startswith(f"{self.folder}-")
        )

    def _score(self, path: Path, dialect: Dialect | None) -> PredictionScores:
        lines = list(_lines(path))
        model = _model_of(path, lines[0][1])
        scores = PredictionScores(path, model, self._reading(path, model, dialect))
        for number, line in lines:
            try:
                self._add(scores, line)
            except ValueError as error:
                raise TaskError(f"{path}, line {number}: {error}") from error
        return scores

    def _reading(self, path: Path, model: str, dialect: Dialect | None) -> ReplyReading:
        if dialect is not None:
            return ByDialect(dialect, None, Placement(dialect.space, dialect.image_rule))
        make = READINGS.get(f"{self.folder} {model}") or READINGS.get(model)
        if make is None:
            raise TaskError(f"{path}: no dialect is known for the replies of {model!r}: add --dialect NAME")
        return make()

    def _add(self, scores: PredictionScores, line: _Line) -> None:
        area, size, reply = line.area, Size(*line.image_size), _reply_of(line, scores.model)
        answer = scores.reading.answer(reply, size)
        correct = judge_answer(answer, area).done
        by_their_rules = judge_answer(scores.reading.published_answer(reply, size), area).done
        scores.overall.add(correct)
        scores.by_their_rules.add(by_their_rules)
        scores.unreadable += answer == NO_ANSWER
        if area is not None:
            scores.existing.add(correct)
        for name in self.fields:
            for value in ("refusal",) if area is None and name == _CATEGORY else _values(line, name):
                scores.groups.setdefault(name, {}).setdefault(value, Score()).add(correct)
        if line.correct is not None:
            scores.published.add(line.correct)
            if line.correct != by_their_rules:
                scores.differing.append(str(line.id))


_FILES = ("predictions.jsonl", "predictions_judge.jsonl")
_CATEGORY = "category of ui_type"
_PRODUCT = " x "

_CATEGORIES = {
    "text matching": "Label",
    "element recognition": "Icon, Image, Button",
    "layout understanding": "Tab, Banner/Notification, Accordion/Collapsible Panel, Pagination Control, Toolbar, "
    "Menu Bar, Dropdown Menu, List, Grid, Tree View, Dialog/Modal, Panel/Container, Sidebar, Drawer, Window Hierarchy",
    "fine-grained manipulation": "Slider, Stepper, Divider, Toggle/Switch, Checkbox, Radio Button, Color Picker, "
    "Date Picker, Table, Text Field/Input Box, Search Bar, Text Field, Input Box, Window Border",
}
"""OSWorld-G's categories of elements."""

_CATEGORY_OF = {element: name for name, elements in _CATEGORIES.items() for element in elements.split(", ")}

FORMS: Mapping[str, PredictionForm] = {
    "screenspot": PredictionForm("screenspot-v2", ("platform", "platform x ui_type")),
    "screenspot-pro": PredictionForm("screenspot-pro", ("ui_type", "group", "platform", "application")),
    "ui-vision": PredictionForm("uivision", ("task_type", "element_type", "platform", "category")),
    "mmbench-gui": PredictionForm("mmbench-gui", ("grounding_type", "platform", "platform x grounding_type")),
    "osworld-g": PredictionForm("osworld-g", (_CATEGORY, "box_type")),
}
"""The data sets whose predictions can be scored, by the name of the benchmark."""


def _values(line: _Line, name: str) -> tuple[str, ...]:
    if name == "box_type":
        return (line.box_type,)
    if name == _CATEGORY:
        return tuple(sorted({_CATEGORY_OF[one] for one in line.texts("ui_type") if one in _CATEGORY_OF}))
    if _PRODUCT in name:
        parts = [value for one in name.split(_PRODUCT) for value in line.texts(one)[:1]]
        return (" ".join(parts),) if len(parts) == len(name.split(_PRODUCT)) else ()
    return line.texts(name)


def _lines(path: Path) -> Iterator[tuple[int, _Line]]:
    """The lines of a file with their numbers, from 1.

    Raises:
        TaskError: the file is empty, or a line is invalid.
    """
    numbered = [(number, text) for number, text in enumerate(read_text(path).split("\n"), 1) if text.strip()]
    if not numbered:
        raise TaskError(f"{path} has no predictions")
    for number, text in numbered:
        try:
            yield number, _Line.model_validate_json(text)
        except ValidationError as error:
            raise TaskError(f"{path}, line {number}: {first_problem(error)}") from error


def _model_of(path: Path, line: _Line) -> str:
    names = [name.removesuffix(_REPLY) for name in line.extra if name.endswith(_REPLY)]
    if not names:
        raise TaskError(f"{path}, line 1: no field NAME{_REPLY} has the reply")
    return names[0]


def _reply_of(line: _Line, model: str) -> RawReply:
    """The reply; empty if the request failed.

    Raises:
        ValueError: it is neither text nor a list of numbers.
    """
    match line.extra.get(f"{model}{_REPLY}"):
        case None:
            return ""
        case str() as text:
            return text
        case list() as values:
            return tuple(float(value) for value in values if isinstance(value, int | float))
        case other:
            raise ValueError(f"the reply {other!r:.40} is neither text nor a list of numbers")
