"""Grounding: locate one element in a screenshot. ScreenSpot, ScreenSpot-v2, ScreenSpot-Pro and OSWorld-G from a folder.

We may not redistribute the images and annotations: `--root` is the folder of a copy. A task is one annotation; the
model is asked once with its grounding prompt, and its first click is the answer.

Scoring, as in the originals: the point must be in the box, edges included, or in the polygon (even-odd rule). If the
target does not exist, the right answer is a refusal. A reply without a point counts as wrong.
"""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from PIL import Image
from pydantic import BaseModel, ConfigDict, TypeAdapter

from ....agent.core.decision import GiveUp
from ....agent.core.limits import StopReason
from ....agent.loop.agent import Result
from ....agent.policy.baselines import ScriptedPolicy
from ....agent.policy.policy import Policy
from ....envs.actions import Action, Click
from ....envs.base import ScreenEnv
from ....envs.env import ActionRefused, ActionResult, EnvInfo, Observation
from ....envs.geometry import ScreenPoint
from ....envs.screenshot import Screenshot
from ...core.task import Outcome, Rules, TaskError
from ..data_files import digest_of, read_json

Polygon: TypeAlias = tuple[tuple[float, float], ...]
"""Corners (x, y) in pixels of the image."""


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
        try:
            with Image.open(self.image) as image:
                env = ImageEnv(image)
        except OSError as error:
            raise TaskError(f"{self.image} cannot be opened: {error}") from error
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
        at = self.env.clicked
        if self.area is None:
            if at is not None:
                return Outcome(False, f"clicked at ({at.x:g}, {at.y:g}), but the target does not exist")
            refused = result.stop in _REFUSALS
            return Outcome(refused, "refused correctly" if refused else f"neither a point nor a refusal: {result.stop}")
        if at is None:
            return Outcome(False, "wrong format: the reply contains no point")
        done = is_within(at, self.area)
        return Outcome(done, f"({at.x:g}, {at.y:g}) is {'in' if done else 'outside'} {_box_of(self.area)}")


class _Entry(BaseModel):
    """An annotation of any of the data sets, which use different field names."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    instruction: str
    id: str | int | None = None
    img_filename: str | None = None
    image_path: str | None = None
    bbox: tuple[float, float, float, float] | None = None
    box_type: str = "bbox"
    box_coordinates: tuple[float, ...] | None = None
    data_type: str = ""
    ui_type: str = ""
    data_source: str = ""
    application: str = ""
    platform: str = ""


_LIST = TypeAdapter(tuple[_Entry, ...])


@dataclass(frozen=True)
class Grounding:
    """The annotations below `root`. With `corners`, boxes are two corners instead of a corner and a size."""

    name: str
    root: Path
    corners: bool = False
    rules: Rules = Rules(seeds=(0,), steps=1)

    @property
    def version(self) -> str:
        """The number of annotations and a digest of their files."""
        return f"{len(self._tasks)} annotations, {digest_of(self._files(), self.root)[:16]}"

    def tasks(self) -> tuple[GroundingTask, ...]:
        """One task per annotation."""
        return self._tasks

    @cached_property
    def _tasks(self) -> tuple[GroundingTask, ...]:
        images = {path.name: path for path in sorted(self.root.rglob("*")) if path.suffix.lower() in _IMAGES}
        tasks: list[GroundingTask] = []
        for path in self._files():
            entries = read_json(path, _LIST)
            for number, entry in enumerate(entries):
                tasks.append(self._task(path, number, entry, images))
        return tuple(tasks)

    def _task(self, file: Path, number: int, entry: _Entry, images: dict[str, Path]) -> GroundingTask:
        filename = entry.img_filename or entry.image_path
        if filename is None:
            raise TaskError(f"{file}, annotation {number}: it names no image")
        exact = next((path for path in (self.root / filename, self.root / "images" / filename) if path.is_file()), None)
        image = exact or images.get(Path(filename).name)
        if image is None:
            raise TaskError(f"{file}, annotation {number}: the image {filename} is not below {self.root}")
        category = " ".join(
            part for part in (entry.platform or entry.data_source, entry.data_type or entry.ui_type) if part
        )
        name = f"{file.stem}.{number}".replace("_", "-")
        return GroundingTask(
            name, category or entry.box_type, image, entry.instruction, self._area(file, number, entry)
        )

    def _area(self, file: Path, number: int, entry: _Entry) -> Polygon | None:
        if entry.box_type == "refusal":
            return None
        given = entry.bbox or entry.box_coordinates
        if entry.box_type == "polygon" and given is not None and len(given) >= _MIN_POLYGON and len(given) % 2 == 0:
            return tuple(zip(given[::2], given[1::2], strict=True))
        if given is None or len(given) != _BOX:
            raise TaskError(f"{file}, annotation {number}: it has no box")
        left, top, third, fourth = given
        right, bottom = (third, fourth) if self.corners else (left + third, top + fourth)
        return box(left, top, right, bottom)

    def _files(self) -> list[Path]:
        files = sorted(path for path in self.root.rglob("*.json") if not path.name.startswith("."))
        if not files:
            raise TaskError(f"{self.root} contains no annotations: --root must be a copy of {self.name}")
        return files


def box(left: float, top: float, right: float, bottom: float) -> Polygon:
    """A box as a polygon."""
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def is_within(at: ScreenPoint, area: Polygon) -> bool:
    """Whether a point is in a polygon (even-odd rule) or on its edge."""
    inside = False
    for (x1, y1), (x2, y2) in zip(area, (*area[1:], area[0]), strict=True):
        cross = (x2 - x1) * (at.y - y1) - (y2 - y1) * (at.x - x1)
        if cross == 0 and min(x1, x2) <= at.x <= max(x1, x2) and min(y1, y2) <= at.y <= max(y1, y2):
            return True
        if (y1 > at.y) != (y2 > at.y) and at.x < (x2 - x1) * (at.y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside


_IMAGES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
_REFUSALS = (StopReason.INFEASIBLE, StopReason.FINISHED, StopReason.NEEDS_USER)
_BOX = 4
_MIN_POLYGON = 6


def _box_of(area: Polygon) -> str:
    xs, ys = [x for x, _ in area], [y for _, y in area]
    return f"({min(xs):g}, {min(ys):g}) to ({max(xs):g}, {max(ys):g})"


def screenspot(root: Path) -> Grounding:
    """ScreenSpot (v1 and v2): locate an element, in a copy of huggingface.co/datasets/OS-Copilot/ScreenSpot-v2."""
    return Grounding("screenspot", root)


def screenspot_pro(root: Path) -> Grounding:
    """ScreenSpot-Pro: locate an element, in a copy of huggingface.co/datasets/likaixin/ScreenSpot-Pro."""
    return Grounding("screenspot-pro", root, corners=True)


def osworld_g(root: Path) -> Grounding:
    """OSWorld-G: locate an element or refuse, in a copy of github.com/xlang-ai/OSWorld-G."""
    return Grounding("osworld-g", root)
