"""What programs in the sandbox are granted."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self, TypeAlias

from screenwright._home import expand_home

SandboxMode: TypeAlias = Literal["auto", "require", "off"]

OPENS_THE_MACHINE = ("/", "/dev", "/proc", "/run", "/sys", "/tmp", "/tmp/.X11-unix", "/var/run")  # noqa: S108
"""Folders with the sockets, devices and processes of the machine, such as those of other displays."""


@dataclass(frozen=True, slots=True)
class GrantedFolder:
    """A folder of this machine that programs in the sandbox can read, and write to if `writable`."""

    path: Path
    writable: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `PATH` or `PATH:rw`; a relative path starts in the current folder.

        Raises:
            ValueError: there is no such folder, or it may not be granted; one line.
        """
        name = text.removesuffix(":rw")
        path = Path(os.path.abspath(expand_home(name)))  # noqa: PTH100 -- programs use it as it is written
        if not path.is_dir():
            raise ValueError(f"is {text!r}, but there is no folder {path}")
        if {str(path), str(path.resolve())} & {*OPENS_THE_MACHINE}:
            raise ValueError(f"is {text!r}, but {path} would open the sandbox: name a folder in it")
        return cls(path, writable=name != text)


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Run the programs of a virtual display in a sandbox: bubblewrap, on Linux with user namespaces.

    Attributes:
        mode: `require` fails where it is not possible, `auto` runs without one there, `off` always does.
        folders: What programs can reach of this machine's files, besides the read-only system.
        network: Give them a network, without the loopback of this machine; needs slirp4netns.
        home_at: Where programs find their home, such as `/home/user`, and their runtime folder below `/run/user`; None
            for the paths on this machine. It needs a sandbox.
    """

    mode: SandboxMode = "auto"
    folders: tuple[GrantedFolder, ...] = ()
    network: bool = False
    home_at: Path | None = None

    def describe(self, unavailable: str, named: tuple[Path, ...] = ()) -> str:
        """For the record: what it is where sandboxes are `unavailable` for that reason; programs name paths."""
        if self.mode == "off" or unavailable:
            return f"off: {unavailable or '--sandbox off'}"
        granted = [f"{folder.path}{':rw' if folder.writable else ''}" for folder in self.folders]
        return ", ".join(["on", *granted, *map(str, named), *(["network"] if self.network else [])])
