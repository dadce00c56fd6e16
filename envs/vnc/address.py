"""The address of a VNC server, as viewers write it, and its password."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from ..env import EnvUnavailable

PASSWORD_VARIABLE = "VNC_PASSWORD"  # noqa: S105 -- the name of a variable; TigerVNC's viewer reads the same

_FIRST_PORT = 5900
_DISPLAYS = 100
_LAST_PORT = 65535


@dataclass(frozen=True, slots=True)
class VncAddress:
    """A host and port, or the path of a Unix socket."""

    host: str = ""
    port: int = 0
    path: str = ""

    @classmethod
    def parse(cls, text: str) -> "VncAddress":
        """Read `host`, `host:5901`, `host:1` (numbers below 100 are displays), `[::1]:5901` or `/path/of/socket`.

        Raises:
            ValueError: `text` is none of these.
        """
        if text.startswith("/"):
            return cls(path=text)
        found = re.fullmatch(r"(?P<host>\[[0-9a-fA-F:.%]+\]|[^\s:/\[\]]+)(?:::?(?P<number>\d{1,5}))?", text)
        number = int(found["number"] or 0) if found else _LAST_PORT + 1
        if found is None or number > _LAST_PORT:
            raise ValueError(f"{text!r} is not the address of a VNC server, such as 127.0.0.1:5901 or 127.0.0.1:1")
        return cls(found["host"].strip("[]"), number if number >= _DISPLAYS else _FIRST_PORT + number)

    def __str__(self) -> str:
        if self.path:
            return self.path
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_password(file: str | None) -> str | None:
    """Read the password: the first line of `file`, if given, else the variable VNC_PASSWORD; None if neither is set.

    Raises:
        EnvUnavailable: the file cannot be read.
    """
    if file is None:
        return os.environ.get(PASSWORD_VARIABLE)
    try:
        return Path(file).read_text(encoding="utf-8-sig").partition("\n")[0].rstrip("\r")
    except UnicodeDecodeError as error:
        raise EnvUnavailable(f"{file} is not a text file: write the password into it on one line") from error
    except OSError as error:
        raise EnvUnavailable(f"{file}: {error.strerror}") from error
