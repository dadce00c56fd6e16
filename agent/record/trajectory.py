"""A run on disk: an append-only log of events and the screenshots they name.

    RUN/events.jsonl          one event a line, as in `events.py`
    RUN/images/<sha256>.png   the screenshots, named by content, so that a screen that did not change is stored once

An image is written before the line that names it, and a line is written whole before the next step begins. A run that
was killed may end in half a line, which readers leave out and which resuming cuts off.
"""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Annotated, Self

from pydantic import Field, TypeAdapter, ValidationError

from ...envs.screenshot import Screenshot
from ..core.context import HistoryStep
from ..core.describe import describe_action
from ..core.model import Usage
from ..core.supervision import RecoveryAction
from .codec import STRICT
from .events import Acted, Critiqued, Ended, Escalated, Event, Observed, ParseFailed, Replied, Started, Stepped
from .past import ResumePoint

_EVENTS = "events.jsonl"
_IMAGES = "images"


class RunError(Exception):
    """A run cannot be written or read; the message is one line that says what to do."""


@dataclass(frozen=True, slots=True)
class Run:
    """A recorded run, whole or broken off."""

    folder: Path
    events: tuple[Event, ...]

    @property
    def started(self) -> Started:
        """How the run began."""
        first = self.events[0]
        assert isinstance(first, Started)
        return first

    @property
    def ended(self) -> Ended | None:
        """How it ended; None if it broke off."""
        last = self.events[-1]
        return last if isinstance(last, Ended) else None

    def past(self) -> ResumePoint:
        """What an episode needs to go on where this run broke off: its whole steps."""
        return _past(self.events)


class RunLog:
    """Writes a run. Call it with each event; close it, or use it as a context manager."""

    def __init__(self, folder: Path, *, resume: bool = False) -> None:
        """Open the log of a new run in `folder`, which is made; or of an old one, to go on with it.

        Raises:
            RunError: the folder cannot be written, or it holds a run already (none, if resuming).
        """
        self.folder = folder
        path = folder / _EVENTS
        try:
            if resume:
                _cut_half_line(path)
            else:
                (folder / _IMAGES).mkdir(parents=True, exist_ok=True)
            self._file: IO[bytes] = path.open("ab" if resume else "xb")
        except FileExistsError as error:
            raise RunError(f"{folder} holds a run already: choose another folder, or resume it") from error
        except OSError as error:
            raise _unwritable(folder, error) from error

    def __call__(self, event: Event) -> None:
        """Write `event`, and the screenshot that it names.

        Raises:
            RunError: it cannot be written, such as on a full disk; what was written before stays readable.
        """
        try:
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
            self._file.close()
        except OSError as error:
            raise _unwritable(self.folder, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _store(self, screenshot: Screenshot) -> None:
        """Write the screenshot under its name, whole or not at all; one that is there already is kept."""
        path = _image_path(self.folder, screenshot.sha256)
        if path.exists():
            return
        unfinished = path.with_suffix(".part")
        with unfinished.open("wb") as file:
            file.write(screenshot.png)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)


def read_run(folder: Path) -> Run:
    """Read a run, also one that is still being written or was killed.

    Raises:
        RunError: there is none, or a line is damaged; it is named.
    """
    path = folder / _EVENTS
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise RunError(f"{folder} holds no run: there is no {_EVENTS} in it") from error
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror}") from error
    lines = data.split(b"\n")[:-1]  # what follows the last line break is half a line, or nothing
    events = tuple(_read_line(line, path, number, folder) for number, line in enumerate(lines, start=1))
    if not events or not isinstance(events[0], Started):
        raise RunError(f"{path} does not begin with the start of a run")
    return Run(folder, events)


def event_to_json(event: Event) -> bytes:
    """One event as a line of JSON, without its line break. Screenshots are named, not contained."""
    return _EVENT.dump_json(event)


def event_from_json(line: bytes | str, load: Callable[[str], bytes]) -> Event:
    """The inverse of `event_to_json`; `load` gives the PNG of a screenshot's name, when it is looked at.

    Raises:
        ValueError: the line is no event.
    """
    return _EVENT.validate_json(line, context={"load": load})


def _read_line(line: bytes, path: Path, number: int, folder: Path) -> Event:
    try:
        return event_from_json(line, lambda name: _load_image(folder, name))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RunError(f"{path}, line {number}: {where} {first['msg']}".replace("\n", " ")) from error


def _load_image(folder: Path, name: str) -> bytes:
    path = _image_path(folder, name)
    try:
        return path.read_bytes()
    except OSError as error:
        raise RunError(f"the screenshot {path} cannot be read: {error.strerror}") from error


def _image_path(folder: Path, name: str) -> Path:
    return folder / _IMAGES / f"{name}.png"


def _past(events: Iterable[Event]) -> ResumePoint:
    """Fold events to what is behind a resumed episode. A step without its `Stepped` did not happen."""
    history: list[HistoryStep] = []
    done: list[str] = []
    usage, seconds, parse_failures = Usage(), 0.0, 0
    look: HistoryStep | None = None
    reply, used, unread, deeds = "", Usage(), 0, list[str]()
    for event in events:
        match event:
            case Observed():
                change = event.change.share if event.change is not None else 0.0
                look = HistoryStep(event.observation.screenshot, event.notes, change=change)
                reply, used, unread, deeds = "", Usage(), 0, []
            case Escalated(rung=RecoveryAction.PLAN) if look is not None:
                look = replace(look, fresh=True)
            case Replied():
                reply, used = event.text if event.purpose == "act" else reply, used + event.usage
            case ParseFailed():
                unread += 1
            case Acted(refused=None):
                deeds.append(f"{event.step}. {describe_action(event.action)}")
            case Critiqued():
                usage += event.usage
            case Stepped() if look is not None:
                history.append(replace(look, reply=reply))
                done.extend(deeds)
                usage, seconds, parse_failures, look = (
                    usage + used,
                    seconds + event.total_s,
                    parse_failures + unread,
                    None,
                )
            case _:
                pass
    return ResumePoint(tuple(history), usage, seconds, parse_failures, tuple(done))


def _cut_half_line(path: Path) -> None:
    """Drop what a killed run wrote after its last whole line."""
    with path.open("r+b") as file:
        data = file.read()
        file.truncate(data.rfind(b"\n") + 1)


def _unwritable(folder: Path, error: OSError) -> RunError:
    return RunError(f"the run cannot be recorded in {folder}: {error.strerror or error}")


_EVENT: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="event")], config=STRICT)
