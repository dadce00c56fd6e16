"""An evaluation on disk.

    RUN/manifest.json                    the settings and versions
    RUN/.lock                            the process that runs it
    RUN/episodes/TASK/SEED/              an episode's log and screenshots, as in any recorded run
    RUN/episodes/TASK/SEED/episode.json  its record, written when the episode is over

Records are written atomically, so that after a crash every episode is either complete or still to be run. The
folder may come from someone else: nothing outside it is read, written or removed.
"""

import shutil
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from screenwright._files import MIB, check_inside, read_file, write_file

from ...agent.core.validation import first_problem
from ...agent.record.lock import lock_folder
from ...agent.record.trajectory import RunError
from .manifest import MANIFEST, Manifest
from .plan import EpisodeId
from .record import RECORD, VERDICT, Record, Verdict

_MANIFEST = "manifest.json"
_RECORD = "episode.json"
_MAX_MANIFEST_BYTES = 256 * MIB

T = TypeVar("T", Record, Verdict)


class Store:
    """The folder of an evaluation."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def lock(self) -> Generator[None]:
        """Keep other processes from running this evaluation.

        Raises:
            RunError: another process is running it, or the folder cannot be written.
        """
        try:
            self.folder.mkdir(0o700, parents=True, exist_ok=True)
            file = lock_folder(self.folder)
        except OSError as error:
            raise RunError(f"{self.folder} cannot be written: {error.strerror}") from error
        with file:
            yield

    def create(self, manifest: Manifest) -> None:
        """Create the folder of a new evaluation.

        Raises:
            RunError: the folder contains an evaluation already, cannot be written, or has a name that is not Unicode.
        """
        self._check_new()
        try:
            data = MANIFEST.dump_json(manifest, indent=1)
        except PydanticSerializationError as error:
            raise RunError("the name of a folder is not valid UTF-8: choose another --out or --root") from error
        with self.lock():
            self._check_new()
            self._write(self.folder / _MANIFEST, data)

    def _check_new(self) -> None:
        if (self.folder / _MANIFEST).exists():
            raise RunError(f"{self.folder} already contains an evaluation: choose another folder, or --resume it")

    def write_manifest(self, manifest: Manifest) -> None:
        """Write the manifest.

        Raises:
            RunError: it cannot be written.
        """
        self._write(self.folder / _MANIFEST, MANIFEST.dump_json(manifest, indent=1))

    def manifest(self) -> Manifest:
        """Read the manifest.

        Raises:
            RunError: there is no evaluation, or its manifest is damaged.
        """
        path = self.folder / _MANIFEST
        try:
            return MANIFEST.validate_json(read_file(path, _MAX_MANIFEST_BYTES, inside=self.folder))
        except OSError as error:
            raise RunError(f"{self.folder} contains no evaluation: {path.name}: {error.strerror}") from error
        except ValidationError as error:
            raise RunError(f"{path}: {first_problem(error)}") from error

    @property
    def episodes(self) -> Path:
        """The folder of all recordings."""
        return self.folder / "episodes"

    def folder_of(self, episode: EpisodeId) -> Path:
        """The folder of an episode's recording."""
        return self.episodes / episode.path

    def clear(self, episode: EpisodeId) -> None:
        """Remove the files of an incomplete attempt.

        Raises:
            RunError: a symbolic link leads out of the evaluation.
        """
        folder = self.folder_of(episode)
        try:
            check_inside(folder, self.folder)
        except OSError as error:
            raise RunError(f"{folder} is not removed: {error.strerror}") from error
        shutil.rmtree(folder, ignore_errors=True)

    def write(self, record: Record) -> None:
        """Write the record of a finished episode.

        Raises:
            RunError: it cannot be written, for example on a full disk.
        """
        folder = self.folder_of(record.id)
        try:
            folder.mkdir(0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(f"{folder} cannot be written: {error.strerror}") from error
        self._write(folder / _RECORD, RECORD.dump_json(record, indent=1))

    def record(self, episode: EpisodeId) -> Record | None:
        """The record of an episode; None if it is not finished.

        Raises:
            RunError: the record is damaged.
        """
        return next(self._read((episode,), RECORD), None)

    def records(self, episodes: Iterable[EpisodeId]) -> tuple[Record, ...]:
        """The records of the finished ones among `episodes`, in that order. Raises as `record`."""
        return tuple(self._read(episodes, RECORD))

    def judged(self, episodes: Iterable[EpisodeId]) -> frozenset[EpisodeId]:
        """The finished ones among `episodes` that count. Raises as `record`."""
        return frozenset(verdict.id for verdict in self._read(episodes, VERDICT) if verdict.done is not None)

    def _read(self, episodes: Iterable[EpisodeId], kind: TypeAdapter[T]) -> Iterator[T]:
        """The records of `episodes`, or parts of them. There may be many, so a folder is checked once."""
        root, folders = self.episodes, dict[str, Path]()
        for episode in episodes:
            path = Path(f"{root}/{episode.path}/{_RECORD}")
            try:
                if episode.task not in folders:
                    check_inside(root / episode.task, self.folder)
                    folders[episode.task] = root / episode.task
                record = kind.validate_json(read_file(path, inside=folders[episode.task]))
            except FileNotFoundError:
                continue
            except OSError as error:
                raise RunError(f"{path} cannot be read: {error.strerror}") from error
            except ValidationError as error:
                raise RunError(f"{path}: {first_problem(error)}") from error
            if record.id != episode:
                raise RunError(f"{path} is the record of another episode, {record.id.path}")
            yield record

    def write_text(self, name: str, text: str) -> None:
        """Write a result file next to the manifest.

        Raises:
            RunError: it cannot be written.
        """
        self._write(self.folder / name, text.encode())

    def _write(self, path: Path, data: bytes) -> None:
        try:
            write_file(path, data, inside=self.folder)
        except OSError as error:
            raise RunError(f"{path} cannot be written: {error.strerror}") from error
