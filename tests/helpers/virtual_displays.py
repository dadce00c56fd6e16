"""Virtual displays for tests, whose programs find the tests' programs and write into the tests' temporary folders."""

import getpass
import tempfile
from pathlib import Path
from typing import Literal

from screenwright.envs.desktop.virtual.display import VirtualDisplay
from screenwright.envs.desktop.virtual.sandbox.settings import GrantedFolder, Sandbox
from screenwright.envs.geometry import Size

_TESTS = Path(__file__).resolve().parents[1]
_TEMP = Path(tempfile.gettempdir(), f"pytest-of-{getpass.getuser()}")


def tests_sandbox() -> Sandbox:
    """A sandbox with the folders of the tests."""
    _TEMP.mkdir(0o700, exist_ok=True)
    return Sandbox(folders=(GrantedFolder(_TESTS), GrantedFolder(_TEMP, writable=True)))


def virtual_display(
    size: Size = Size(1280, 720), programs: tuple[tuple[str, ...], ...] = (), watch: Literal["", "view", "control"] = ""
) -> VirtualDisplay:
    """A virtual display with the folders of the tests."""
    return VirtualDisplay(size, programs, watch=watch, sandbox=tests_sandbox())
