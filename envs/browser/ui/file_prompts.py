"""The prompts about files: what a page may read, and under which name it may save."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import cast

from playwright.async_api import Error, FileChooser

from screenwright._home import expand_home

from ...config.browser_settings import BrowserSettings
from ...env import Fact
from ..page.downloads import safe_name
from .overlay.overlay import Overlay
from .overlay.panels import CANCEL, Dialog, Field, PanelAnswer, PanelButton
from .page_events import MAX_TEXT

_MAX_FILES = 300
_MAX_ENTRIES = 10_000
"""The most entries of a folder that are looked at."""


class FilePrompts:
    """Shows prompts about files on the overlay; `report` is called with what happened."""

    def __init__(self, overlay: Overlay, settings: BrowserSettings, report: Callable[[Fact], None]) -> None:
        self._overlay = overlay
        self._settings = settings
        self._report = report
        self._chooser: Dialog | None = None

    @property
    def is_choosing(self) -> bool:
        """Whether a file chooser is open."""
        return self._chooser is not None and self._overlay.dialog is self._chooser

    async def choose(self, chooser: FileChooser) -> None:
        """Show a file chooser of a page; without allowed files, cancel it."""
        try:
            wants_folder = bool(await chooser.element.evaluate("input => input.webkitdirectory"))
        except Error:  # its page is gone
            return
        paths = choices_in(self._settings.upload_from, folders=wants_folder)
        if not paths:
            reason = "the upload folders are empty" if self._settings.upload_from else "no upload folder is allowed"
            self._report(Fact(f"The page opened a file chooser. No file was selected: {reason}."))
            await _cancel(chooser)
            return
        multiple = chooser.is_multiple() and not wants_folder
        self._chooser = dialog = Dialog(
            "Select Folder" if wants_folder else "Open Files" if multiple else "Open File",
            "Hold Ctrl to select several files." if multiple else "",
            (PanelButton("Open", "ok"), CANCEL),
            choices=tuple([path.name for path in paths]),
            multiple=multiple,
        )

        async def on_answer(answer: PanelAnswer) -> None:
            chosen = [path for index in answer.chosen if _may_be_uploaded(path := paths[index])]
            if answer.value != "ok" or not chosen:
                await _cancel(chooser)
                return
            with suppress(Error):
                await chooser.set_files(chosen[0] if wants_folder else cast("list[str | Path]", chosen))
            self._report(Fact("Selected for upload: {}.", (", ".join(path.name for path in chosen),)))

        await self._overlay.show(dialog, on_answer)

    async def ask_where_to_save(self, suggested: str) -> str | None:
        """The name under which the page may save a file in the download folder; None if it may not."""
        if self._settings.dialogs == "rule":
            self._report(Fact("The page asked where to save a file. It was declined."))
            return None
        answered: asyncio.Future[PanelAnswer] = asyncio.get_running_loop().create_future()

        async def on_answer(answer: PanelAnswer) -> None:
            answered.set_result(answer)

        name = suggested[:MAX_TEXT] or "untitled.txt"
        await self._overlay.show(
            Dialog("Save File", "", (PanelButton("Save", "ok"), CANCEL), (Field("", name),)), on_answer
        )
        answer = await answered
        return safe_name(answer.fields[0]) if answer.value == "ok" else None


def choices_in(allowed: tuple[str, ...], *, folders: bool) -> list[Path]:
    """The visible files in the folders `allowed`, the newest first; or these `folders` and those in them."""
    found: list[tuple[float, Path]] = []
    for folder in map(expand_home, allowed):
        with suppress(OSError):
            root = folder.resolve()  # the user may name a link
            if folders:
                found.append((root.stat().st_mtime, root))
            for path in islice(root.iterdir(), _MAX_ENTRIES):
                if (path.is_dir() if folders else path.is_file()) and not path.name.startswith("."):
                    found.append((path.stat().st_mtime, path))
    newest = (path for _, path in sorted(found, reverse=True))
    return list(islice(filter(_may_be_uploaded, newest), _MAX_FILES))


def _may_be_uploaded(path: Path) -> bool:
    """Whether a file, or everything in a folder, is what its name says: no symbolic link to something else."""
    if path.is_symlink() or not path.is_dir():
        return path.is_file() and not path.is_symlink()
    entries = list(islice(path.rglob("*"), _MAX_ENTRIES + 1))
    return len(entries) <= _MAX_ENTRIES and not any(entry.is_symlink() for entry in entries)


async def _cancel(chooser: FileChooser) -> None:
    """Let the page know that no file was chosen."""
    with suppress(Error):  # its page is gone
        await chooser.element.dispatch_event("cancel")
