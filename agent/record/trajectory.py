"""A run on disk: an append-only event log and the screenshots that it refers to.

    RUN/events.jsonl          one event of `events.py` per line
    RUN/images/<sha256>.png   screenshots, named by content: an unchanged screen is stored once
    RUN/.lock                 the process that writes the run

An image is on disk before the line that refers to it, an intended action before it is carried out, and a step before
the next one starts. A killed run may end with a partial line; readers skip it and resuming truncates it. Only the owner
may read new folders and files.

A run may come from someone else, so its folder is read as data: see `screenwright._files`.
"""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Annotated, Self

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from screenwright._files import MIB, NO_FOLLOW, FileRefused, check_inside, read_file, write_file

from ...envs.geometry import Size
from ...envs.screenshot import MAX_IMAGE_BYTES, Screenshot, open_image
from ..core.validation import first_problem
from .archive import EVENTS as _EVENTS
from .archive import RunArchive
from .codec import STRICT, LoadScreenshot
from .events import Ended, Event, Intended, ScreenEvent, Started, Stepped
from .lock import lock_folder
from .steps import ResumePoint, resume_point

_IMAGES = "images"
_PRIVATE_FOLDER = 0o700
_MAX_LOG_BYTES = 1024 * MIB


class RunError(Exception):
    """A run cannot be written or read; the message is one line."""


@dataclass(frozen=True, slots=True)
class Run:
    """A recorded run, complete or interrupted. `folder` is its folder, or the file of its bundle."""

    folder: Path
    events: tuple[Event, ...]

    @property
    def screenshots(self) -> tuple[Screenshot, ...]:
        """All screenshots, each once."""
        seen = [event.observation.screenshot for event in self.events if isinstance(event, ScreenEvent)]
        return tuple({shot.sha256: shot for shot in seen}.values())

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
        """The state for resuming the run after its last step that acted."""
        return resume_point(self.events)


class RunLog:
    """Writes the events of a run to `folder`, or with `resume` appends them to the existing log.

    Call it with each event; close it, or use it as a context manager. The folder is created with the first event, so
    that a run that cannot start leaves none. It is locked while the log is open; with `resume`, from now on.

    Raises:
        RunError: the folder already contains a run; or with `resume`, another process is writing it.
    """

    def __init__(self, folder: Path, *, resume: bool = False) -> None:
        self.folder = folder
        self._resume = resume
        self._file: IO[bytes] | None = None
        self._lock: IO[bytes] | None = None
        exists = os.path.exists(folder / _EVENTS)  # noqa: PTH110 -- Path.exists raises if it may not be read
        if exists and not resume:
            raise self._not_empty()
        if resume:
            try:
                self._lock = lock_folder(folder)
            except OSError as error:
                raise _unwritable(folder, error) from error

    def __call__(self, event: Event) -> None:
        """Append `event`, and store its screenshot.

        Raises:
            RunError: the write failed, such as on a full disk. Earlier events stay readable.
        """
        try:
            self._file = self._file or self._open()
            if isinstance(event, ScreenEvent):
                self._store(event.observation.screenshot)
            self._file.write(event_to_json(event) + b"\n")
            self._file.flush()
            if isinstance(event, Intended | Stepped | Ended):
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
        finally:
            if self._lock is not None:
                self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _not_empty(self) -> RunError:
        return RunError(f"{self.folder} already contains a run: choose another folder, or resume it")

    def _open(self) -> IO[bytes]:
        path = self.folder / _EVENTS
        if self._resume:
            check_inside(path, self.folder)
            _truncate_partial_line(path)
            return open(path, "ab", opener=_open_private)
        self.folder.mkdir(_PRIVATE_FOLDER, parents=True, exist_ok=True)
        (self.folder / _IMAGES).mkdir(_PRIVATE_FOLDER, exist_ok=True)
        self._lock = lock_folder(self.folder)
        try:
            return open(path, "xb", opener=_open_private)
        except FileExistsError as error:  # another process was faster
            raise self._not_empty() from error

    def _store(self, screenshot: Screenshot) -> None:
        """Store the screenshot atomically under its SHA-256, unless it exists."""
        name, size = screenshot.sha256, screenshot.size
        path = _image_path(self.folder, name)
        if not path.is_file():
            write_file(path, screenshot.png, inside=self.folder)
        read = partial(_read_in_folder, self.folder)
        screenshot.stored(partial(_load_image, self.folder, read, name, size))


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags | NO_FOLLOW, 0o600)


