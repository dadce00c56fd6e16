"""A recipe on disk: `recipe.toml`, which a person can read and edit, and the screenshots that it names.

version = 1
task = "Register Ada"

[parameters]
name = "Ada"

[[steps]]
words = "Type the name"
action = { type = "type", text = "${name}", submit = false }
picture = "1a2b3c4d5e6f.png"
after = "6f5e4d3c2b1a.png"

[[expect]]
text = "Welcome ${name}"

[[read]]
name = "number"
label = "Customer number"
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, ValidationError

from screenwright._files import MIB, read_file, write_file

from ...envs.actions import Type, points_of
from ...envs.geometry import Box
from ...envs.screenshot import MAX_IMAGE_BYTES, Screenshot
from ..core.decision import AskUser, Finish, GiveUp
from ..record.codec import move_from_json, move_to_json
from .recipe import Reading, Recipe, RecipeStep, parameters_in
from .target import RecordedTarget

RECIPE_FILE = "recipe.toml"
VERSION = 1
_MAX_FILE_BYTES = 16 * MIB
_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)
_NAMED = 12

Picture = Annotated[str, StringConstraints(pattern=r"^[\w-][\w.-]*\.png$")]
Sides = tuple[int, int, int, int]


class RecipeError(ValueError):
    """A recipe cannot be read or written; the message is one line with the number of the line in the file."""


class _FileTarget(BaseModel):
    model_config = _STRICT
    kind: str = ""
    text: str = ""
    box: Sides | None = None
    text_box: Sides | None = None
    label: str = ""


class _FileStep(BaseModel):
    model_config = _STRICT
    words: str
    action: dict[str, JsonValue]
    picture: Picture
    after: Picture | None = None
    scale: float = Field(1.0, gt=0)
    targets: tuple[_FileTarget, ...] = ()
    once: bool = False


class _FileText(BaseModel):
    model_config = _STRICT
    text: str = Field(min_length=1)


class _FileReading(BaseModel):
    model_config = _STRICT
    name: str = Field(min_length=1)
    label: str = Field(min_length=1)


class _RecipeFile(BaseModel):
    model_config = _STRICT
    version: int
    task: str
    parameters: dict[Annotated[str, StringConstraints(pattern=r"^[A-Za-z][\w-]*$")], str] = Field(default_factory=dict)
    secrets: list[str] = Field(default_factory=list[str])
    steps: list[_FileStep]
    expect: list[_FileText] = Field(default_factory=list[_FileText])
    read: list[_FileReading] = Field(default_factory=list[_FileReading])


def read_recipe(folder: Path) -> Recipe:
    """The recipe in `folder`.

    Raises:
        RecipeError: there is none, or a line is wrong.
    """
    path = folder / RECIPE_FILE
    try:
        text = read_file(path, _MAX_FILE_BYTES, inside=folder).decode("utf-8-sig")
        content = tomllib.loads(text)
    except OSError as error:
        raise RecipeError(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path} is not valid TOML: {error}") from error
    if content.get("version") != VERSION:
        found = f"version is {content['version']!r}" if "version" in content else "there is no version"
        problem = f"{found}, and this program reads version {VERSION}"
        raise RecipeError(f"{path}, line {_line_of(text, ('version',))}: {problem}")
    try:
        file = _RecipeFile.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(part for part in first["loc"] if isinstance(part, str) and part != "[key]")
        message = f"{where}: {first['msg']}".replace("\n", " ")
        raise RecipeError(f"{path}, line {_line_of(text, first['loc'])}: {message}") from error
    pictures: dict[str, Screenshot] = {}
    steps = tuple(_read_step(file, number, path, text, pictures) for number in range(len(file.steps)))
    for number, one in enumerate(file.expect):
        _check_parameters(file, one.text, path, _line_of(text, ("expect", number, "text")))
    expect = tuple(one.text for one in file.expect)
    readings = tuple(Reading(one.name, one.label) for one in file.read)
    return Recipe(file.task, steps, file.parameters, tuple(file.secrets), expect, readings)


def write_recipe(recipe: Recipe, folder: Path) -> Path:
    """Write `recipe` to `folder`, which is created; returns the path of its file.

    Raises:
        RecipeError: it cannot be written.
    """
    path = folder / RECIPE_FILE
    try:
        folder.mkdir(0o700, parents=True, exist_ok=True)
        for step in recipe.steps:
            for shot in filter(None, (step.before, step.after)):
                if not (folder / _picture_name(shot)).exists():
                    write_file(folder / _picture_name(shot), shot.png, inside=folder)
        write_file(path, "\n".join([*_lines(recipe), ""]).encode(), inside=folder)
    except OSError as error:
        raise RecipeError(f"cannot write {path}: {error.strerror}") from error
    return path


# -- reading


def _read_step(file: _RecipeFile, index: int, path: Path, text: str, pictures: dict[str, Screenshot]) -> RecipeStep:
    step = file.steps[index]

    def where(key: str) -> str:
        return f"{path}, line {_line_of(text, ('steps', index, key))}"

    try:
        action = move_from_json(json.dumps(step.action))
    except ValueError as error:
        raise RecipeError(f"{where('action')}: action: {_one_line(error)}") from error
    if isinstance(action, Finish | AskUser | GiveUp):
        raise RecipeError(f"{where('action')}: a recipe has no step {step.action.get('type')!r}: leave it out")
    if isinstance(action, Type):
        _check_parameters(file, action.text, path, _line_of(text, ("steps", index, "action")))
    before, after = (
        None if name is None else _picture(path.parent, name, pictures, where(key))
        for key, name in (("picture", step.picture), ("after", step.after))
    )
    assert before is not None
    targets = tuple(_read_target(one) for one in step.targets)
    for point in points_of(action):
        if not (0 <= point.x < before.size.width and 0 <= point.y < before.size.height):
            raise RecipeError(f"{where('action')}: ({point.x:g}, {point.y:g}) is not on the picture of {before.size}")
    return RecipeStep(step.words, action, before, after, step.scale, targets, step.once)


def _check_parameters(file: _RecipeFile, text: str, path: Path, line: int) -> None:
    for name in parameters_in(text):
        if name not in file.parameters:
            raise RecipeError(f"{path}, line {line}: ${{{name}}} is not in [parameters]: add its default there")


def _picture(folder: Path, name: str, known: dict[str, Screenshot], where: str) -> Screenshot:
    if name not in known:
        try:
            known[name] = Screenshot.decoded(read_file(folder / name, MAX_IMAGE_BYTES, inside=folder))
        except OSError as error:
            raise RecipeError(f"{where}: cannot read {folder / name}: {error.strerror}") from error
        except ValueError as error:
            raise RecipeError(f"{where}: {folder / name} {error}") from error
    return known[name]


def _read_target(target: _FileTarget) -> RecordedTarget:
    return RecordedTarget(target.kind, target.text, _read_box(target.box), _read_box(target.text_box), target.label)


def _read_box(sides: Sides | None) -> Box | None:
    return None if sides is None else Box(*sides)


def _one_line(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        return str(error.errors(include_url=False)[0]["msg"])
    return " ".join(str(error).split())


def _line_of(text: str, loc: tuple[str | int, ...]) -> int:
    """The number of the line of a key, or of the table that should have it; `loc` is as in pydantic's errors."""
    lines = text.splitlines()
    names = [part for part in loc if isinstance(part, str)]
    index = next((part for part in loc if isinstance(part, int)), None)
    header = rf"\[\[\s*{re.escape(names[0])}\s*\]\]" if index is not None else rf"\[\s*{re.escape(names[0])}\s*\]"
    starts = [number for number, line in enumerate(lines) if re.match(header, line.strip())]
    start = starts[index or 0] if len(starts) > (index or 0) else -1
    key = names[1] if len(names) > 1 and start >= 0 else names[0]
    for number in range(start + 1, len(lines)):
        if lines[number].lstrip().startswith("["):
            break
        if re.match(rf"\"?{re.escape(key)}\"?\s*=", lines[number].strip()):
            return number + 1
    return max(start, 0) + 1


