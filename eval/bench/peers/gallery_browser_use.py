"""browser-use as a peer: coordinate clicks and keys as its agent does them, its page's mouse for other gestures."""

import asyncio
import os
from collections.abc import Coroutine
from typing import Any, TypeVar

from peer import PAUSE_S, serve_peer, switches
from system_chromium import find_chromium

os.environ |= {"ANONYMIZED_TELEMETRY": "false", "BROWSER_USE_CLOUD_SYNC": "false"}  # read at import

from browser_use import BrowserSession
from browser_use.browser.events import ClickCoordinateEvent, NavigateToUrlEvent, SendKeysEvent

T = TypeVar("T")
KEYS = {"enter": "Enter", "down": "ArrowDown", "ctrl": "Control", "tab": "Tab"}
TIMEOUT_S = 30.0


class BrowserUse:
    """A session of 960x600 without its downloaded extensions."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.session = BrowserSession(
            executable_path=find_chromium(), headless=True, args=switches(), enable_default_extensions=False,
            viewport={"width": 960, "height": 600}, chromium_sandbox=os.geteuid() != 0, keep_alive=True,
        )  # fmt: skip
        self.run(self.session.start())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the event loop."""
        return self.loop.run_until_complete(asyncio.wait_for(work, TIMEOUT_S))

    def goto(self, url: str) -> None:
        self.dispatch(NavigateToUrlEvent(url=url))

    def screenshot(self) -> bytes:
        return self.run(self.session.take_screenshot())

    def click(self, x: float, y: float, button: str, modifiers: list[str]) -> None:
        if button == "left" and not modifiers:
            self.dispatch(ClickCoordinateEvent(coordinate_x=round(x), coordinate_y=round(y), force=True))
        else:
            self.use_mouse(lambda mouse: mouse.click(x, y, button, 1, [KEYS[key] for key in modifiers]))

    def move(self, x: float, y: float) -> None:
        self.use_mouse(lambda mouse: mouse.move(x, y))

    def drag(self, path: list[tuple[float, float]]) -> None:
        async def drag(mouse: Any) -> None:
            await mouse.move(*path[0])
            await mouse.down()
            for x, y in path[1:]:
                await mouse.move(x, y, 10)
            await mouse.up()

        self.use_mouse(drag)

    def scroll(self, x: float, y: float, pixels: int) -> None:
        self.use_mouse(lambda mouse: mouse.scroll(round(x), round(y), 0, pixels))

    def type(self, text: str) -> None:
        self.dispatch(SendKeysEvent(keys=text))

    def keys(self, names: list[str]) -> None:
        self.dispatch(SendKeysEvent(keys="+".join(KEYS.get(name, name) for name in names)))

    def dispatch(self, event: Any) -> None:
        """Dispatch an event as its agent does."""

        async def run() -> None:
            sent = self.session.event_bus.dispatch(event)
            await sent
            await sent.event_result(raise_if_any=True, raise_if_none=False)
            await asyncio.sleep(PAUSE_S)

        self.run(run())

    def use_mouse(self, work: Any) -> None:
        """Await `work` with the mouse of the current page."""

        async def run() -> None:
            page = await self.session.must_get_current_page()
            await work(await page.mouse)
            await asyncio.sleep(PAUSE_S)

        self.run(run())


if __name__ == "__main__":
    serve_peer(BrowserUse)
