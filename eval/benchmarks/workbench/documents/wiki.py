"""Pages of a Zim notebook: their text without the headers that the program writes."""

from dataclasses import dataclass, replace
from pathlib import Path

from screenwright._files import read_text_file

from .document import MAX_BYTES, first_difference, target, unreadable

_HEADERS = "Content-Type: text/x-zim-wiki\nWiki-Format: zim 0.6\nCreation-Date: 2026-03-02T09:00:00+01:00\n\n"


@dataclass(frozen=True, slots=True)
class WikiPage:
    """A page by its lines; the first is its heading. Empty lines do not matter."""

    path: str
    heading: str
    lines: tuple[str, ...]

    def having(self, *lines: str) -> "WikiPage":
        """A copy with other lines."""
        return replace(self, lines=lines)

    def write(self, home: Path) -> None:
        """See `Document`."""
        lines = "\n".join(self.lines)
        target(home, self.path).write_text(f"{_HEADERS}====== {self.heading} ======\n{lines}\n", encoding="utf-8")

    def problems(self, home: Path) -> list[str]:
        """See `Document`."""
        try:
            text = read_text_file(home / self.path, MAX_BYTES)
        except (OSError, UnicodeDecodeError) as error:
            return [unreadable(self.path, error)]
        body = text.partition("\n\n")[2] if text.startswith("Content-Type:") else text
        found = [line.rstrip() for line in body.split("\n") if line.strip() and not line.startswith("Created ")]
        wanted = [f"====== {self.heading} ======", *self.lines]
        return [f"{self.path}: {one}" for one in first_difference(wanted, found, "line")]
