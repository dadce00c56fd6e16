"""Starts Playwright's browsers; Firefox and WebKit have no DevTools sessions and take no Chromium switches."""

from pathlib import Path
from typing import NotRequired, TypedDict

from playwright.async_api import Browser, BrowserContext, BrowserType, Playwright, ProxySettings

from ...env import EnvUnavailable
from ...geometry import Size
from .identity import ContextOptions, context_options, proxy_of
from .settings import BrowserSettings, View

NAMES = {"chromium": "Chromium", "firefox": "Firefox", "webkit": "WebKit"}


class LaunchOptions(TypedDict):
    """The options that `BrowserType.launch` and `launch_persistent_context` share."""

    executable_path: str
    headless: bool
    handle_sigint: bool
    downloads_path: Path
    proxy: ProxySettings | None
    args: NotRequired[list[str]]
    ignore_default_args: NotRequired[list[str]]
    chromium_sandbox: NotRequired[bool]


def launch_options(program: str, headless: bool, settings: BrowserSettings, downloads: Path) -> LaunchOptions:
    """The options that all engines take."""
    return LaunchOptions(
        executable_path=program,
        headless=headless,
        handle_sigint=False,  # our caller handles Ctrl-C and needs the browser for an orderly shutdown
        downloads_path=downloads,
        proxy=proxy_of(settings),
    )


async def start(
    kind: BrowserType, launch: LaunchOptions, options: ContextOptions, settings: BrowserSettings
) -> tuple[BrowserContext, str]:
    """Start a browser, with its profile if it has one; returns its context and its version."""
    if settings.profile is None:
        browser = await kind.launch(**launch)
        return await browser.new_context(**options, storage_state=settings.storage_state), browser.version
    context = await kind.launch_persistent_context(settings.profile, **launch, **options)
    if settings.storage_state is not None:
        await context.set_storage_state(settings.storage_state)
    return context, context.browser.version if context.browser else ""


async def launch_engine(
    playwright: Playwright, page: Size, view: View, settings: BrowserSettings, downloads: Path
) -> tuple[BrowserContext, str]:
    """Like `chromium.launch`, for Firefox and WebKit.

    Raises:
        EnvUnavailable: it is not installed; the message says how to install it.
    """
    kind, program = _engine(playwright, settings)
    launch = launch_options(program, view.headless, settings, downloads)
    return await start(kind, launch, context_options(page, view, settings), settings)


async def overlay_browser(playwright: Playwright, settings: BrowserSettings) -> Browser:
    """A headless browser for the overlay."""
    kind, program = _engine(playwright, settings)
    return await kind.launch(executable_path=program, handle_sigint=False)


def _engine(playwright: Playwright, settings: BrowserSettings) -> tuple[BrowserType, str]:
    """The engine and its program. The system's own Firefox does not work: Playwright drives patched builds only."""
    kind = playwright.firefox if settings.engine == "firefox" else playwright.webkit
    program = settings.executable or kind.executable_path
    if not Path(program).exists():
        raise EnvUnavailable(
            f"Playwright's {NAMES[settings.engine]} is not installed: playwright install --with-deps {settings.engine}"
        )
    return kind, program
