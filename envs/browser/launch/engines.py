"""Starts Playwright's browsers; Firefox and WebKit have no DevTools sessions and take no Chromium switches."""

import asyncio
import os
import sys
from pathlib import Path
from typing import NotRequired, TypedDict

from playwright.async_api import BrowserType, Error, Page, Playwright, ProxySettings, ViewportSize

from ...config.browser_settings import BrowserSettings
from ...env import EnvUnavailable
from ...geometry import Size
from .attach import AttachedContext, Context, attach
from .certificates import certificate_switches
from .chromium import find_chromium, headless_switches, runs_as_root, switches
from .environment import BrowserSurroundings
from .identity import check_profile, context_options, proxy_of
from .view import View

NAMES = {"chromium": "Chromium", "firefox": "Firefox", "webkit": "WebKit"}


class LaunchOptions(TypedDict):
    """The options that `BrowserType.launch` and `launch_persistent_context` share."""

    executable_path: str
    headless: bool
    handle_sigint: bool
    env: dict[str, str | float | bool]
    args: NotRequired[list[str]]
    ignore_default_args: NotRequired[list[str]]
    chromium_sandbox: NotRequired[bool]
    downloads_path: NotRequired[Path]
    proxy: NotRequired[ProxySettings | None]


async def launch(
    playwright: Playwright, page: Size, view: View, settings: BrowserSettings, surroundings: BrowserSurroundings
) -> tuple[Context, str]:
    """Start a browser whose pages have the size `page` in CSS pixels; returns its context and its version.

    Raises:
        EnvUnavailable: the browser is not installed, there is no display for its window, or its profile is in use.
    """
    if settings.cdp is not None:
        _engine(playwright, settings, surroundings)  # the overlay needs a browser of our own
        return await attach(playwright, settings.cdp, page, view)
    if not view.headless:
        check_display()
    certificates = await asyncio.to_thread(certificate_switches, settings)
    kind, options = _engine(playwright, settings, surroundings, view.headless, (*settings.switches, *certificates))
    options["downloads_path"], options["proxy"] = surroundings.downloads, proxy_of(settings)
    identity = context_options(page, view, settings)
    if settings.profile is None:
        browser = await kind.launch(**options)
        return await browser.new_context(**identity, storage_state=settings.storage_state), browser.version
    check_profile(Path(settings.profile))
    try:
        context = await kind.launch_persistent_context(settings.profile, **options, **identity)
    except Error:
        check_profile(Path(settings.profile))  # another browser may just have locked it
        raise
    if settings.storage_state is not None:
        await context.set_storage_state(settings.storage_state)
    return context, context.browser.version if context.browser else ""


async def overlay_page(
    playwright: Playwright, context: Context, view: View, settings: BrowserSettings, surroundings: BrowserSurroundings
) -> Page:
    """A page in a separate context, for the overlay; in a separate browser if the windows of `context` are visible."""
    browser = context.browser
    if browser is None or not view.headless or isinstance(context, AttachedContext):
        kind, options = _engine(playwright, settings, surroundings)
        browser = await kind.launch(**options)
    size = ViewportSize(width=view.screen.width, height=view.screen.height)
    overlay = await browser.new_context(
        viewport=size, device_scale_factor=view.scale, reduced_motion="reduce", offline=True
    )
    return await overlay.new_page()


def _engine(
    playwright: Playwright,
    settings: BrowserSettings,
    surroundings: BrowserSurroundings,
    headless: bool = True,
    extra_switches: tuple[str, ...] = (),
) -> tuple[BrowserType, LaunchOptions]:
    """The engine, and how to start it.

    Raises:
        EnvUnavailable: it is not installed; the message says how to install it.
    """
    # our caller handles Ctrl-C and needs the browser for an orderly shutdown
    options = LaunchOptions(
        executable_path="", headless=headless, handle_sigint=False, env={**surroundings.environment}
    )
    if settings.engine == "chromium":
        kind = playwright.chromium
        options["executable_path"] = find_chromium(Path(kind.executable_path), settings.executable)
        options["args"] = (headless_switches if headless else switches)(extra_switches)
        options["ignore_default_args"] = ["--hide-scrollbars"]  # scroll bars show that a page continues
        options["chromium_sandbox"] = not runs_as_root()  # Playwright's default is no sandbox
        return kind, options
    # the system's own Firefox does not work: Playwright drives patched builds only
    kind = playwright.firefox if settings.engine == "firefox" else playwright.webkit
    options["executable_path"] = settings.executable or kind.executable_path
    if not os.access(options["executable_path"], os.X_OK):
        raise EnvUnavailable(
            f"Playwright's {NAMES[settings.engine]} is not installed: playwright install --with-deps {settings.engine}"
        )
    return kind, options


def check_display() -> None:
    """Check that a browser window can be shown.

    Raises:
        EnvUnavailable: there is no display; the message says what to do.
    """
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise EnvUnavailable("a browser window needs a display, and $DISPLAY is not set: leave out --headed")