# -- writing


def _lines(recipe: Recipe) -> Iterator[str]:
    yield "# A recipe of Screenwright. Check it, edit it, and perform it with: screenwright replay FOLDER"
    yield f"version = {VERSION}"
    yield f"task = {_toml(recipe.task)}"
    if recipe.secrets:
        yield f"secrets = {_toml([*recipe.secrets])}"
    if recipe.parameters:
        yield "\n# Texts that --set NAME=VALUE changes."
        yield "[parameters]"
        for name, value in recipe.parameters.items():
            yield f"{name} = {_toml(value)}"
    for number, step in enumerate(recipe.steps, start=1):
        yield f"\n[[steps]] # {number}"
        yield f"words = {_toml(step.words)}"
        yield f"action = {_toml(move_to_json(step.action))}"
        yield f"picture = {_toml(_picture_name(step.before))}"
        if step.after is not None:
            yield f"after = {_toml(_picture_name(step.after))}"
        if step.scale != 1:
            yield f"scale = {step.scale!r}"
        if step.once:
            yield "once = true # is not repeated after an interruption"
        targets: list[JsonValue] = [_target_table(target) for target in step.targets if target is not None]
        if targets:
            yield f"targets = {_toml(targets)}"
    for text in recipe.expect:
        yield f"\n[[expect]] # has to be on the screen at the end\ntext = {_toml(text)}"
    for reading in recipe.read:
        yield f"\n[[read]]\nname = {_toml(reading.name)}\nlabel = {_toml(reading.label)}"


def _target_table(target: RecordedTarget) -> dict[str, JsonValue]:
    texts: dict[str, JsonValue] = {"kind": target.kind, "text": target.text, "label": target.label}
    boxes = {"box": target.box, "text_box": target.text_box}
    found: dict[str, JsonValue] = {name: value for name, value in texts.items() if value}
    for name, box in boxes.items():
        if box is not None:
            found[name] = [box.left, box.top, box.right, box.bottom]
    return found


def _picture_name(screenshot: Screenshot) -> str:
    return f"{screenshot.sha256[:_NAMED]}.png"


def _toml(value: JsonValue) -> str:
    """`value` as TOML on one line; a JSON string is a TOML string, except for DEL."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name} = {_toml(one)}" for name, one in value.items()) + " }" if value else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
