"""A person takes over in the page of the application: what they do is recorded, shown, and performed again."""

from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from app_server import ASK, DONE, FakeFactory, serving
from headless_chromium import headless_chromium
from playwright.sync_api import Browser, Page, expect

from screenwright import (
    Agent,
    BrowserEnv,
    Click,
    DesktopEnv,
    Drag,
    Env,
    Hotkey,
    Limits,
    Scroll,
    Secret,
    StopReason,
    Type,
    read_run,
)
from screenwright.agent.core.supervision import NO_INTERVENTION
from screenwright.agent.record.events import UserActed
from screenwright.agent.replay.policy import ReplayPolicy
from screenwright.agent.replay.recipe import recipe_of
from screenwright.envs.desktop.virtual.display import VirtualDisplay
from screenwright.testing import eventually

pytestmark = [pytest.mark.browser, pytest.mark.reader]

FORM = """<title>Form</title><style>
  body { height: 1500px; font: 18px sans-serif } body > * { position: absolute; left: 100px }
  input { font: inherit; width: 300px } </style>
<label style="top:40px">Name <input id="one"></label>
<label style="top:100px">Password <input id="two" type="password"></label>
<button style="top:160px" onclick="two.type = 'text'">Show the password</button>
<input id="size" type="range" min="0" max="10" value="0" style="top:220px">
<button style="top:900px" onclick="location.hash = [one.value, two.value.length, size.value].join()">Send</button>"""

PASSWORD = "pw4"  # which is too short for a secret of the vault


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    expect.set_options(timeout=60_000)
    with headless_chromium() as browser:
        yield browser


class Hands:
    """A person at the page of a run, whose points are pixels of the screen that is taken over."""

    def __init__(self, page: Page) -> None:
        self.page = page
        box = page.get_by_role("application").bounding_box()
        assert box is not None
        self.box = box

    def place(self, x: float, y: float) -> tuple[float, float]:
        return self.box["x"] + x * self.box["width"] / 1280, self.box["y"] + y * self.box["height"] / 720

    def click(self, x: float, y: float) -> None:
        with self.page.expect_response("**/act"):
            self.page.mouse.click(*self.place(x, y))

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        self.page.mouse.move(*self.place(*start))
        self.page.mouse.down()
        self.page.mouse.move(*self.place((start[0] + end[0]) / 2, (start[1] + end[1]) / 2))
        self.page.mouse.move(*self.place(*end))
        with self.page.expect_response("**/act"):
            self.page.mouse.up()

    def scroll(self, x: float, y: float, pixels: int) -> None:
        self.page.mouse.move(*self.place(x, y))
        with self.page.expect_response("**/act"):
            self.page.mouse.wheel(0, pixels)

    def type(self, text: str) -> None:
        with self.page.expect_response("**/act"):
            self.page.keyboard.type(text)


def take_over(browser: Browser, folder: Path, open_env: Callable[[], Env], work: Callable[[Hands], None]) -> Path:
    """A run that asks the user, who does `work` on the page of the application; its folder."""
    with serving(folder, FakeFactory([ASK, DONE], open_env=open_env)) as client:
        page = browser.new_context(viewport={"width": 1500, "height": 1100}).new_page()
        page.set_default_timeout(60_000)
        page.goto(f"{client.server.address}/#{client.server.access.secret}")
        page.get_by_role("textbox", name="Task", exact=True).fill("Send the form")
        page.keyboard.press("Control+Enter")
        page.get_by_role("link", name="Watch").click()
        page.get_by_role("button", name="Take over").click()
        expect(page.get_by_alt_text("The screen now")).to_be_visible()
        work(Hands(page))
        page.get_by_role("button", name="Answer").click()
        expect(page.locator("#state")).to_have_text("finished")
        expect(page.get_by_role("log")).to_contain_text("You did: ")
        page.get_by_role("button", name="Show what you did").first.click()
        expect(page.locator("circle[data-mark]")).to_have_count(1)
        expect(page.locator("#steps")).to_have_text("2")
        eventually(client.jobs, [])
        page.context.close()
    return next((folder / "runs").iterdir())


def fill_form(hands: Hands) -> None:
    hands.click(250, 52)
    hands.type("Ada")
    hands.type(" L.")
    hands.click(300, 112)
    hands.click(180, 172)  # shows the password, whose field is then one for texts
    hands.click(300, 112)
    hands.type(PASSWORD)
    hands.drag((110, 232), (250, 232))
    hands.scroll(180, 172, 400)
    hands.click(130, 512)


def test_a_form_is_filled_recorded_and_filled_again(browser: Browser, tmp_path: Path) -> None:
    site = tmp_path / "form.html"
    site.write_text(FORM)
    run = take_over(browser, tmp_path, lambda: BrowserEnv(site.as_uri()), fill_form)
    recorded = read_run(run)
    acted = [event.action for event in recorded.events if isinstance(event, UserActed)]
    kinds = [Click, Type, Click, Click, Click, Type, Drag, Scroll, Click]
    assert [type(action) for action in acted] == kinds
    assert acted[1] == Type("Ada L.")
    assert acted[5] == Type("{{password}}")
    assert PASSWORD not in (run / "events.jsonl").read_text()
    recipe = recipe_of(recorded)
    assert recipe.secrets == ("password",)
    policy = ReplayPolicy(recipe, wait_s=3.0)
    agent = Agent(
        policy=policy,
        limits=Limits(steps=None),
        supervision=NO_INTERVENTION,
        secrets=(Secret("password", "a long one", "*"),),
    )
    with BrowserEnv(site.as_uri()) as env:
        result = agent.run("again", env)
        sent = env.observe().location.rpartition("#")[2].split(",")
    assert (result.reason, result.stop) == ("", StopReason.FINISHED)
    assert sent[:2] == ["Ada%20L.", "10"]
    assert int(sent[2]) > 2


@pytest.mark.desktop
def test_a_desktop_program_is_used_and_used_again(browser: Browser, tmp_path: Path) -> None:
    def desktop() -> DesktopEnv:
        return DesktopEnv(virtual=VirtualDisplay(programs=(("mousepad",),)))

    def write(hands: Hands) -> None:
        hands.click(600, 400)
        hands.type("green tea")
        with hands.page.expect_response("**/act"):
            hands.page.keyboard.press("Control+a")

    recorded = read_run(take_over(browser, tmp_path, desktop, write))
    acted = [event.action for event in recorded.events if isinstance(event, UserActed)]
    assert acted[1:] == [Type("green tea"), Hotkey(("ctrl", "a"))]
    agent = Agent(policy=ReplayPolicy(recipe_of(recorded), wait_s=3.0), supervision=NO_INTERVENTION)
    with desktop() as env:
        result = agent.run("again", env)
    assert (result.reason, result.stop) == ("", StopReason.FINISHED)
