"""The address of a display."""

import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

_environment = threading.Lock()


@dataclass(frozen=True, slots=True)
class DisplayAddress:
    """An X display and its authority file; both None for the single display of macOS and Windows."""

    name: str | None = None
    authority: str | None = None

    @contextmanager
    def in_environment(self) -> Generator[None]:
        """Set DISPLAY and XAUTHORITY, which X clients read only when they connect."""
        wanted = {"DISPLAY": self.name, "XAUTHORITY": self.authority}
        with _environment:
            before = {name: os.environ.get(name) for name in wanted}
            os.environ.update({name: value for name, value in wanted.items() if value is not None})
            try:
                yield
            finally:
                for name, value in before.items():
                    if value is None:
                        os.environ.pop(name, None)
                    else:
                        os.environ[name] = value
