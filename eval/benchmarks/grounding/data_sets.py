"""Grounding: locate one element in a screenshot, in copies of the published data sets (ScreenSpot and others).

We may not redistribute the images and annotations: `--root` is the folder of a copy. A task is one annotation; the
model is asked once with its grounding prompt, and its first click is the answer.

Scoring, as in the originals: the point must be in the box, edges included, or in the polygon (even-odd rule). If the
target does not exist, the right answer is a refusal. A reply without a point counts as wrong.
"""

from collections import Counter, defaultdict
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from PIL import Image
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, TypeAdapter

from screenwright._files import read_file

from ....agent.core.decision import GiveUp
from ....agent.core.limits import StopReason
from ....agent.loop.agent import Result
from ....agent.policy.baselines import ScriptedPolicy
from ....agent.policy.policy import Policy
from ....envs.actions import Action, Click
from ....envs.base import ScreenEnv
from ....envs.env import ActionRefused, ActionResult, EnvInfo, Observation
from ....envs.geometry import ScreenPoint, Size
from ....envs.screenshot import MAX_IMAGE_BYTES, Screenshot, open_image
from ...core.task import Outcome, Rules, TaskError
from ..data_files import digest_of, line_of, read_json, read_text
from .boxes import BoxForm, PointAnswer, Polygon, TargetShape, forms_of, is_within, judge_answer


class ImageEnv(ScreenEnv):
    """A still image as an `Env`. It stores the first click in `clicked` and never changes."""

    def __init__(self, image: Image.Image) -> None:
        self._screenshot = Screenshot(image.convert("RGB"))
        self.clicked: ScreenPoint | None = None

    def info(self) -> EnvInfo:
        """See `Env`."""
        return EnvInfo("image", "", {"size": str(self._screenshot.size)})

    def observe(self) -> Observation:
        """See `Env`."""
        return Observation(self._screenshot)

    def execute(self, action: Action) -> ActionResult:
        """See `Env`. Only the first click counts."""
        if not isinstance(action, Click):
            raise ActionRefused("this is a still image: click the target")
        if self.clicked is None:
            self.clicked = action.at
        return ActionResult(0.0)


@dataclass(frozen=True, slots=True)
class GroundingTask:
    """An element to locate in `image`. `area` is a polygon in pixels that contains it; None if it does not exist."""

    name: str
    category: str
    image: Path
    target: str
    area: Polygon | None

    @contextmanager
    def set_up(self, seed: int) -> Generator["GroundingInstance"]:
        """Open the image. Nothing varies with the seed."""
        with _open(self.image) as image:
            env = ImageEnv(image)
        yield GroundingInstance(env, self.target, self.area)


