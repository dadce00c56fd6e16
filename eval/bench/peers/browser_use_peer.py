"""browser-use: click by coordinates and keys as its agent does them, its page's mouse for other gestures."""

import asyncio
import os
from collections.abc import Coroutine
from typing import Any, TypeVar

from line import PAUSE_S, chromium, serve, switches

os.environ |= {"ANONYMIZED_TELEMETRY": "false", "BROWSER_USE_CLOUD_SYNC": "false"}  # read as it is imported

from browser_use import BrowserSession
from browser_use.browser.events import ClickCoordinateEvent, NavigateToUrlEvent, SendKeysEvent

T = TypeVar("T")
KEYS = {"enter": "Enter", "down": "ArrowDown", "ctrl": "Control", "tab": "Tab"}
PATIENCE_S = 30.0


class BrowserUse:
    """A session of 960x600 without the extensions that it fetches."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.session = BrowserSession(
            executable_path=chromium(), headless=True, args=switches(), enable_default_extensions=False,
            viewport={"width": 960, "height": 600}, chromium_sandbox=os.geteuid() != 0, keep_alive=True,
        )  # fmt: skip
        self.run(self.session.start())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do `work` on its loop."""
        return self.loop.run_until_complete(asyncio.wait_for(work, PATIENCE_S))

    def goto(self, url: str) -> None:
        self.dispatch(NavigateToUrlEvent(url=url))

    def look(self) -> bytes:
        return self.run(self.session.take_screenshot())

    def click(self, x: float, y: float, button: str, modifiers: list[str]) -> None:
        if button == "left" and not modifiers:
            self.dispatch(ClickCoordinateEvent(coordinate_x=round(x), coordinate_y=round(y), force=True))
        else:
            self.hand(lambda mouse: mouse.click(x, y, button, 1, [KEYS[key] for key in modifiers]))

    def move(self, x: float, y: float) -> None:
        self.hand(lambda mouse: mouse.move(x, y))

    def drag(self, path: list[tuple[float, float]]) -> None:
        async def drag(mouse: Any) -> None:
            await mouse.move(*path[0])
            await mouse.down()
            for x, y in path[1:]:
                await mouse.move(x, y, 10)
            await mouse.up()

        self.hand(drag)

    def scroll(self, x: float, y: float, pixels: int) -> None:
        self.hand(lambda mouse: mouse.scroll(round(x), round(y), 0, pixels))

    def type(self, text: str) -> None:
        self.dispatch(SendKeysEvent(keys=text))

    def keys(self, names: list[str]) -> None:
        self.dispatch(SendKeysEvent(keys="+".join(KEYS.get(name, name) for name in names)))

    def dispatch(self, event: Any) -> None:
        """Have the session do what its agent would have it do."""

        async def done() -> None:
            sent = self.session.event_bus.dispatch(event)
            await sent
            await sent.event_result(raise_if_any=True, raise_if_none=False)
            await asyncio.sleep(PAUSE_S)

        self.run(done())

    def hand(self, work: Any) -> None:
        """Do `work` with the mouse of the page."""

        async def done() -> None:
            page = await self.session.must_get_current_page()
            await work(await page.mouse)
            await asyncio.sleep(PAUSE_S)

        self.run(done())


if __name__ == "__main__":
    serve(BrowserUse)
