"""Finding Chromium, and the switches it is started with."""

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Playwright

from ..env import EnvUnavailable

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

SWITCHES = (
    # nothing is fetched, reported or updated behind the user's back
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--disable-quic",
    "--metrics-recording-only",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pings",
    # a screen that no one looks at is drawn all the same, at full speed
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-features=Translate,MediaRouter,OptimizationHints,AutofillServerCommunication",
)


def find_chromium(playwright: Playwright, wanted: str | None) -> str:
    """The Chromium to start: the one that is wanted, else Playwright's own, else the system's.

    Raises:
        EnvUnavailable: there is none; says how to get one.
    """
    if wanted is not None:
        found = shutil.which(wanted)
        if found is None:
            raise EnvUnavailable(f"there is no browser {wanted!r} to start")
        return found
    own = playwright.chromium.executable_path
    if Path(own).exists():
        return own
    for program in PROGRAMS:
        found = shutil.which(program)
        if found is not None:
            return found
    raise EnvUnavailable("no Chromium was found: apt-get install chromium, or playwright install chromium")


def runs_as_root() -> bool:
    """Whether this is root on Linux, where Chromium's sandbox refuses to start."""
    return sys.platform == "linux" and os.geteuid() == 0


def switches(extra: tuple[str, ...]) -> list[str]:
    """The command-line switches to start Chromium with. Only root goes without the sandbox."""
    return [*SWITCHES, *(("--no-sandbox",) if runs_as_root() else ()), *extra]
