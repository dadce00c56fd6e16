"""Reads the archive of a run, which someone else may have made: as data, of limited size, and never onto the disk.

events.jsonl          the events of the run
images/<sha256>.png   its screenshots
bundle.json           versions and the checks of `screenwright doctor`
settings.toml         the settings, without secrets
"""

import re
import stat
import zipfile
import zlib
from pathlib import Path
from typing import NoReturn

from screenwright._files import MIB, FileRefused

MAX_BYTES = 512 * MIB
MAX_FILES = 20_000
EVENTS, INFO, SETTINGS = "events.jsonl", "bundle.json", "settings.toml"
DIVERGENCE = "diverged.png"
"""In the folder of a replay: the recorded screen and the one on which it ended; not part of an archive."""

_NAME = re.compile(r"images/[0-9a-f]{64}\.png")
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 1


class RunArchive:
    """An archive with a run.

    Raises:
        OSError: it cannot be read. `FileRefused`: it is no such archive, or is too large.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            self._refuse("is not a regular file")
        if path.stat().st_size > MAX_BYTES:
            self._refuse(f"is larger than {MAX_BYTES // MIB} MiB")
        with self._open() as archive:
            self._members = {info.filename: info for info in archive.infolist()}
            if len(archive.infolist()) != len(self._members) or len(self._members) > MAX_FILES:
                self._refuse("is not the bundle of a run: it has too many files, or one of them twice")
        for info in self._members.values():
            self._check(info)
        if sum(info.file_size for info in self._members.values()) > MAX_BYTES:
            self._refuse(f"is larger than {MAX_BYTES // MIB} MiB when it is unpacked")

    def read(self, name: str, max_bytes: int) -> bytes:
        """The content of the file `name` in it.

        Raises:
            FileNotFoundError: it has no such file.
            OSError: it cannot be read, or is too large.
        """
        if name not in self._members:
            raise FileNotFoundError(0, f"has no {name}", str(self.path))
        try:
            with self._open() as archive, archive.open(self._members[name]) as file:
                data = file.read(max_bytes + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise FileRefused(self.path, f"is damaged at {name}") from error
        if len(data) > max_bytes:
            self._refuse(f"has a {name} larger than {max_bytes // MIB} MiB")
        return data

    def _open(self) -> zipfile.ZipFile:
        try:
            return zipfile.ZipFile(self.path)
        except (zipfile.BadZipFile, UnicodeDecodeError, ValueError, NotImplementedError) as error:
            raise FileRefused(self.path, "is neither the folder of a run nor a bundle") from error

    def _check(self, info: zipfile.ZipInfo) -> None:
        if info.filename not in (EVENTS, INFO, SETTINGS) and not _NAME.fullmatch(info.filename):
            self._refuse(f"is not the bundle of a run: it has the file {info.filename!r:.80}")
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG) or info.compress_type not in _METHODS or info.flag_bits & _ENCRYPTED:
            self._refuse(f"is not the bundle of a run: {info.filename!r} is a link, or packed in another way")

    def _refuse(self, problem: str) -> NoReturn:
        raise FileRefused(self.path, problem)
