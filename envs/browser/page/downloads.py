"""Saves downloads to a folder, limits their size, and reports them as facts."""

import asyncio
import re
import shutil
import time
from contextlib import suppress
from pathlib import Path

from playwright.async_api import Download, Error

from ...env import Fact

_POLL_S = 0.5
_LONGEST_NAME = 240
"""Bytes; file systems take 255, and a number may be added."""
_UNSAFE = re.compile(r"[^\w.,()+@ -]")


class Downloads:
    """Saves downloads in `folder`. Unfinished ones are in `parts`, and so are all if there is no `folder`.

    A download that grows beyond `max_bytes`, or fills the disk, is canceled.
    """

    def __init__(self, parts: Path, folder: Path | None, max_bytes: int) -> None:
        self._parts = parts
        self._folder = folder
        self._max_bytes = max_bytes
        self._facts: list[Fact] = []
        self._running: set[asyncio.Task[None]] = set()
        self._taken: set[Path] = set()

    def take_facts(self) -> tuple[Fact, ...]:
        """The events since the last call."""
        facts, self._facts = self._facts, []
        return tuple(facts)

    def start(self, download: Download) -> None:
        """Save `download` in the background."""
        task = asyncio.ensure_future(self._save(download))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def wait(self, within_s: float) -> None:
        """Wait briefly for running downloads, since most are small."""
        if self._running:
            await asyncio.wait(self._running, timeout=within_s)

    async def close(self) -> None:
        """Cancel running downloads."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _save(self, download: Download) -> None:
        name = safe_name(download.suggested_filename)
        started = time.monotonic()
        finished = asyncio.ensure_future(download.path())
        try:
            is_reported = False
            while not (await asyncio.wait([finished], timeout=_POLL_S))[0]:
                if self._size() > self._max_bytes:
                    await download.cancel()
                    self._report_too_large(name)
                    return
                if not is_reported and time.monotonic() - started > 1:
                    is_reported = True
                    self._facts.append(Fact("A download started: {}.", (name,)))
            path = await finished
        except Error:
            self._facts.append(Fact(f"The download of {{}} failed: {await _failure(download)}.", (name,)))
            return
        finally:
            finished.cancel()
        if path.stat().st_size > self._max_bytes:
            path.unlink()
            self._report_too_large(name)
            return
        try:
            # in a thread, since a move to another file system copies the data
            size, file = path.stat().st_size, await asyncio.to_thread(self._move, path, name)
        except OSError as error:
            self._facts.append(Fact(f"The download of {{}} could not be saved: {error.strerror}.", (name,)))
        else:
            self._facts.append(downloaded_fact(file.name, size))

    def _report_too_large(self, name: str) -> None:
        limit = _formatted_size(self._max_bytes)
        self._facts.append(Fact(f"The download of {{}} was canceled: it is larger than {limit}.", (name,)))

    def _move(self, part: Path, name: str) -> Path:
        folder = self._folder or self._parts / "finished"
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
            with suppress(OSError):  # it has just been moved
                total += path.stat().st_size if path.is_file() else 0
        return total


async def _failure(download: Download) -> str:
    with suppress(Error):
        return await download.failure() or "interrupted"
    return "interrupted"


def downloaded_fact(name: str, size: int) -> Fact:
    """The report of a finished download of `size` bytes."""
    return Fact(f"Downloaded {{}} ({_formatted_size(size)}).", (name,))


def safe_name(suggested: str) -> str:
    """`suggested` without folders, control characters and leading dots."""
    name = _UNSAFE.sub("_", suggested.replace("\\", "/").rpartition("/")[2]).strip(". ")
    suffix = Path(name).suffix[:20]
    stem = Path(name).stem.encode()[: _LONGEST_NAME - len(suffix.encode())].decode(errors="ignore")
    return (stem + suffix) or "download"


def _formatted_size(count: int) -> str:
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"
