"""A run on disk: an append-only event log and the screenshots that it refers to.

    RUN/events.jsonl          one event of `events.py` per line
    RUN/images/<sha256>.png   screenshots, named by content: an unchanged screen is stored once

An image is on disk before the line that refers to it, and a step is on disk before the next one starts. A killed run
may end with a partial line; readers skip it and resuming truncates it. Only the owner may read new folders and files.
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated, Self

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from ...envs.screenshot import Screenshot
from ..core.validation import first_problem
from .codec import STRICT
from .events import Ended, Event, Observed, Started, Stepped
from .steps import ResumePoint, resume_point

_EVENTS = "events.jsonl"
_IMAGES = "images"
_PRIVATE_FOLDER = 0o700


class RunError(Exception):
    """A run cannot be written or read; the message is one line."""


@dataclass(frozen=True, slots=True)
class Run:
    """A recorded run, complete or interrupted."""

    folder: Path
    events: tuple[Event, ...]

    @property
    def started(self) -> Started:
        """The first event."""
        first = self.events[0]
        assert isinstance(first, Started)
        return first

    @property
    def ended(self) -> Ended | None:
        """The last event; None if the run was interrupted."""
        last = self.events[-1]
        return last if isinstance(last, Ended) else None

    def past(self) -> ResumePoint:
        """The state for resuming the run after its last complete step."""
        return resume_point(self.events)


class RunLog:
    """Writes the events of a run to `folder`, or with `resume` appends them to the existing log.

    Call it with each event; close it, or use it as a context manager. The folder is created with the first event, so
    that a run that cannot start leaves none.

    Raises:
        RunError: the folder already contains a run.
    """

    def __init__(self, folder: Path, *, resume: bool = False) -> None:
        self.folder = folder
        self._resume = resume
        self._file: IO[bytes] | None = None
        exists = os.path.exists(folder / _EVENTS)  # noqa: PTH110 -- Path.exists raises if it may not be read
        if exists and not resume:
            raise self._not_empty()

    def __call__(self, event: Event) -> None:
        """Append `event`, and store its screenshot.

        Raises:
            RunError: the write failed, such as on a full disk. Earlier events stay readable.
        """
        try:
            self._file = self._file or self._open()
            if isinstance(event, Observed):
                self._store(event.observation.screenshot)
            self._file.write(event_to_json(event) + b"\n")
            self._file.flush()
            if isinstance(event, Stepped | Ended):
                os.fsync(self._file.fileno())
        except OSError as error:
            raise _unwritable(self.folder, error) from error

    def close(self) -> None:
        """Close the log."""
        try:
            if self._file is not None:
                self._file.close()
        except OSError as error:
            raise _unwritable(self.folder, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _not_empty(self) -> RunError:
        return RunError(f"{self.folder} already contains a run: choose another folder, or resume it")

    def _open(self) -> IO[bytes]:
        path = self.folder / _EVENTS
        if self._resume:
            _truncate_partial_line(path)
            return path.open("ab")
        self.folder.mkdir(_PRIVATE_FOLDER, parents=True, exist_ok=True)
        (self.folder / _IMAGES).mkdir(_PRIVATE_FOLDER, exist_ok=True)
        try:
            return open(path, "xb", opener=_open_private)
        except FileExistsError as error:  # another process was faster
            raise self._not_empty() from error

    def _store(self, screenshot: Screenshot) -> None:
        """Store the screenshot atomically under its SHA-256, unless it exists."""
        path = _image_path(self.folder, screenshot.sha256)
        if path.exists():
            return
        partial = path.with_suffix(".part")
        with open(partial, "wb", opener=_open_private) as file:
            file.write(screenshot.png)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)


def write_private(path: Path, data: bytes) -> None:
    """Write a file of a run, which only its owner may read: a run shows all that was typed, such as passwords."""
    with open(path, "wb", opener=_open_private) as file:
        file.write(data)


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def read_run(folder: Path | str) -> Run:
    """Read a run, including one that is still being written or was killed.

    Raises:
        RunError: there is no run, or a line is invalid.
    """
    folder = Path(folder)
    path = folder / _EVENTS
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise RunError(f"{folder} contains no run: {_EVENTS} is missing") from error
    except OSError as error:
        raise RunError(f"cannot read {path}: {error.strerror}") from error
    lines = data.split(b"\n")[:-1]  # the rest is a partial line, or empty
    events = tuple(_read_line(line, path, number, folder) for number, line in enumerate(lines, start=1))
    if not events or not isinstance(events[0], Started):
        raise RunError(f"{path} does not start with a `started` event")
    return Run(folder, events)


def event_to_json(event: Event) -> bytes:
    """The event as one line of JSON, without a line break. Screenshots are written as their SHA-256.

    Lone surrogates, which pages and models may send but UTF-8 cannot express, are written as `?`.
    """
    try:
        return _EVENT.dump_json(event)
    except PydanticSerializationError:
        return json.dumps(_EVENT.dump_python(event, mode="json"), ensure_ascii=False).encode("utf-8", "replace")


def event_from_json(line: bytes | str, load: Callable[[str], bytes]) -> Event:
    """The inverse of `event_to_json`. `load` returns the PNG of a SHA-256; it is called on first use.

    Raises:
        ValueError: the line is not a valid event.
    """
    return _EVENT.validate_json(line, context={"load": load})


def _read_line(line: bytes, path: Path, number: int, folder: Path) -> Event:
    try:
        return event_from_json(line, lambda name: _load_image(folder, name))
    except ValidationError as error:
        raise RunError(f"{path}, line {number}: {first_problem(error)}") from error


def _load_image(folder: Path, name: str) -> bytes:
    path = _image_path(folder, name)
    try:
        return path.read_bytes()
    except OSError as error:
        raise RunError(f"cannot read the screenshot {path}: {error.strerror}") from error


def _image_path(folder: Path, name: str) -> Path:
    return folder / _IMAGES / f"{name}.png"


def _truncate_partial_line(path: Path) -> None:
    """Truncate the file after its last complete line."""
    with path.open("r+b") as file:
        data = file.read()
        file.truncate(data.rfind(b"\n") + 1)


def _unwritable(folder: Path, error: OSError) -> RunError:
    return RunError(f"cannot record the run in {folder}: {error.strerror or error}")


_EVENT: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="event")], config=STRICT)
