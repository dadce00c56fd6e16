"""Finding Chromium, and starting it."""

import os
import shutil
import sys
from pathlib import Path

from playwright.async_api import BrowserContext, Playwright, ViewportSize

from ..env import EnvUnavailable
from ..geometry import Size
from .settings import BrowserSettings

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
)


async def launch(
    playwright: Playwright, viewport: Size, scale: float, headless: bool, settings: BrowserSettings
) -> tuple[BrowserContext, str]:
    """A fresh browser with no tabs of ours yet, and its version.

    Raises:
        EnvUnavailable: there is no Chromium to start.
    """
    chromium = playwright.chromium
    program = find_chromium(Path(chromium.executable_path), settings.executable)
    size = ViewportSize(width=viewport.width, height=viewport.height)
    # Ctrl-C is for our caller to see; it must not take the browser down under a run that wants to end in order.
    if settings.profile is not None:
        context = await chromium.launch_persistent_context(
            settings.profile,
            executable_path=program,
            headless=headless,
            args=switches(settings.switches),
            handle_sigint=False,
            viewport=size,
            device_scale_factor=scale,
            locale=settings.locale,
            timezone_id=settings.timezone,
            color_scheme="dark" if settings.dark else "light",
        )
        return context, context.browser.version if context.browser else ""
    browser = await chromium.launch(
        executable_path=program, headless=headless, args=switches(settings.switches), handle_sigint=False
    )
    context = await browser.new_context(
        viewport=size,
        device_scale_factor=scale,
        locale=settings.locale,
        timezone_id=settings.timezone,
        color_scheme="dark" if settings.dark else "light",
    )
    return context, browser.version


def find_chromium(own: Path, wanted: str | None) -> str:
    """The Chromium to start: the one that is wanted, else Playwright's `own`, else the system's.

    Raises:
        EnvUnavailable: there is none; says how to get one.
    """
    if wanted is not None:
        found = shutil.which(wanted)
        if found is None:
            raise EnvUnavailable(f"there is no browser {wanted!r} to start")
        return found
    if own.exists():
        return str(own)
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
