"""Firefox and WebKit, in the builds that Playwright has of them: they know no DevTools sessions, and no switches."""

from pathlib import Path

from playwright.async_api import Browser, BrowserContext, BrowserType, Playwright

from ...env import EnvUnavailable
from ...geometry import Size
from .identity import context_options, proxy_of
from .settings import BrowserSettings, View

NAMES = {"chromium": "Chromium", "firefox": "Firefox", "webkit": "WebKit"}


async def launch_engine(
    playwright: Playwright, page: Size, view: View, settings: BrowserSettings, downloads: Path
) -> tuple[BrowserContext, str]:
    """As `chromium.launch`, for `settings.engine`.

    Raises:
        EnvUnavailable: it is not installed; says how to get it.
    """
    kind, program = _engine(playwright, settings)
    options, proxy = context_options(page, view, settings), proxy_of(settings)
    if settings.profile is not None:
        context = await kind.launch_persistent_context(
            settings.profile,
            executable_path=program,
            headless=view.headless,
            handle_sigint=False,
            downloads_path=downloads,
            proxy=proxy,
            **options,
        )
        if settings.storage_state is not None:
            await context.set_storage_state(settings.storage_state)
        return context, context.browser.version if context.browser else ""
    browser = await kind.launch(
        executable_path=program, headless=view.headless, handle_sigint=False, downloads_path=downloads, proxy=proxy
    )
    return await browser.new_context(**options, storage_state=settings.storage_state), browser.version


async def overlay_browser(playwright: Playwright, settings: BrowserSettings) -> Browser:
    """A browser that no person sees, for what is drawn over the page."""
    kind, program = _engine(playwright, settings)
    return await kind.launch(executable_path=program, handle_sigint=False)


def _engine(playwright: Playwright, settings: BrowserSettings) -> tuple[BrowserType, str]:
    """The engine and its program. A system's own Firefox will not do: Playwright works its own builds only."""
    kind = playwright.firefox if settings.engine == "firefox" else playwright.webkit
    program = settings.executable or kind.executable_path
    if not Path(program).exists():
        raise EnvUnavailable(
            f"Playwright's {NAMES[settings.engine]} is not installed: playwright install --with-deps {settings.engine}"
        )
    return kind, program
