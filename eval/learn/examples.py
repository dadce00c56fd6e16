"""Reads the lines of `screenwright export` as messages again: conversations (`chat`) and preference pairs (`pairs`)."""

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from screenwright._files import read_file

from ...agent.core.messages import FunctionCall, ImageFormat, ImagePart, Message, TextPart
from ...agent.core.model import Sampling
from ...agent.record.trajectory import RunError
from ...envs.geometry import Size
from ..datasets.export import METADATA_FILE


@dataclass(frozen=True, slots=True)
class TrainingExample:
    """A conversation; the messages at the indices `learned` are replies to learn.

    `request` has the functions and the template variables with which the model was asked, and `sampled` the tokens of
    replies, by index, that were recorded.
    """

    messages: tuple[Message, ...]
    learned: tuple[int, ...]
    request: Sampling = Sampling()
    sampled: Mapping[int, tuple[int, ...]] = field(default_factory=dict[int, tuple[int, ...]])


@dataclass(frozen=True, slots=True)
class TrainingPair:
    """Two replies to the same prompt, of which `chosen` was better."""

    chosen: TrainingExample
    rejected: TrainingExample


def read_lines(path: Path) -> list[str]:
    """The lines of an export that have a reply to learn.

    Raises:
        RunError: the file cannot be read, or has no such line.
    """
    lines = _lines_of(path)
    for line in lines[:1]:
        if '"messages"' not in line or '"loss"' not in line:
            raise RunError(f"{path} has no conversations: write them with screenwright export --format chat")
    found = [line for line in lines if '"loss": 1' in line]
    if not found:
        raise RunError(f"{path} has no reply to learn")
    return found


def read_pair_lines(folder: Path) -> list[str]:
    """The lines of a folder of preference pairs.

    Raises:
        RunError: the folder cannot be read, or has no pairs.
    """
    lines = _lines_of(folder / METADATA_FILE)
    if not lines or not all('"chosen"' in line and '"rejected"' in line for line in lines):
        raise RunError(f"{folder} has no preference pairs: write them with screenwright export --format pairs")
    return lines


def _lines_of(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RunError(f"{path} is not a text in UTF-8: {error}") from error


def read_pair(line: str, folder: Path) -> TrainingPair:
    """The pair of a line, with its images from `folder`.

    Raises:
        RunError: the line is damaged, or an image is missing.
    """
    try:
        data = json.loads(line)
        images = iter(data["images_file_names"])
        prompt = tuple(_message(_with_images(one, images), folder) for one in data["prompt"])
        request = _request(data)
        chosen, rejected = (
            TrainingExample((*prompt, _message(one, folder)), (len(prompt),), request)
            for one in (data["chosen"][0], data["rejected"][0])
        )
        return TrainingPair(chosen, rejected)
    except (KeyError, TypeError, ValueError, OSError, StopIteration) as error:
        raise RunError(f"a line of the data in {folder} cannot be read: {type(error).__name__}: {error}") from error


def _with_images(message: Mapping[str, Any], images: Iterator[str]) -> dict[str, Any]:
    """The message with the name of each image in its part, as in the layout `chat`."""
    parts = [{"type": "image", "image": next(images)} if one["type"] == "image" else one for one in message["content"]]
    return {**message, "content": parts}


def _request(data: Mapping[str, Any]) -> Sampling:
    """The functions and template variables of a line; functions are a text where a column needs one type."""
    tools = data.get("tools", ())
    tools = json.loads(tools) if isinstance(tools, str) else tools
    return Sampling(tools=tuple(tools), chat_template_kwargs=data.get("chat_template_kwargs", {}))


def read_example(line: str, folder: Path) -> TrainingExample:
    """The conversation of a line, with its images from `folder`.

    Raises:
        RunError: the line is damaged, or an image is missing.
    """
    try:
        data = json.loads(line)
        messages = tuple(_message(one, folder) for one in data["messages"])
        learned = tuple(index for index, one in enumerate(data["messages"]) if one["loss"])
        return TrainingExample(
            messages,
            learned,
            _request(data),
            {
                index: tuple(map(int, one["token_ids"]))
                for index, one in enumerate(data["messages"])
                if "token_ids" in one
            },
        )
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise RunError(f"a line of the data in {folder} cannot be read: {type(error).__name__}: {error}") from error


def _message(data: Mapping[str, Any], folder: Path) -> Message:
    return Message(
        data["role"],
        tuple(_part(part, folder) for part in data["content"]),
        data.get("reasoning_content", ""),
        tuple(
            FunctionCall(call["function"]["name"], call["function"]["arguments"], call["id"])
            for call in data.get("tool_calls", ())
        ),
        data.get("tool_call_id", ""),
    )


def _part(part: Mapping[str, str], folder: Path) -> TextPart | ImagePart:
    if part["type"] == "text":
        return TextPart(part["text"])
    content = read_file(folder / part["image"], inside=folder)
    with Image.open(io.BytesIO(content)) as image:
        size, kind = Size(*image.size), ImageFormat((image.format or "").lower())
    return ImagePart(content, size, kind)
