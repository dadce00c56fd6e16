"""An evaluation on disk.

    RUN/manifest.json                    what was run, and with what
    RUN/episodes/TASK/SEED/              an episode's log and screenshots, as of any recorded run
    RUN/episodes/TASK/SEED/episode.json  its record; there is one when the episode is over, and not before

A record is written whole or not at all, so that whatever is killed leaves each episode finished or to be done again.
"""

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from ...agent.record.trajectory import RunError
from .manifest import MANIFEST, Manifest
from .plan import EpisodeId
from .record import RECORD, Record
from .validation import first_problem

_MANIFEST = "manifest.json"
_RECORD = "episode.json"


class Store:
    """The folder of an evaluation."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def begin(self, manifest: Manifest) -> None:
        """Make the folder of a new evaluation.

        Raises:
            RunError: there is one already, or it cannot be written.
        """
        if (self.folder / _MANIFEST).exists():
            raise RunError(f"{self.folder} holds an evaluation already: choose another folder, or --resume it")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.write_manifest(manifest)
        except OSError as error:
            raise RunError(f"{self.folder} cannot be written: {error.strerror}") from error

    def write_manifest(self, manifest: Manifest) -> None:
        """Write what was run, whole or not at all."""
        _write(self.folder / _MANIFEST, MANIFEST.dump_json(manifest, indent=1))

    def manifest(self) -> Manifest:
        """What was run.

        Raises:
            RunError: there is no evaluation here, or its manifest is damaged.
        """
        path = self.folder / _MANIFEST
        try:
            return MANIFEST.validate_json(path.read_bytes())
        except OSError as error:
            raise RunError(f"{self.folder} holds no evaluation: {path.name} cannot be read") from error
        except ValidationError as error:
            raise RunError(f"{path}: {first_problem(error)}") from error

    def folder_of(self, episode: EpisodeId) -> Path:
        """Where an episode is recorded."""
        return self.folder / "episodes" / episode.path

    def clear(self, episode: EpisodeId) -> None:
        """Remove what an attempt left that did not come to an end."""
        shutil.rmtree(self.folder_of(episode), ignore_errors=True)

    def write(self, record: Record) -> None:
        """Write down that an episode is over.

        Raises:
            RunError: it cannot be written, such as on a full disk.
        """
        folder = self.folder_of(record.id)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _write(folder / _RECORD, RECORD.dump_json(record, indent=1))
        except OSError as error:
            raise RunError(f"{folder} cannot be written: {error.strerror}") from error

    def record(self, episode: EpisodeId) -> Record | None:
        """The record of an episode; None while it is not over.

        Raises:
            RunError: it is damaged.
        """
        path = self.folder_of(episode) / _RECORD
        try:
            return RECORD.validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise RunError(f"{path} cannot be read: {error.strerror}") from error
        except ValidationError as error:
            raise RunError(f"{path}: {first_problem(error)}") from error

    def records(self, episodes: Iterable[EpisodeId]) -> tuple[Record, ...]:
        """The records of those of `episodes` that are over, in that order."""
        found = (self.record(episode) for episode in episodes)
        return tuple(record for record in found if record is not None)

    def write_json(self, name: str, value: object) -> Path:
        """Write a result beside the manifest.

        Raises:
            RunError: it cannot be written.
        """
        return self.write_text(name, json.dumps(value, indent=1, ensure_ascii=False))

    def write_text(self, name: str, text: str) -> Path:
        """Write a result beside the manifest.

        Raises:
            RunError: it cannot be written.
        """
        path = self.folder / name
        try:
            _write(path, text.encode())
        except OSError as error:
            raise RunError(f"{path} cannot be written: {error.strerror}") from error
        return path


def _write(path: Path, data: bytes) -> None:
    unfinished = path.with_name(path.name + ".part")
    with unfinished.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
