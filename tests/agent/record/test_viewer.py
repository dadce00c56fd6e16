"""The viewer page of a run, as text and in Chromium."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from headless_chromium import headless_chromium
from playwright.sync_api import Browser, Page, expect

from screenwright import (
    Action,
    Agent,
    Click,
    Decided,
    Direction,
    Drag,
    Ended,
    Episode,
    Event,
    FakeEnv,
    Hotkey,
    Navigate,
    Note,
    Observed,
    Resumed,
    ScreenPoint,
    Screenshot,
    ScriptedModel,
    ScriptedPolicy,
    Scroll,
    Supervision,
    Type,
    UiTars15,
    render_page,
)
from screenwright.agent.core.decision import Ending, Finish

HOSTILE = "</script><script>document.title='owned'</script><b id=bold>bold</b> & <!--DATA-->"


def record_events(task: str = "greet") -> list[Event]:
    env = FakeEnv()
    script: list[tuple[Action, ...] | Ending] = [
        (Click(env.where("Greet"), count=2),),
        (Drag((ScreenPoint(40, 190), ScreenPoint(40, 250))), Scroll(Direction.DOWN, 3, ScreenPoint(60, 200))),
        (Click(env.where("Name")), Type(HOSTILE), Hotkey(("ctrl", "a"))),
        (Navigate("x.example"),),
        Finish("all done"),
    ]
    supervision = Supervision(report_no_effect=False)  # the script finishes after a refused action
    return list(Episode(task, env, ScriptedPolicy(script), supervision=supervision).run())


def test_page_loads_nothing_from_the_network() -> None:
    page = render_page(record_events())
    addresses = set(re.findall(r"""(?:src|href|url\()\s*=?\s*["']?(https?:[^"')\s]+)""", page))
    assert addresses == set()
    assert "default-src 'none'" in page


def test_unchanged_screen_is_embedded_once() -> None:
    events = record_events()
    screens = {event.observation.screenshot.sha256 for event in events if isinstance(event, Observed)}
    assert render_page(events).count("data:image/webp;base64,") == len(screens)


def test_wide_screenshots_are_scaled_down() -> None:
    events = record_events()
    assert len(render_page(events, max_image_width=160)) < len(render_page(events)) * 0.8


def test_run_without_events_has_a_page() -> None:
    assert "interrupted" in render_page([])


def test_screenshots_are_behind_the_script_that_shows_them() -> None:
    page = render_page(record_events())
    assert page.index('"use strict"') < page.index("data:image/webp;base64,")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with headless_chromium() as browser:
        yield browser


def open_page(browser: Browser, folder: Path, html: str, width: int = 1280, scheme: str = "light") -> Page:
    """Open the page; any script error and any network request fails the test."""
    path = folder / "view.html"
    path.write_text(html, encoding="utf-8")
    page = browser.new_page(
        viewport={"width": width, "height": 800}, color_scheme="dark" if scheme == "dark" else "light"
    )
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text))
    page.on("request", lambda request: problems.append(request.url) if request.url.startswith("http") else None)
    page.goto(path.as_uri())
    expect(page.locator("#screenshot")).to_have_js_property("complete", True)
    assert problems == []
    return page


@pytest.mark.browser
def test_keys_move_between_steps(browser: Browser, tmp_path: Path) -> None:
    page = open_page(browser, tmp_path, render_page(record_events()))
    position = page.locator("#position")
    assert position.inner_text() == "step 1 of 5"
    for key, expected in (("ArrowRight", 2), ("j", 3), ("ArrowLeft", 2), ("End", 5), ("ArrowRight", 5), ("Home", 1)):
        page.keyboard.press(key)
        assert position.inner_text() == f"step {expected} of 5"
        assert page.url.endswith(f"#step-{expected}")


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_click_mark_is_at_the_clicked_point(browser: Browser, tmp_path: Path, width: int) -> None:
    page = open_page(browser, tmp_path, render_page(record_events()), width)
    image, dot = page.locator("#screenshot").bounding_box(), page.locator("[data-mark]").first.bounding_box()
    assert image is not None
    assert dot is not None
    target = FakeEnv().where("Greet")
    assert dot["x"] + dot["width"] / 2 == pytest.approx(image["x"] + target.x * image["width"] / 640, abs=1.5)
    assert dot["y"] + dot["height"] / 2 == pytest.approx(image["y"] + target.y * image["height"] / 480, abs=1.5)


