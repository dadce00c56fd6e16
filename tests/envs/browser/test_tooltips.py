"""A tooltip is shown as long as its element is under the pointer."""
# pyright: reportPrivateUsage=false

import asyncio

import pytest
from browser_pages import visit
from page_site import Site

from screenwright import BrowserEnv, Hotkey, Move, Navigate, ScreenPoint
from screenwright.envs.browser.session import BrowserSession
from screenwright.envs.browser.ui.overlay.panels import PanelAnswer, Tooltip
from screenwright.testing import eventually

pytestmark = pytest.mark.browser

AT, AWAY = ScreenPoint(100, 50), ScreenPoint(600, 400)
BOX = "position:absolute;left:20px;top:20px;width:200px;height:60px"
TITLED = f"<p id=t title='A tip' style='{BOX}'></p>"


def is_tip_shown(env: BrowserEnv) -> bool:
    return env.observe().screenshot.image.convert("L").getextrema() != (255, 255)


@pytest.mark.parametrize(
    "body",
    [
        TITLED,
        f"<svg style='{BOX}'><rect width=200 height=60 fill=white><title>A tip</title></rect></svg>",
        f"<iframe style='{BOX};border:0' srcdoc=\"<body title='A tip' style='margin:0;height:100vh'>\"></iframe>",
    ],
)
def test_tooltip_is_shown_while_the_pointer_is_over_its_element(shared: BrowserEnv, site: Site, body: str) -> None:
    visit(shared, site, body)
    shared.execute(Move(AT))
    assert is_tip_shown(shared)
    shared.execute(Move(AWAY))
    assert not is_tip_shown(shared)


@pytest.mark.parametrize(
    "script",
    [
        "location = '/blank'",
        "t.remove()",
        "t.style.visibility = 'hidden'",
        "t.style.left = '400px'",
        "window.open('/blank')",
    ],
)
def test_tooltip_does_not_outlive_its_element(shared: BrowserEnv, site: Site, script: str) -> None:
    visit(shared, site, f"{TITLED}<script>onkeydown = () => {{ {script}; }}</script>")
    shared.execute(Move(AT))
    assert is_tip_shown(shared)
    shared.execute(Hotkey(("x",)))
    eventually(lambda: is_tip_shown(shared), False)


def test_tooltip_does_not_outlive_a_page_that_is_left_by_its_address(shared: BrowserEnv, site: Site) -> None:
    visit(shared, site, TITLED)
    shared.execute(Move(AT))
    assert is_tip_shown(shared)
    shared.execute(Navigate(f"{site.url}/blank"))
    assert not is_tip_shown(shared)


async def ignored(answer: PanelAnswer) -> None:
    del answer


def test_a_tooltip_that_is_closed_before_it_is_drawn_is_not_drawn(shared: BrowserEnv, site: Site) -> None:
    async def tips_after_closing_early(session: BrowserSession) -> int:
        overlay = session._overlay
        async with overlay._drawing:
            showing = asyncio.create_task(overlay.show(Tooltip(100, 50, "late"), ignored))
            await asyncio.sleep(0)
            assert overlay.tooltip is not None
            await overlay.close_tooltip()
        await showing
        assert overlay._page is not None
        return await overlay._page.locator(".tooltip").count()

    visit(shared, site, "")
    assert shared._run(tips_after_closing_early) == 0


def test_a_key_is_for_a_dialog_as_soon_as_it_is_open(shared: BrowserEnv, site: Site) -> None:
    async def open_dialog(session: BrowserSession) -> bool:
        await session.evaluate("() => void setTimeout(() => t.textContent = confirm('?'))", None)
        while not session._prompts.is_blocking():
            await asyncio.sleep(0)
        return session._overlay.has_dialog

    visit(shared, site, TITLED)
    shared.execute(Move(AT))
    assert is_tip_shown(shared)
    assert shared._run(open_dialog)
    shared.execute(Hotkey(("enter",)))
    shared.observe()
    assert shared._run(lambda session: session.evaluate("() => t.textContent", None)) == "true"
