"""Grounding: find one thing on a still picture. ScreenSpot, ScreenSpot-v2, ScreenSpot-Pro and OSWorld-G from a folder.

The pictures and their annotations are not ours to hand on: `--root` is the folder of a copy. A task is one annotation;
the model is asked once, in its grounding prompt, and its first click is the answer.

Scoring, as each of them has it: the point lies in the box, edges included, or in the polygon (even-odd rule); a thing
that is not there is answered rightly by no click. A reply that names no place counts as wrong.
"""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias

from PIL import Image
from pydantic import BaseModel, ConfigDict, TypeAdapter

from ...agent.core.decision import GiveUp
from ...agent.core.limits import StopReason
from ...agent.loop.agent import Result
from ...agent.policy.baselines import ScriptedPolicy
from ...agent.policy.policy import Policy
from ...envs.actions import Action, Click
from ...envs.base import ScreenEnv
from ...envs.env import ActionRefused, ActionResult, EnvInfo, Observation
from ...envs.geometry import ScreenPoint
from ...envs.screenshot import Screenshot
from ..core.task import Outcome, Rules, TaskError
from .listing import read_list

Polygon: TypeAlias = tuple[tuple[float, float], ...]
"""Corners in pixels of the picture, x and y."""


class PictureEnv(ScreenEnv):
    """A still picture as a screen: it takes one click, and nothing comes of it. `clicked` is where."""

    def __init__(self, picture: Image.Image) -> None:
        self._screenshot = Screenshot(picture.convert("RGB"))
        self.clicked: ScreenPoint | None = None

    def info(self) -> EnvInfo:
        """See `Env`."""
        return EnvInfo("picture", "", {"size": str(self._screenshot.size)})

    def observe(self) -> Observation:
        """See `Env`."""
        return Observation(self._screenshot)

    def execute(self, action: Action) -> ActionResult:
        """See `Env`. Only the first click is taken."""
        if not isinstance(action, Click):
            raise ActionRefused("this is a picture: click on what was asked for")
        if self.clicked is None:
            self.clicked = action.at
        return ActionResult(0.0)


@dataclass(frozen=True, slots=True)
class GroundingTask:
    """A thing to find on `picture`. `area` holds it: a polygon in pixels; None if it is not there at all."""

    name: str
    category: str
    picture: Path
    asked: str
    area: Polygon | None

    @contextmanager
    def set_up(self, seed: int) -> Generator["GroundingInstance"]:
        """Open the picture; nothing in it varies with the seed.

        Raises:
            TaskError: it is not there, or is none.
        """
        try:
            with Image.open(self.picture) as picture:
                env = PictureEnv(picture)
        except OSError as error:
            raise TaskError(f"{self.picture} cannot be opened: {error}") from error
        yield GroundingInstance(env, self.asked, self.area)


