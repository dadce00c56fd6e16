"""Files that the first start of a program makes slowly, kept for later starts in this process."""

from pathlib import Path

from .documents.document import target
from .template import App


class PreparedFiles:
    """The content of the `prepared` files of programs, by their names."""

    def __init__(self) -> None:
        self._files: dict[str, dict[str, bytes]] = {}

    def keep(self, app: App, home: Path) -> None:
        """Keep the files of a program that has started in `home`, unless they are known."""
        if app.name not in self._files:
            found = {path: (home / path).read_bytes() for path in app.prepared if (home / path).is_file()}
            if len(found) == len(app.prepared):
                self._files[app.name] = found

    def copy(self, app: App, home: Path) -> None:
        """Write the files that are known to a new home."""
        for path, content in self._files.get(app.name, {}).items():
            target(home, path).write_bytes(content)
