"""Settings that the user did not name: those of the current folder's file, and of a run or evaluation to continue.

Such a file may come from someone else, with a repository or a download. Settings in `HARMLESS` are used; any other is
shown and asked about once, and the answer is remembered by the path and the content of the file. What this user's own
runs and evaluations record is remembered when it is written, so that only a changed or foreign one asks.
"""

import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from screenwright._files import write_file
from screenwright._home import state_folder

from .terminal import Terminal

HARMLESS = frozenset(
    {
        *("screen", "scale", "headed", "dark", "locale", "timezone", "tab_strip"),
        *("prompt", "thoughts", "language", "history", "temperature", "top_p", "max_tokens"),
        *("image_format", "max_image_pixels", "long_edge", "image_uuids", "constrain"),
        *("task", "category", "price"),
    }
)
"""Settings that a file may set without asking: they choose nothing that is started, opened, contacted, read, written or
allowed, and make a run neither longer nor less careful."""

NEVER = frozenset({"rules"})
"""Settings that such a file may not set at all: what the agent may do is for the user to say."""

_NAMES_SHOWN = 6


class NotTrusted(ValueError):
    """The settings of a file may not be used; the message is one line that says how to allow them."""


@dataclass(frozen=True, slots=True)
class FoundSettings:
    """Settings found in the file `path`. `named_by` are the flags with which the user names it, and so allows them."""

    path: Path
    content: bytes
    named_by: str

    def confirm(self, values: Mapping[str, object]) -> None:
        """Ask whether these `values` may be used, unless the file is trusted already.

        Raises:
            NotTrusted: the user declines, or there is no one to ask.
        """
        if not values or self.is_trusted:
            return
        names = ", ".join([*values][:_NAMES_SHOWN]) + (", ..." if len(values) > _NAMES_SHOWN else "")
        if not sys.stdin.isatty():
            raise NotTrusted(f"{self.path} sets {names}, which has to be allowed: {self.named_by}")
        terminal = Terminal()
        terminal.line(f"{self.path} is used here for the first time, or has changed. It sets:")
        for name, value in values.items():
            terminal.line(f"  {name} = {json.dumps(value, default=str)}")
        if not terminal.confirm("Use these settings, now and as long as the file stays as it is?"):
            raise NotTrusted(f"{self.path} sets {names}, which you declined: nothing was done")
        self.trust()

    @property
    def is_trusted(self) -> bool:
        """Whether the user has allowed the file, or wrote it with a command of their own."""
        return self._mark.is_file()

    def trust(self) -> None:
        """Remember that the file may be used as it is; without a writable state folder, it is asked about again."""
        with suppress(OSError):
            self._mark.parent.mkdir(0o700, parents=True, exist_ok=True)
            write_file(self._mark, f"{self.path.resolve()}\n".encode(errors="surrogateescape"))

    @property
    def _mark(self) -> Path:
        path = str(self.path.resolve()).encode(errors="surrogateescape")
        return state_folder() / "trusted" / sha256(path + b"\0" + self.content).hexdigest()
