"""Finds and starts Chromium."""

import os
import shutil
import sys
from pathlib import Path

from playwright.async_api import Error, Page, Playwright, ViewportSize

from ...env import EnvUnavailable
from ...geometry import Size
from .attach import AttachedContext, Context, attach
from .engines import launch_engine, launch_options, overlay_browser, start
from .identity import check_profile, context_options
from .settings import BrowserSettings, View

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

SWITCHES = (
    # no background downloads, reports or updates
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--disable-quic",
    "--metrics-recording-only",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pings",
    # hidden and occluded windows are rendered at full speed
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
)

IGNORED_DEFAULTS = ["--hide-scrollbars"]
"""Playwright's default switches that we drop: scroll bars show that a page continues."""


async def launch(
    playwright: Playwright, page: Size, view: View, settings: BrowserSettings, downloads: Path
) -> tuple[Context, str]:
    """Start a browser whose pages have the size `page` in CSS pixels; returns its context and its version.

    Downloads go to the folder `downloads`.

    Raises:
        EnvUnavailable: there is no Chromium to start, no display for its window, or its profile is in use.
    """
    chromium = playwright.chromium
    if settings.cdp is not None:
        find_chromium(Path(chromium.executable_path), None)  # the overlay needs a browser of our own
        return await attach(playwright, settings.cdp, page, view)
    if not view.headless:
        check_display()
    if settings.engine != "chromium":
        return await launch_engine(playwright, page, view, settings, downloads)
    program = find_chromium(Path(chromium.executable_path), settings.executable)
    launch = launch_options(program, view.headless, settings, downloads)
    launch["args"] = switches(settings.switches)
    launch["ignore_default_args"] = IGNORED_DEFAULTS
    launch["chromium_sandbox"] = not runs_as_root()  # Playwright's default is no sandbox
    if settings.profile is not None:
        check_profile(Path(settings.profile))
    try:
        return await start(chromium, launch, context_options(page, view, settings), settings)
    except Error:
        if settings.profile is not None:  # another browser may just have locked it
            check_profile(Path(settings.profile))
        raise


async def overlay_page(playwright: Playwright, context: Context, view: View, settings: BrowserSettings) -> Page:
    """A page in a separate context, for the overlay; in a separate browser if the windows of `context` are visible."""
    browser = context.browser
    if browser is None or not view.headless or isinstance(context, AttachedContext):
        if settings.engine != "chromium":
            browser = await overlay_browser(playwright, settings)
        else:
            program = find_chromium(Path(playwright.chromium.executable_path), settings.executable)
            browser = await playwright.chromium.launch(
                executable_path=program, args=switches(()), handle_sigint=False, chromium_sandbox=not runs_as_root()
            )
    size = ViewportSize(width=view.screen.width, height=view.screen.height)
    overlay = await browser.new_context(
        viewport=size, device_scale_factor=view.scale, reduced_motion="reduce", offline=True
    )
    return await overlay.new_page()


def find_chromium(bundled: Path, requested: str | None) -> str:
    """The Chromium to start: the `requested` one, else Playwright's (`bundled`), else the system's.

    Raises:
        EnvUnavailable: there is none; the message says how to install one.
    """
    if requested is not None:
        found = shutil.which(requested)
        if found is None:
            raise EnvUnavailable(f"there is no browser {requested!r}: name an executable file or a program on PATH")
        return found
    if bundled.exists():
        return str(bundled)
    for program in PROGRAMS:
        found = shutil.which(program)
        if found is not None:
            return found
    raise EnvUnavailable("no Chromium was found: apt-get install chromium, or playwright install chromium")


def check_display() -> None:
    """Check that a browser window can be shown.

    Raises:
        EnvUnavailable: there is no display; the message says what to do.
    """
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise EnvUnavailable("a browser window needs a display, and $DISPLAY is not set: leave out --headed")


def runs_as_root() -> bool:
    """Whether this is root on Linux, where Chromium does not start with its sandbox."""
    return sys.platform == "linux" and os.geteuid() == 0


def sandbox(settings: BrowserSettings) -> str:
    """The state of the browser's sandbox, for the record."""
    if settings.cdp is not None or settings.engine != "chromium":
        return "the browser's default"
    if runs_as_root():
        return "off: running as root"
    return "off: --no-sandbox" if "--no-sandbox" in settings.switches else "on"


def switches(extra: tuple[str, ...]) -> list[str]:
    """Chromium's command-line switches, followed by `extra`. The sandbox is off for root only."""
    return [*SWITCHES, *(("--no-sandbox",) if runs_as_root() else ()), *extra]