@dataclass(frozen=True, slots=True)
class GroundingInstance:
    """An open picture."""

    env: PictureEnv
    instruction: str
    area: Polygon | None

    def is_over(self) -> bool:
        """Whether it was clicked on."""
        return self.env.clicked is not None

    def solution(self) -> Policy | None:
        """A click in the middle of the box, or giving up what is not there; none where the middle is outside."""
        if self.area is None:
            return ScriptedPolicy([GiveUp("it is not there")])
        xs, ys = [x for x, _ in self.area], [y for _, y in self.area]
        middle = ScreenPoint((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)
        return ScriptedPolicy([(Click(middle),)]) if is_within(middle, self.area) else None

    def judge(self, result: Result) -> Outcome:
        """See the module for the rules."""
        at = self.env.clicked
        if self.area is None:
            if at is not None:
                return Outcome(False, f"clicked at ({at.x:g}, {at.y:g}), and it is not there")
            refused = result.stop in _REFUSALS
            return Outcome(refused, "refused, rightly" if refused else f"neither a place nor a refusal: {result.stop}")
        if at is None:
            return Outcome(False, "wrong format: the reply names no place")
        done = is_within(at, self.area)
        return Outcome(done, f"({at.x:g}, {at.y:g}) is {'in' if done else 'outside'} {_box_of(self.area)}")


class _Entry(BaseModel):
    """An annotation of any of the sets; they differ in what they call things."""

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
    """The annotations below `root`. `corners` says that boxes are two corners, not a corner and a size."""

    name: str
    root: Path
    corners: bool = False
    rules: Rules = Rules(seeds=(0,), steps=1)

    @property
    def version(self) -> str:
        """How many annotations in which files, and a digest of these."""
        digest = sha256(b"".join(path.read_bytes() for path in self._files())).hexdigest()
        return f"{len(self._tasks)} annotations, {digest[:16]}"

    def tasks(self) -> tuple[GroundingTask, ...]:
        """One an annotation.

        Raises:
            TaskError: there are none, or a file of them is damaged; it is named.
        """
        return self._tasks

    def close(self) -> None:
        """Its tasks share nothing."""

    @cached_property
    def _tasks(self) -> tuple[GroundingTask, ...]:
        pictures = {path.name: path for path in sorted(self.root.rglob("*")) if path.suffix.lower() in _PICTURES}
        tasks: list[GroundingTask] = []
        for path in self._files():
            for number, entry in enumerate(read_list(path, _LIST)):
                tasks.append(self._task(path, number, entry, pictures))
        return tuple(tasks)

    def _task(self, file: Path, number: int, entry: _Entry, pictures: dict[str, Path]) -> GroundingTask:
        named = entry.img_filename or entry.image_path
        if named is None:
            raise TaskError(f"{file}, annotation {number}: it names no picture")
        exact = next((path for path in (self.root / named, self.root / "images" / named) if path.is_file()), None)
        picture = exact or pictures.get(Path(named).name)
        if picture is None:
            raise TaskError(f"{file}, annotation {number}: the picture {named} is not below {self.root}")
        category = " ".join(
            part for part in (entry.platform or entry.data_source, entry.data_type or entry.ui_type) if part
        )
        name = f"{file.stem}.{number}".replace("_", "-")
        return GroundingTask(
            name, category or entry.box_type, picture, entry.instruction, self._area(file, number, entry)
        )

    def _area(self, file: Path, number: int, entry: _Entry) -> Polygon | None:
        if entry.box_type == "refusal":
            return None
        given = entry.bbox or entry.box_coordinates
        if entry.box_type == "polygon" and given is not None and len(given) >= _LEAST_POLYGON and len(given) % 2 == 0:
            return tuple(zip(given[::2], given[1::2], strict=True))
        if given is None or len(given) != _BOX:
            raise TaskError(f"{file}, annotation {number}: it has no box")
        left, top, third, fourth = given
        right, bottom = (third, fourth) if self.corners else (left + third, top + fourth)
        return box(left, top, right, bottom)

    def _files(self) -> list[Path]:
        files = sorted(path for path in self.root.rglob("*.json") if not path.name.startswith("."))
        if not files:
            raise TaskError(f"{self.root} holds no annotations: --root is the folder of a copy of {self.name}")
        return files


def box(left: float, top: float, right: float, bottom: float) -> Polygon:
    """A box as a polygon."""
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def is_within(at: ScreenPoint, area: Polygon) -> bool:
    """Whether a point lies in a polygon, by the even-odd rule, or on its edge."""
    inside = False
    for (x1, y1), (x2, y2) in zip(area, (*area[1:], area[0]), strict=True):
        cross = (x2 - x1) * (at.y - y1) - (y2 - y1) * (at.x - x1)
        if cross == 0 and min(x1, x2) <= at.x <= max(x1, x2) and min(y1, y2) <= at.y <= max(y1, y2):
            return True
        if (y1 > at.y) != (y2 > at.y) and at.x < (x2 - x1) * (at.y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside


_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
_REFUSALS = (StopReason.INFEASIBLE, StopReason.FINISHED, StopReason.NEEDS_USER)
_BOX = 4
_LEAST_POLYGON = 6


def _box_of(area: Polygon) -> str:
    xs, ys = [x for x, _ in area], [y for _, y in area]
    return f"({min(xs):g}, {min(ys):g}) to ({max(xs):g}, {max(ys):g})"


def screenspot(root: Path | None) -> Grounding:
    """ScreenSpot and ScreenSpot-v2: boxes as corner and size.

    Raises:
        ValueError: no root.
    """
    return Grounding("screenspot", _rooted(root, "screenspot"))


def screenspot_pro(root: Path | None) -> Grounding:
    """ScreenSpot-Pro: boxes as two corners.

    Raises:
        ValueError: no root.
    """
    return Grounding("screenspot-pro", _rooted(root, "screenspot-pro"), corners=True)


def osworld_g(root: Path | None) -> Grounding:
    """OSWorld-G: boxes as corner and size, polygons, and things that are not there.

    Raises:
        ValueError: no root.
    """
    return Grounding("osworld-g", _rooted(root, "osworld-g"))


def _rooted(root: Path | None, name: str) -> Path:
    if root is None:
        raise ValueError(f"{name} needs --root FOLDER, with its pictures and annotations")
    return root
