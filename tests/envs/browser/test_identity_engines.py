"""Browsers without DevTools sessions (Firefox, WebKit), simulated by a Chromium that hides its own.

The real ones are not tested: Playwright needs its own builds of them.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from page_site import Page, Site
from playwright.async_api import CDPSession, Error
from playwright.async_api import Page as Tab

from screenwright import (
    ActionRefused,
    Back,
    BrowserEnv,
    Click,
    EnvUnavailable,
    Navigate,
    Observation,
    ScreenPoint,
    Size,
    Type,
)
from screenwright.envs.browser import BrowserSettings
from screenwright.envs.browser.firewall.fence import Fence
from screenwright.envs.browser.firewall.guard import FenceGuard
from screenwright.envs.browser.launch.attach import Context
from screenwright.envs.browser.launch.engines import launch
from screenwright.envs.browser.launch.environment import BrowserSurroundings
from screenwright.envs.browser.launch.view import View
from screenwright.envs.browser.page.downloads import Downloads
from screenwright.envs.browser.session import BrowserSession
from screenwright.testing import eventually

pytestmark = pytest.mark.browser

SIZE = Size(640, 400)
ASKS = """<div class=at style="left:0;top:0;width:100px;height:100px;background:red" onclick="report('name',
prompt('Name?'))"></div><a class=at style="left:200px;top:0;width:100px;height:100px;background:blue" href=/next
target=_blank></a><a class=at style="left:400px;top:0;width:100px;height:100px;background:lime" href=/file></a>"""


class WithoutDevTools:
    """A Chromium context with only the features of a Firefox one."""

    browser = None

    def __init__(self, context: Context) -> None:
        self._context = context

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    async def new_cdp_session(self, page: Tab) -> CDPSession:
        raise AssertionError(f"a DevTools session was requested at {page.url}")


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        site.add("/next", "<title>Next</title><style>html{background:rgb(0,128,0)}</style>")
        site.pages["/file"] = Page(
            b"12345", "application/octet-stream", {"Content-Disposition": "attachment; filename=f"}
        )
        yield site


def run_session(
    url: str, downloads: Path, scale: float, test: Callable[[BrowserSession], Coroutine[Any, Any, None]]
) -> None:
    """Run `test` with a session that has no DevTools."""

    async def do() -> None:
        settings, view = BrowserSettings(), View(SIZE, scale)
        surroundings = BrowserSurroundings(settings)
        playwright = await surroundings.start_playwright()
        saved = Downloads(surroundings.downloads, downloads, 10**6)
        context, _ = await launch(playwright, SIZE, view, settings, surroundings)
        limited = cast("Context", WithoutDevTools(context))
        guard = FenceGuard(Fence(), settings)
        session = BrowserSession(playwright, limited, view, settings, saved, surroundings, guard)
        await session.start(url)
        await test(session)
        await context.close()
        await session.close()

    asyncio.run(do())


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_without_devtools_pages_dialogs_tabs_and_downloads_work(site: Site, tmp_path: Path, scale: float) -> None:
    def at(x: float, y: float) -> ScreenPoint:
        return ScreenPoint(x * scale, y * scale)

    async def test(session: BrowserSession) -> None:
        first = await session.observe()
        assert first.screenshot.size == Size(round(640 * scale), round(400 * scale))
        assert colour(first, at(50, 50)) == (255, 0, 0)
        await session.execute(Click(at(50, 50)))
        assert (await session.observe()).screenshot.image.tobytes() != first.screenshot.image.tobytes()
        await session.execute(Type("Ada", submit=True))
        assert (await session.observe()).screenshot.image.tobytes() == first.screenshot.image.tobytes()
        await session.execute(Click(at(450, 50)))
        await session.execute(Click(at(250, 50)))
        observation = await session.observe()
        assert [str(fact) for fact in observation.facts] == ['A new tab opened: "Next".', 'Downloaded "f" (5 bytes).']
        assert colour(observation, at(600, 300)) == (0, 128, 0)

    run_session(site.add("/", ASKS), tmp_path, scale, test)
    eventually(lambda: site.reported.get("name"), "Ada")
    assert (tmp_path / "f").read_bytes() == b"12345"


def test_without_devtools_back_works_but_not_beyond_the_start_page(site: Site, tmp_path: Path) -> None:
    async def test(session: BrowserSession) -> None:
        with pytest.raises(ActionRefused, match="no page to go back to"):
            await session.execute(Back())
        await session.execute(Navigate(site.url + "/next"))
        await session.execute(Back())
        assert (await session.observe()).location == site.url + "/"
        with pytest.raises(ActionRefused, match="no page to go back to"):
            await session.execute(Back())
        assert (await session.observe()).location == site.url + "/"

    run_session(site.add("/", ""), tmp_path, 1.0, test)


def test_a_screenshot_between_two_documents_is_taken_again(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    capture, failures = Tab.screenshot, [Error("Page.captureScreenshot: Unable to capture screenshot")] * 3

    async def capture_late(tab: Tab, **options: Any) -> bytes:
        if failures:
            raise failures.pop()
        return await capture(tab, **options)

    async def test(session: BrowserSession) -> None:
        monkeypatch.setattr(Tab, "screenshot", capture_late)
        assert colour(await session.observe(), ScreenPoint(50, 50)) == (0, 128, 0)
        assert not failures

    run_session(site.url + "/next", tmp_path, 1.0, test)


@pytest.mark.parametrize(("engine", "name"), [("firefox", "Firefox"), ("webkit", "WebKit")])
def test_missing_engine_error_says_how_to_install_it(
    engine: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    settings = BrowserSettings(engine="firefox" if engine == "firefox" else "webkit")
    with BrowserEnv(settings=settings) as env, pytest.raises(EnvUnavailable) as refused:
        env.observe()
    assert str(refused.value) == f"Playwright's {name} is not installed: playwright install --with-deps {engine}"


def colour(observation: Observation, at: ScreenPoint) -> object:
    return observation.screenshot.image.getpixel((round(at.x), round(at.y)))
