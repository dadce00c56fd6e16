"""Reports the downloads of a browser window: the new files in its download folder."""

import stat
from contextlib import suppress
from pathlib import Path

from ...env import Fact
from ..page.downloads import downloaded_fact

_UNFINISHED = (".crdownload", ".tmp")


class DownloadFolder:
    """Reports files that were added to `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known = self._files()

    def take_facts(self) -> tuple[Fact, ...]:
        """A fact for each file that was completed since the last call."""
        files = self._files()
        new = sorted(name for name, size in files.items() if self._known.get(name) != size)
        self._known = files
        return tuple(downloaded_fact(name, files[name]) for name in new)

    def _files(self) -> dict[str, int]:
        """Sizes by name. Chromium creates an empty file to reserve the name of an unfinished download."""
        found: dict[str, int] = {}
        with suppress(OSError):
            for file in self._folder.iterdir():
                found_file = file.lstat()  # the browser may have left a link
                size = found_file.st_size if stat.S_ISREG(found_file.st_mode) else 0
                if size and not file.name.startswith(".") and file.suffix not in _UNFINISHED:
                    found[file.name] = size
        return found