@pytest.mark.browser
def test_before_after_and_changes_views(browser: Browser, tmp_path: Path) -> None:
    page = open_page(browser, tmp_path, render_page(record_events()))
    before = page.locator("#screenshot").get_attribute("src")
    page.keyboard.press(" ")
    assert page.locator("#screenshot").get_attribute("src") != before
    page.get_by_role("button", name="changes").click()
    assert page.locator("#marks rect").count() >= 1


@pytest.mark.browser
def test_text_of_the_run_is_never_parsed_as_html(browser: Browser, tmp_path: Path) -> None:
    page = open_page(browser, tmp_path, render_page(record_events(HOSTILE), title=HOSTILE))
    assert page.locator("#task").inner_text() == HOSTILE
    assert page.locator("#bold").count() == 0
    page.keyboard.press("End")
    assert "all done" in page.locator("#panel").inner_text()
    assert page.title() == HOSTILE


@pytest.mark.browser
def test_page_fits_a_phone_and_follows_dark_mode(browser: Browser, tmp_path: Path) -> None:
    phone = open_page(browser, tmp_path, render_page(record_events("a long task " * 40)), width=390)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    background = "getComputedStyle(document.body).backgroundColor"
    light = phone.evaluate(background)
    dark = open_page(browser, tmp_path, render_page(record_events()), scheme="dark")
    assert dark.evaluate(background) != light
    dark.locator("#theme").click()
    assert dark.evaluate(background) == light


@pytest.mark.browser
def test_refused_action_and_interrupted_step_are_open_page(browser: Browser, tmp_path: Path) -> None:
    events = record_events()
    refused = open_page(browser, tmp_path, render_page(events))
    for _ in range(3):
        refused.keyboard.press("ArrowRight")
    assert "refused" in refused.locator("#panel").inner_text()

    broken = [event for event in events if not isinstance(event, Ended)]
    last = max(index for index, event in enumerate(broken) if isinstance(event, Decided))
    page = open_page(browser, tmp_path, render_page([*broken[:last], Note("paused", 5)]))
    page.keyboard.press("End")
    assert "interrupted" in page.locator("#panel").inner_text()
    assert page.locator("#stop").inner_text() == "interrupted"


@pytest.mark.browser
def test_parse_failure_is_shown_with_its_reason(browser: Browser, tmp_path: Path) -> None:
    model = ScriptedModel(["gibberish", "Thought: again\nAction: finished(content='ok')"])
    events = list(Agent(model, dialect=UiTars15()).stream("t", FakeEnv()))
    page = open_page(browser, tmp_path, render_page(events))
    assert "parse failure: no_action" in page.locator("#panel").inner_text()
    assert "written for Doubao" in page.content()
    assert page.locator("summary", has_text="model reply").count() == 2


@pytest.mark.browser
def test_step_repeated_after_an_interruption_is_shown_once(browser: Browser, tmp_path: Path) -> None:
    events = record_events()
    first = next(event for event in events if isinstance(event, Observed))
    again = [*events[:2], Resumed(0, "2026-01-01T00:00:00+00:00", "0.1"), replace(first), *events[2:]]
    page = open_page(browser, tmp_path, render_page(again))
    assert page.locator("#list button").count() == 5
    assert page.locator("#list button", has_text="resumed").count() == 1
    assert "interrupted; resumed after step 0" in page.locator("#panel").inner_text()


@pytest.mark.browser
def test_clicks_are_described_in_words(browser: Browser, tmp_path: Path) -> None:
    def target_at(screenshot: Screenshot, point: ScreenPoint) -> str:
        return '"Greet" button'

    page = open_page(browser, tmp_path, render_page(record_events(), target_at=target_at))
    assert page.locator("#list button").first.inner_text().split("\n")[1] == 'double click "Greet" button'
    assert re.search(r'double click "Greet" button \(double click at \d+, \d+\)', page.locator("#panel").inner_text())


@pytest.mark.browser
def test_page_with_two_hundred_steps_opens(browser: Browser, tmp_path: Path) -> None:
    spots = [(Click(ScreenPoint(300 + step % 100, 320)),) for step in range(200)]
    events = list(Episode("long", FakeEnv(), ScriptedPolicy(spots)).run())
    page = open_page(browser, tmp_path, render_page(events))
    page.keyboard.press("End")
    assert page.locator("#list button").count() == sum(isinstance(event, Observed) for event in events)
