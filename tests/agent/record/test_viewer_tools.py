"""The tools of the viewer page: search, jumps, side by side, zoom, copies and the keyboard, in Chromium."""

import json
from collections.abc import Callable, Iterator

import pytest
from headless_chromium import headless_chromium
from playwright.sync_api import Browser, Page, expect

from screenwright import (
    Action,
    ApprovalAnswered,
    Click,
    Decided,
    Episode,
    Event,
    FakeEnv,
    Finish,
    Navigate,
    RecoveredError,
    Replied,
    ScriptedPolicy,
    Size,
    Supervision,
    Type,
    Usage,
    render_page,
)
from screenwright.agent.core.decision import Ending


def record_events() -> list[Event]:
    """Five steps: a look, a click after an approval, typing after a recovery, a refusal, and the end."""
    env = FakeEnv()
    script: list[tuple[Action, ...] | Ending] = [
        (Click(env.where("Greet")),),
        (Click(env.where("Name")), Type("Ada")),
        (Navigate("x.example"),),
        Finish("all done"),
    ]
    supervision = Supervision(report_no_effect=False)  # the script finishes after a refused action
    events = list(Episode("greet", env, ScriptedPolicy([(), *script]), supervision=supervision).run())
    extra: dict[int, Event] = {
        2: ApprovalAnswered(2, "rule", "click the button?", allowed=True, rule="careful"),
        3: RecoveredError(3, "model", "the model server was asked again"),
        4: Replied(4, 0, "I will go to x.example", Usage(1200, 30, 1000), Size(640, 480), 2, 0.01, 1.5),
    }
    recorded: list[Event] = []
    for event in events:
        recorded += [extra[event.step]] if isinstance(event, Decided) and event.step in extra else []
        recorded.append(event)
    return recorded


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with headless_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("page") / "view.html"
    path.write_text(render_page(record_events()), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The page, with a clipboard; a script error fails the test."""
    with browser.new_context(permissions=["clipboard-read", "clipboard-write"]) as context:
        page = context.new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(address)
        yield page
        assert problems == []


def wait_for_copy(page: Page, right: Callable[[str], bool]) -> str:
    """The clipboard's text as soon as it is right. `page.wait_for_function` polls by `eval`, which the page forbids."""
    text = ""
    for _ in range(200):
        text = str(page.evaluate("navigator.clipboard.readText()"))
        if right(text):
            return text
        page.wait_for_timeout(50)
    raise AssertionError(f"copied: {text!r}")


@pytest.mark.browser
def test_search_lists_the_steps_that_contain_all_words_and_the_arrows_stay_among_them(page: Page) -> None:
    rows = page.locator("#list button:visible")
    expect(rows).to_have_count(5)
    expect(rows.first).to_contain_text("look")
    page.keyboard.press("/")
    page.keyboard.type("CLICK greet")
    expect(page.locator("#matches")).to_have_text("0 of 5 steps")
    page.get_by_role("searchbox").fill("click at")
    expect(page.locator("#matches")).to_have_text("2 of 5 steps")
    page.locator("#next").click()
    expect(page.locator("#position")).to_have_text("step 3 of 5")
    page.locator("#next").click()
    expect(page.locator("#position")).to_have_text("step 3 of 5")
    page.get_by_role("searchbox").press("Escape")
    expect(rows).to_have_count(5)


@pytest.mark.browser
def test_keys_and_filters_find_failures_recoveries_and_approvals(page: Page) -> None:
    position = page.locator("#position")
    for key, step in (("f", 4), ("a", 2), ("r", 3), ("Shift+F", 4)):
        page.keyboard.press(key)
        expect(position).to_have_text(f"step {step} of 5")
    page.get_by_role("button", name="approvals 1").click()
    expect(page.locator("#list button:visible")).to_have_count(1)
    expect(position).to_have_text("step 2 of 5")


@pytest.mark.browser
def test_before_and_after_are_shown_side_by_side_and_zoom_together(page: Page) -> None:
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.get_by_role("button", name="both").click()
    before, after = page.locator("#screenshot"), page.locator("#screenshot-after")
    assert before.get_attribute("src") != after.get_attribute("src")
    left, right = before.bounding_box(), after.bounding_box()
    assert left is not None
    assert right is not None
    assert (left["y"], left["width"]) == (right["y"], right["width"])
    page.get_by_role("button", name="Zoom in").click()
    page.keyboard.press("+")
    expect(page.locator("#zoom")).to_have_text("200 %")
    page.locator("#figure").evaluate("node => node.scrollTo(40, 30)")
    scrolled = page.locator("#figure").evaluate("node => node.scrollLeft")
    expect(page.locator("#second")).to_have_js_property("scrollLeft", scrolled)
    page.locator("#figure").focus()
    page.keyboard.press("ArrowRight")  # scrolls
    expect(page.locator("#position")).to_have_text("step 3 of 5")
    page.locator("#zoom").click()
    expect(page.locator("#zoom")).to_have_text("100 %")


@pytest.mark.browser
def test_actions_and_coordinates_are_copied(page: Page) -> None:
    page.keyboard.press("ArrowRight")
    target = FakeEnv().where("Greet")
    page.get_by_role("button", name="Copy action").click()
    wait_for_copy(page, lambda text: text.startswith("{") and json.loads(text)["at"] == [target.x, target.y])
    page.get_by_role("button", name="Copy coordinates").click()
    wait_for_copy(page, lambda text: text == f"{round(target.x)}, {round(target.y)}")
    box = page.locator("#screenshot").bounding_box()
    assert box is not None
    page.locator("#screenshot").click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    page.get_by_role("button", name="Copy point").click()
    x, y = map(int, wait_for_copy(page, lambda text: text == page.locator("#pointer").text_content()).split(", "))
    assert abs(x - 320) <= 1
    assert abs(y - 240) <= 1


@pytest.mark.browser
def test_a_reply_is_shown_with_what_is_known_of_its_request_and_its_tokens(page: Page) -> None:
    page.keyboard.press("f")
    panel = page.locator("#panel")
    expect(panel).to_contain_text("1,230 tokens in this step, 1,230 so far")
    panel.get_by_text("model reply").click()
    expect(panel).to_contain_text(
        "2 pictures of 640x480 · 1200 prompt tokens (1000 cached), 30 completion tokens · 1.50 s"
    )


@pytest.mark.browser
def test_tab_reaches_the_current_step_only_and_all_buttons_have_names(page: Page) -> None:
    assert page.locator("#list button[tabindex='0']").count() == 1
    names = page.evaluate(
        "[...document.querySelectorAll('button')].map((one) => one.ariaLabel || one.textContent.trim())"
    )
    assert all(names)
    page.locator("#list button").first.focus()
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement === document.getElementById('list').children[1]")


@pytest.mark.browser
def test_the_tools_fit_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.keyboard.press("b")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