@dataclass(frozen=True, slots=True)
class GroundingInstance:
    """An open image."""

    env: ImageEnv
    instruction: str
    area: Polygon | None

    def is_over(self) -> bool:
        """Whether the agent has clicked."""
        return self.env.clicked is not None

    def solution(self) -> Policy | None:
        """A click at the center of the bounding box, or giving up; None if the center is outside the polygon."""
        if self.area is None:
            return ScriptedPolicy([GiveUp("the target does not exist")])
        xs, ys = [x for x, _ in self.area], [y for _, y in self.area]
        center = ScreenPoint((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)
        return ScriptedPolicy([(Click(center),)]) if is_within(center, self.area) else None

    def judge(self, result: Result) -> Outcome:
        """See the module for the rules."""
        return judge_answer(PointAnswer(self.env.clicked, result.stop in _REFUSALS), self.area)


class _Entry(BaseModel):
    """An annotation of any of the data sets, which use different field names; `answer` is that of ClawGUI-Eval."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    instruction: str = Field(validation_alias=AliasChoices("instruction", "question"))
    id: str | int | None = None
    img_filename: str | None = None
    image_path: str | None = Field(None, validation_alias=AliasChoices("image_path", "image"))
    bbox: tuple[float, float, float, float] | None = None
    box_type: str = "bbox"
    box_coordinates: tuple[float, ...] | None = None
    answer: tuple[float, ...] | None = None
    data_type: str = ""
    ui_type: str | tuple[str, ...] = ""
    task_type: str = ""
    grounding_type: str = ""
    data_source: str = ""
    application: str = ""
    platform: str = ""
    img_size: tuple[float, float] | None = None
    image_size: tuple[float, float] | None = None

    @property
    def category(self) -> str:
        """The platform and the kind of element, as far as the data set has them."""
        kind = self.task_type or self.grounding_type or self.data_type or self.ui_type
        parts = (self.platform or self.data_source, kind if isinstance(kind, str) else "")
        return " ".join(filter(None, parts)) or self.box_type


_LIST = TypeAdapter(tuple[_Entry, ...])
_ANYTHING = TypeAdapter[object](object)


@dataclass(frozen=True)
class Grounding:
    """The annotations below `root`, whose boxes have the form of the published data set unless they cannot."""

    name: str
    root: Path
    form: BoxForm
    source: str
    collected: str = ""
    """The name of the data set in ClawGUI-Eval's collection."""

    rules: Rules = Rules(seeds=(0,), steps=1)

    @property
    def version(self) -> str:
        """The number of annotations, a digest of their files, and the files that were read in another form."""
        tasks, converted = self._read
        return "; ".join((f"{len(tasks)} annotations, {digest_of(self._files(), self.root)[:16]}", *converted))

    def tasks(self) -> tuple[GroundingTask, ...]:
        """One task per annotation."""
        return self._read[0]

    @cached_property
    def _read(self) -> tuple[tuple[GroundingTask, ...], tuple[str, ...]]:
        """The tasks, and a sentence for each file whose boxes were converted."""
        images = _Images(self.root)
        tasks: list[GroundingTask] = []
        converted: list[str] = []
        files = self._files()
        stems = Counter(path.stem for path in files)
        for path in files:
            unique = path.stem if stems[path.stem] == 1 else "-".join(path.relative_to(self.root).with_suffix("").parts)
            file = _AnnotationFile(path, unique.replace("_", "-"))
            read, form = file.tasks(images, self.form)
            tasks += read
            if form != self.form:
                converted.append(f"{path.name} read as {form}")
        if not tasks:
            raise self._no_annotations()
        return tuple(tasks), tuple(converted)

    def _files(self) -> list[Path]:
        collected = self.root / "data" / f"{self.collected}.json"
        if collected.is_file():
            return [collected]
        files = sorted(path for path in self.root.rglob("*.json") if not path.name.startswith("."))
        if not files:
            raise self._no_annotations()
        return files

    def _no_annotations(self) -> TaskError:
        return TaskError(
            f"{self.root} contains no annotations (*.json): --root must be a copy of {self.name} ({self.source})"
        )


@dataclass(frozen=True, slots=True)
class _AnnotationFile:
    """A file with annotations. `name` starts the names of its tasks."""

    path: Path
    name: str

    def tasks(self, images: "_Images", expected: BoxForm) -> tuple[list[GroundingTask], BoxForm]:
        """The tasks of the file, and the form of its boxes."""
        if isinstance(read_json(self.path, _ANYTHING), dict):
            return [], expected  # not a list of annotations, such as OSWorld-G's classification_result.json
        entries = read_json(self.path, _LIST)
        found = [self._image(number, entry, images) for number, entry in enumerate(entries)]
        shapes = [self._shape(number, entry, found[number][1]) for number, entry in enumerate(entries)]
        form = self._form(shapes, BoxForm(corners=True) if any(entry.answer for entry in entries) else expected)
        tasks = [
            GroundingTask(
                f"{self.name}.{number}",
                entry.category,
                found[number][0],
                entry.instruction,
                None if (shape := shapes[number]) is None else form.area(shape),
            )
            for number, entry in enumerate(entries)
        ]
        return tasks, form

    def _image(self, number: int, entry: _Entry, images: "_Images") -> tuple[Path, Size]:
        filename = entry.img_filename or entry.image_path
        if filename is None:
            raise self._error(number, "it names no image")
        try:
            image = images.find(filename)
            size = images.size_of(image)
        except TaskError as error:
            raise self._error(number, str(error)) from error
        annotated = entry.img_size or entry.image_size
        if annotated is not None and sorted(annotated) != sorted((size.width, size.height)):
            width, height = annotated
            raise self._error(number, f"the annotation is for an image of {width:g}x{height:g}, but {image} has {size}")
        return image, size

    def _shape(self, number: int, entry: _Entry, size: Size) -> TargetShape | None:
        """The numbers of the annotation; None if the target does not exist."""
        if entry.box_type == "refusal":
            return None
        given = entry.bbox or entry.box_coordinates or entry.answer or ()
        is_polygon = entry.box_type == "polygon"
        if len(given) % 2 or (len(given) < _MIN_POLYGON if is_polygon else len(given) != _BOX):
            raise self._error(number, "it has no box")
        return TargetShape(given, is_polygon, size)

    def _form(self, shapes: list[TargetShape | None], expected: BoxForm) -> BoxForm:
        """The expected form, or the only one that fits all shapes of the file.

        Raises:
            TaskError: no form fits, or several do.
        """
        present = [shape for shape in shapes if shape is not None]
        possible = forms_of(present)
        other = BoxForm(corners=True)
        if expected in possible:
            # Sizes are rarely larger than positions, so a file of sizes cannot be read as corners by accident.
            differing = [shape for shape in present if expected.area(shape) != other.area(shape)]
            if expected != other and other in possible and len(differing) >= _ENOUGH:
                raise TaskError(f"{self.path}: its boxes can be {expected} or {other}: write them in the first form")
            return expected
        if len(possible) == 1:
            return possible[0]
        number = next(index for index, shape in enumerate(shapes) if shape and expected.area(shape) is None)
        shape = shapes[number]
        assert shape is not None
        numbers = ", ".join(f"{one:g}" for one in shape.numbers)
        several = f"; the file may have {' or '.join(map(str, possible))}" if possible else ""
        raise self._error(number, f"[{numbers}] cannot be {expected} on an image of {shape.size}{several}")

    def _error(self, number: int, message: str) -> TaskError:
        return TaskError(f"{self.path}, line {line_of(read_text(self.path), number)}: {message}")


class _Images:
    """The images below `root`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._by_name: dict[str, list[Path]] = defaultdict(list)
        self._sizes: dict[Path, Size] = {}
        for path in sorted(root.rglob("*")):
            if path.suffix.lower() in _IMAGES:
                self._by_name[path.name].append(path)

    def find(self, filename: str) -> Path:
        """The image that an annotation names by its path, or by the name of its file."""
        if Path(filename).is_absolute() or ".." in Path(filename).parts:
            raise TaskError(f"the image {filename} is not below {self._root}")
        for path in (self._root / filename, self._root / "images" / filename):
            if path.exists():
                return path
        found = self._by_name.get(Path(filename).name, [])
        if not found:
            raise TaskError(f"the image {filename} is not below {self._root}")
        if len(found) > 1:
            raise TaskError(f"the image {filename} is ambiguous: {found[0]} or {found[1]}")
        return found[0]

    def size_of(self, path: Path) -> Size:
        """The size of an image."""
        if path not in self._sizes:
            with _open(path) as image:
                self._sizes[path] = Size(*image.size)
        return self._sizes[path]


@contextmanager
def _open(path: Path) -> Generator[Image.Image]:
    """An image of a data set.

    Raises:
        TaskError: it cannot be read, or is too large.
    """
    try:
        with open_image(read_file(path, MAX_IMAGE_BYTES)) as image:
            yield image
    except OSError as error:
        raise TaskError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise TaskError(f"{path} {error}") from error


_IMAGES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
_REFUSALS = (StopReason.INFEASIBLE, StopReason.FINISHED, StopReason.NEEDS_USER)
_BOX = 4
_MIN_POLYGON = 6
_ENOUGH = 5
"""The number of boxes that make two possible forms suspicious."""


_COLLECTION = "huggingface.co/datasets/johnzqlu/clawgui-eval"


def screenspot(root: Path) -> Grounding:
    """ScreenSpot (v1 and v2): locate an element, in a copy of huggingface.co/datasets/OS-Copilot/ScreenSpot-v2."""
    source = "huggingface.co/datasets/OS-Copilot/ScreenSpot-v2"
    return Grounding("screenspot", root, BoxForm(corners=False), source, "screenspot-v2")


def screenspot_pro(root: Path) -> Grounding:
    """ScreenSpot-Pro: locate an element, in a copy of huggingface.co/datasets/likaixin/ScreenSpot-Pro."""
    source = "huggingface.co/datasets/likaixin/ScreenSpot-Pro"
    return Grounding("screenspot-pro", root, BoxForm(corners=True), source, "screenspot-pro")


def osworld_g(root: Path) -> Grounding:
    """OSWorld-G: locate an element or refuse, in a copy of github.com/xlang-ai/OSWorld-G."""
    return Grounding("osworld-g", root, BoxForm(corners=False), "github.com/xlang-ai/OSWorld-G", "osworld-g")


def ui_vision(root: Path) -> Grounding:
    """UI-Vision: locate an element, in ClawGUI-Eval's copy (huggingface.co/datasets/johnzqlu/clawgui-eval)."""
    return Grounding("ui-vision", root, BoxForm(corners=True), _COLLECTION, "uivision")


def mmbench_gui(root: Path) -> Grounding:
    """MMBench-GUI L2: locate an element, in ClawGUI-Eval's copy (huggingface.co/datasets/johnzqlu/clawgui-eval)."""
    return Grounding("mmbench-gui", root, BoxForm(corners=True), _COLLECTION, "mmbench-gui")
