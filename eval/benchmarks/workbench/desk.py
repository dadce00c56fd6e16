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


@contextmanager
def open_desktop(home: Path, job: "Job", sandbox: str) -> Generator[DesktopEnv]:
    """A virtual display with the open programs of `job`, which see `home` and a read-only system."""
    windows = tuple(window.command(home) for window in job.web)
    programs = windows + tuple(
        tuple(f"{home}/{word[2:]}" if word.startswith("~/") else word for word in program) for program in job.open
    )
    display = VirtualDisplay(SCREEN, programs=programs, home=home, sandbox=Sandbox(cast("SandboxMode", sandbox)))
    with DesktopEnv(virtual=display) as env:
        env.observe()  # opens it, so that starting the programs is part of the set-up
        yield env
