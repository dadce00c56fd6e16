"""Opens the programs of an instance on a virtual desktop in a sandbox without a network."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ....envs.desktop import DesktopEnv, Sandbox, VirtualDisplay
from ....envs.desktop.virtual.sandbox.settings import SandboxMode
from ....envs.geometry import Size

if TYPE_CHECKING:
    from .template import Job

SCREEN = Size(1280, 720)
_HOME = Path("/home/worker")
"""Where the programs of a sandbox have their home: they show its path, which is to be that of every other episode."""


@contextmanager
def open_desktop(home: Path, job: "Job", sandbox: str) -> Generator[DesktopEnv]:
    """A virtual display with the open programs of `job`, which see `home` and a read-only system."""
    windows = tuple(window.command(home) for window in job.web)
    has_own_paths = job.web or sandbox != "require"  # servers of web applications are given paths below `home`
    moved = None if has_own_paths else _HOME
    programs = windows + tuple(
        tuple(f"{moved or home}/{word[2:]}" if word.startswith("~/") else word for word in program)
        for program in job.open
    )
    mode = Sandbox(cast("SandboxMode", sandbox), home_at=moved)
    display = VirtualDisplay(SCREEN, programs=programs, home=home, sandbox=mode)
    with DesktopEnv(virtual=display) as env:
        env.observe()  # opens it, so that starting the programs is part of the set-up
        yield env
