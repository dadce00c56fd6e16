"""The tab strip with the address bar: drawn from what the tabs are, and worked like a window's."""

import asyncio
from contextlib import suppress

from playwright.async_api import Error

from ...env import ActionRefused
from ...geometry import ScreenPoint, Size
from ..page.addresses import full_address
from ..page.shortcuts import Shortcut
from ..page.tabs import Tabs
from .navigation import Navigation
from .overlay import Overlay, PanelAnswer, Strip, Tab
from .overlay.overlay import STRIP_PX
from .prompts import BrowserPrompts

_ASK_S = 1.0
_HISTORY = "() => [navigation?.canGoBack ?? true, navigation?.canGoForward ?? false]"
_BUTTONS = {
    "back": Shortcut.BACK,
    "forward": Shortcut.FORWARD,
    "reload": Shortcut.RELOAD,
    "new": Shortcut.NEW_TAB,
}


class TabStrip:
    """Keeps the strip on the overlay as the tabs are."""

    def __init__(self, tabs: Tabs, overlay: Overlay, questions: BrowserPrompts, navigation: Navigation) -> None:
        self._tabs = tabs
        self._overlay = overlay
        self._questions = questions
        self._navigation = navigation
        self._drawn: Strip | None = None

    async def draw(self) -> None:
        """Draw it, if anything about it has changed."""
        page = self._tabs.current
        titles = await self._tabs.titles()
        tabs = tuple([Tab(title, each is page) for title, each in zip(titles, self._tabs.all, strict=True)])
        back = forward = False
        if not self._questions.hold_up():
            with suppress(Error, TimeoutError):
                back, forward = await asyncio.wait_for(page.evaluate(_HISTORY), _ASK_S)
        strip = Strip(tabs, self._navigation.address_of(page), back, forward)
        if strip != self._drawn:
            self._drawn = strip
            await self._overlay.show(strip, self._answered)

    async def _answered(self, answer: PanelAnswer) -> None:
        what, _, number = answer.value.partition(" ")
        with suppress(Error, ActionRefused):
            match what:
                case "show":
                    await self._tabs.show(int(number))
                case "close":
                    await self._tabs.close(int(number))
                case "go":
                    await self._navigation.go(full_address(answer.fields[0]))
                case _:
                    await self._navigation.do(_BUTTONS[what])


def address_bar(screen: Size, scale: float) -> ScreenPoint:
    """Where to click to type an address, on a screen of that many pixels."""
    return ScreenPoint(screen.width / 2, (STRIP_PX - 19) * scale)
