"""Plain Playwright as a peer: its mouse, keyboard and `page.screenshot()`, in the newest tab."""

from peer import pause, serve_peer, switches
from playwright.sync_api import Page, sync_playwright
from system_chromium import find_chromium

KEYS = {"enter": "Enter", "down": "ArrowDown", "ctrl": "Control", "tab": "Tab"}


class PlainPlaywright:
    """A page of 960x600."""

    def __init__(self) -> None:
        playwright = sync_playwright().start()
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=switches())
        self.context = browser.new_context(viewport={"width": 960, "height": 600})
        self.context.set_default_timeout(10_000)
        self.context.new_page()

    @property
    def page(self) -> Page:
        """The newest tab."""
        return self.context.pages[-1]

    def goto(self, url: str) -> None:
        for page in self.context.pages[1:]:
            page.close()
        self.page.goto(url)
        self.page.wait_for_timeout(500)

    def screenshot(self) -> bytes:
        return self.page.screenshot()

    def click(self, x: float, y: float, button: str, modifiers: list[str]) -> None:
        for key in modifiers:
            self.page.keyboard.down(KEYS[key])
        self.page.mouse.click(x, y, button=button)
        for key in modifiers:
            self.page.keyboard.up(KEYS[key])
        self.page.wait_for_timeout(500)

    def move(self, x: float, y: float) -> None:
        self.page.mouse.move(x, y)
        self.page.wait_for_timeout(500)

    def drag(self, path: list[tuple[float, float]]) -> None:
        self.page.mouse.move(*path[0])
        self.page.mouse.down()
        for x, y in path[1:]:
            self.page.mouse.move(x, y, steps=10)
        self.page.mouse.up()
        pause()

    def scroll(self, x: float, y: float, pixels: int) -> None:
        self.page.mouse.move(x, y)
        self.page.mouse.wheel(0, pixels)
        self.page.wait_for_timeout(500)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.page.wait_for_timeout(500)

    def keys(self, names: list[str]) -> None:
        self.page.keyboard.press("+".join(KEYS.get(name, name) for name in names))
        self.page.wait_for_timeout(500)


if __name__ == "__main__":
    serve_peer(PlainPlaywright)
