"""Finding Chromium, and starting it."""

import os
import shutil
import sys
from pathlib import Path
from typing import TypedDict

from playwright.async_api import Error, Page, Playwright, ProxySettings, ViewportSize

from ...env import EnvUnavailable
from ...geometry import Size
from .attach import AttachedContext, Context, attach
from .engines import launch_engine, overlay_browser
from .identity import check_profile, context_options, proxy_of
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
) -> tuple[Context, str]:
    """A fresh browser with no tabs of ours yet, whose pages are of the size `page` in CSS pixels, and its version.

    It writes what it downloads to the folder `downloads`.

    Raises:
        EnvUnavailable: there is no Chromium to start, no display for its window, or its profile is in use.
    """
    chromium = playwright.chromium
    if settings.cdp is not None:
        find_chromium(Path(chromium.executable_path), None)  # dialogs will be drawn in one of our own
        return await attach(playwright, settings.cdp, page, view)
    if not view.headless:
        check_display()
    if settings.engine != "chromium":
        return await launch_engine(playwright, page, view, settings, downloads)
    program = find_chromium(Path(chromium.executable_path), settings.executable)
    options = context_options(page, view, settings)
    if settings.profile is not None:
        check_profile(Path(settings.profile))
        try:
            context = await chromium.launch_persistent_context(
                settings.profile, **_starting(program, view.headless, settings, downloads), **options
            )
        except Error:
            check_profile(Path(settings.profile))  # somebody else may just have taken it
            raise
        if settings.storage_state is not None:
            await context.set_storage_state(settings.storage_state)
        return context, context.browser.version if context.browser else ""
    browser = await chromium.launch(**_starting(program, view.headless, settings, downloads))
    return await browser.new_context(**options, storage_state=settings.storage_state), browser.version


class _Starting(TypedDict):
    executable_path: str
    headless: bool
    args: list[str]
    ignore_default_args: list[str]
    handle_sigint: bool
    chromium_sandbox: bool
    downloads_path: Path
    proxy: ProxySettings | None


def _starting(program: str, headless: bool, settings: BrowserSettings, downloads: Path) -> _Starting:
    """What Chromium is started with, whether it keeps a profile or not."""
    return _Starting(
        executable_path=program,
        headless=headless,
        args=switches(settings.switches),
        ignore_default_args=UNWANTED,
        handle_sigint=False,  # Ctrl-C is for our caller to see; a run that wants to end in order keeps its browser
        chromium_sandbox=not runs_as_root(),  # Playwright goes without one unless it is told otherwise
        downloads_path=downloads,
        proxy=proxy_of(settings),
    )


async def overlay_page(playwright: Playwright, context: Context, view: View, settings: BrowserSettings) -> Page:
    """A page in a context of its own, for the overlay: in the same browser where no person sees its windows."""
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


def check_display() -> None:
    """Refuse a window where there is nothing to show it on.

    Raises:
        EnvUnavailable: there is no display; says what to do.
    """
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise EnvUnavailable("a browser with a window needs a display, and $DISPLAY is not set: go without --headed")


def runs_as_root() -> bool:
    """Whether this is root on Linux, where Chromium's sandbox refuses to start."""
    return sys.platform == "linux" and os.geteuid() == 0


def sandbox(settings: BrowserSettings) -> str:
    """Whether the browser keeps its pages from the machine, in words."""
    if settings.cdp is not None or settings.engine != "chromium":
        return "as the browser has it"
    if runs_as_root():
        return "off, since root cannot have it"
    return "off, by a switch" if "--no-sandbox" in settings.switches else "on"


def switches(extra: tuple[str, ...]) -> list[str]:
    """The command-line switches to start Chromium with. Only root goes without the sandbox."""
    return [*SWITCHES, *(("--no-sandbox",) if runs_as_root() else ()), *extra]
