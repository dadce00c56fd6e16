"""Finding Chromium, and starting it."""

import os
import shutil
import sys
from pathlib import Path

from playwright.async_api import BrowserContext, Page, Playwright, ViewportSize

from ..env import EnvUnavailable
from ..geometry import Size
from .settings import BrowserSettings, View

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

UNWANTED = ["--hide-scrollbars"]
"""What Playwright adds, and a person would miss: a page that goes on shows it by its scroll bar."""


async def launch(
    playwright: Playwright, page: Size, view: View, settings: BrowserSettings, downloads: Path
) -> tuple[BrowserContext, str]:
    """A fresh browser with no tabs of ours yet, whose pages are of the size `page` in CSS pixels, and its version.

    It writes what it downloads to the folder `downloads`.

    Raises:
        EnvUnavailable: there is no Chromium to start.
    """
    chromium = playwright.chromium
    program = find_chromium(Path(chromium.executable_path), settings.executable)
    size = ViewportSize(width=page.width, height=page.height)
    # Ctrl-C is for our caller to see; it must not take the browser down under a run that wants to end in order.
    if settings.profile is not None:
        context = await chromium.launch_persistent_context(
            settings.profile,
            executable_path=program,
            headless=view.headless,
            args=switches(settings.switches),
            ignore_default_args=UNWANTED,
            handle_sigint=False,
            downloads_path=downloads,
            viewport=size,
            device_scale_factor=view.scale,
            locale=settings.locale,
            timezone_id=settings.timezone,
            color_scheme="dark" if settings.dark else "light",
        )
        return context, context.browser.version if context.browser else ""
    browser = await chromium.launch(
        executable_path=program,
        headless=view.headless,
        args=switches(settings.switches),
        ignore_default_args=UNWANTED,
        handle_sigint=False,
        downloads_path=downloads,
    )
    context = await browser.new_context(
        viewport=size,
        device_scale_factor=view.scale,
        locale=settings.locale,
        timezone_id=settings.timezone,
        color_scheme="dark" if settings.dark else "light",
    )
    return context, browser.version


async def overlay_page(playwright: Playwright, context: BrowserContext, view: View, settings: BrowserSettings) -> Page:
    """A page in a context of its own, for the overlay: in the same browser where no person sees its windows."""
    browser = context.browser
    if browser is None or not view.headless:
        program = find_chromium(Path(playwright.chromium.executable_path), settings.executable)
        browser = await playwright.chromium.launch(executable_path=program, args=switches(()), handle_sigint=False)
    size = ViewportSize(width=view.screen.width, height=view.screen.height)
    own = await browser.new_context(
        viewport=size, device_scale_factor=view.scale, reduced_motion="reduce", offline=True
    )
    return await own.new_page()


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
