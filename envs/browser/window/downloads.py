"""Downloads of a browser that is not asked: what has appeared in the folder that they go to."""

from contextlib import suppress
from pathlib import Path

_UNFINISHED = (".crdownload", ".tmp")


class DownloadFolder:
    """Tells of files that came into `folder` since it was looked at last."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known = self._files()

    def take_facts(self) -> tuple[str, ...]:
        """A sentence on each file that is new and whole."""
        files = self._files()
        new = sorted(name for name, size in files.items() if self._known.get(name) != size)
        self._known = files
        return tuple(f"Downloaded {name} ({files[name]} bytes)." for name in new)

    def _files(self) -> dict[str, int]:
        """Sizes by name. Chromium makes an empty file at first to hold the name of one that is still coming in."""
        found: dict[str, int] = {}
        with suppress(OSError):
            for file in self._folder.iterdir():
                size = file.stat().st_size if file.is_file() else 0
                if size and not file.name.startswith(".") and file.suffix not in _UNFINISHED:
                    found[file.name] = size
        return found
