"""The tab strip with the address bar, which works like that of a browser window."""

import asyncio
from contextlib import suppress

from playwright.async_api import Error

from ...env import ActionRefused
from ...geometry import ScreenPoint, Size
from ..page.addresses import full_address
from ..page.shortcuts import Shortcut
from ..page.tabs import Tabs
from .navigation import Navigation
from .overlay.overlay import TAB_STRIP_PX, Overlay
from .overlay.panels import PanelAnswer, Tab, TabStripPanel
from .prompts import BrowserPrompts

_EVALUATE_S = 1.0
_ADDRESS_BAR_PX = 19
"""Height of the middle of the address bar above the page."""
_HISTORY = "() => [navigation?.canGoBack ?? true, navigation?.canGoForward ?? false]"


class TabStrip:
    """Keeps the tab strip on the overlay up to date."""

    def __init__(self, tabs: Tabs, overlay: Overlay, prompts: BrowserPrompts, navigation: Navigation) -> None:
        self._tabs = tabs
        self._overlay = overlay
        self._prompts = prompts
        self._navigation = navigation
        self._drawn: TabStripPanel | None = None

    async def draw(self) -> None:
        """Draw the tab strip if it has changed."""
        page = self._tabs.current
        titles = await self._tabs.titles()
        tabs = tuple([Tab(title, each is page) for title, each in zip(titles, self._tabs.all, strict=True)])
        back = forward = False
        if not self._prompts.is_blocking():
            with suppress(Error, TimeoutError):
                back, forward = await asyncio.wait_for(page.evaluate(_HISTORY), _EVALUATE_S)
        panel = TabStripPanel(tabs, self._navigation.address_of(page), back, forward)
        if panel != self._drawn:
            self._drawn = panel
            await self._overlay.show(panel, self._on_answer)

    async def _on_answer(self, answer: PanelAnswer) -> None:
        command, _, index = answer.value.partition(" ")
        with suppress(Error, ActionRefused):
            match command:
                case "show":
                    await self._tabs.show(int(index))
                case "close":
                    await self._tabs.close(int(index))
                case "go":
                    await self._navigation.go(full_address(answer.fields[0]))
                case _:
                    await self._navigation.run_shortcut(Shortcut[command.upper()])


def address_bar(screen: Size, scale: float) -> ScreenPoint:
    """A point in the address bar, on a screen of that many pixels."""
    return ScreenPoint(screen.width / 2, (TAB_STRIP_PX - _ADDRESS_BAR_PX) * scale)
