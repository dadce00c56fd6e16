"""Downloads: kept in a folder, told of, and not let grow without end."""

import asyncio
import re
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from playwright.async_api import Download, Error

_POLL_S = 0.5
_LONGEST_NAME = 120
_UNSAFE = re.compile(r"[^\w.,()+@ -]")


class Downloads:
    """Keeps what pages download in `folder`, a temporary one by default, which is removed in the end.

    A download that grows beyond `most_bytes`, or fills the disk, is called off.
    """

    def __init__(self, folder: Path | None, most_bytes: int) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._parts = Path(tempfile.mkdtemp(prefix="screenwright-downloads-"))
        self._facts: list[str] = []
        self._running: set[asyncio.Task[None]] = set()
        self._taken: set[Path] = set()

    @property
    def parts(self) -> Path:
        """Where the browser writes what is still coming in."""
        return self._parts

    def take_facts(self) -> tuple[str, ...]:
        """What happened since the last call, in sentences."""
        facts, self._facts = self._facts, []
        return tuple(facts)

    def begin(self, download: Download) -> None:
        """A page began `download`."""
        task = asyncio.ensure_future(self._keep(download))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def rest(self, within_s: float) -> None:
        """Give what is coming in a moment to arrive: most downloads are small."""
        if self._running:
            await asyncio.wait(self._running, timeout=within_s)

    async def close(self) -> None:
        """Call off what has not arrived."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        shutil.rmtree(self._parts, ignore_errors=True)

    async def _keep(self, download: Download) -> None:
        name = _safe_name(download.suggested_filename)
        began = time.monotonic()
        arriving = asyncio.ensure_future(download.path())
        try:
            told = False
            while not (await asyncio.wait([arriving], timeout=_POLL_S))[0]:
                if self._size() > self._most_bytes:
                    await download.cancel()
                    self._too_large(name)
                    return
                if not told and time.monotonic() - began > 1:
                    told = True
                    self._facts.append(f"A download began: {name}.")
            path = await arriving
        except Error:
            self._facts.append(f"The download of {name} failed: {await _failure(download)}.")
            return
        finally:
            arriving.cancel()
        if path.stat().st_size > self._most_bytes:
            path.unlink()
            self._too_large(name)
            return
        try:
            size, kept = path.stat().st_size, await asyncio.to_thread(self._place, path, name)
        except OSError as error:
            self._facts.append(f"The download of {name} could not be kept: {error.strerror}.")
        else:
            self._facts.append(f"A file was downloaded: {kept.name} ({_size(size)}).")

    def _too_large(self, name: str) -> None:
        self._facts.append(f"The download of {name} was called off: it is over {_size(self._most_bytes)}.")

    def _place(self, part: Path, name: str) -> Path:
        folder = self._folder or self._parts / "kept"
        folder.mkdir(parents=True, exist_ok=True)
        stem, suffix = Path(name).stem, Path(name).suffix
        target, count = folder / name, 1
        while target.exists() or target in self._taken:
            target, count = folder / f"{stem} ({count}){suffix}", count + 1
        self._taken.add(target)
        shutil.move(part, target)
        return target

    def _size(self) -> int:
        total = 0
        for path in self._parts.glob("*"):
            with suppress(OSError):  # it has just been moved away
                total += path.stat().st_size if path.is_file() else 0
        return total


async def _failure(download: Download) -> str:
    with suppress(Error):
        return await download.failure() or "it broke off"
    return "it broke off"


def _safe_name(suggested: str) -> str:
    """A file name without folders, control characters, and names that hide the file."""
    name = _UNSAFE.sub("_", suggested.replace("\\", "/").rpartition("/")[2]).strip(". ")
    stem, suffix = Path(name).stem[: _LONGEST_NAME - 20], Path(name).suffix[:20]
    return (stem + suffix) or "download"


def _size(count: int) -> str:
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"