def read_run(run: Path | str) -> Run:
    """Read a run, including one that is still being written or was killed; `run` is its folder or its bundle.

    Raises:
        RunError: there is no run, or a line is invalid.
    """
    run = Path(run)
    path = run / _EVENTS
    try:
        read = RunArchive(run).read if run.is_file() else partial(_read_in_folder, run)
        data = read(_EVENTS, _MAX_LOG_BYTES)
    except FileNotFoundError as error:
        problem = f"{run} contains no run: {_EVENTS} is missing" if run.exists() else f"{run} does not exist"
        raise RunError(problem) from error
    except FileRefused as error:
        raise RunError(f"cannot read {error.filename}: it {error.strerror}") from error
    except OSError as error:
        raise RunError(f"cannot read {path}: {error.strerror}") from error
    lines = data.split(b"\n")[:-1]  # the rest is a partial line, or empty
    load = partial(_load_image, run, read)
    events = tuple(_read_line(line, path, number, load) for number, line in enumerate(lines, start=1))
    if not events or not isinstance(events[0], Started):
        raise RunError(f"{path} does not start with a `started` event")
    return Run(run, events)


def _read_in_folder(folder: Path, name: str, max_bytes: int) -> bytes:
    return read_file(folder / name, max_bytes, inside=folder)


def event_to_json(event: Event) -> bytes:
    """The event as one line of JSON, without a line break. Screenshots are written as their SHA-256.

    Lone surrogates, which pages and models may send but UTF-8 cannot express, are written as `?`.
    """
    try:
        return _EVENT.dump_json(event)
    except PydanticSerializationError:
        return json.dumps(_EVENT.dump_python(event, mode="json"), ensure_ascii=False).encode("utf-8", "replace")


def event_from_json(line: bytes | str, load: LoadScreenshot) -> Event:
    """The inverse of `event_to_json`. `load` returns the PNG of a SHA-256; it is called on first use.

    Raises:
        ValueError: the line is not a valid event.
    """
    return _EVENT.validate_json(line, context={"load": load})


def _read_line(line: bytes, path: Path, number: int, load: LoadScreenshot) -> Event:
    try:
        return event_from_json(line, load)
    except ValidationError as error:
        raise RunError(f"{path}, line {number}: {first_problem(error)}") from error


def _load_image(run: Path, read: Callable[[str, int], bytes], name: str, size: Size) -> bytes:
    path = _image_path(run, name)
    try:
        data = read(f"{_IMAGES}/{name}.png", MAX_IMAGE_BYTES)
        if hashlib.sha256(data).hexdigest() != name:
            raise RunError(f"the screenshot {path} was changed: its name is not its SHA-256")
        with open_image(data, formats=("PNG",)) as image:
            found = Size(*image.size)
    except OSError as error:
        raise RunError(f"cannot read the screenshot {path}: {error.strerror}") from error
    except ValueError as error:
        raise RunError(f"the screenshot {path} {error}") from error
    if found != size:
        raise RunError(f"the screenshot {path} is {found}, not {size} as the run says")
    return data


def _image_path(folder: Path, name: str) -> Path:
    return folder / _IMAGES / f"{name}.png"


def _truncate_partial_line(path: Path) -> None:
    """Truncate the file after its last complete line."""
    with open(path, "r+b", opener=_open_private) as file:
        data = file.read()
        file.truncate(data.rfind(b"\n") + 1)


def _unwritable(folder: Path, error: OSError) -> RunError:
    return RunError(f"cannot record the run in {folder}: {error.strerror or error}")


_EVENT: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="event")], config=STRICT)
