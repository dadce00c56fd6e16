"""The page of a run, as text and in a real browser."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

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
    ScriptedModel,
    ScriptedPolicy,
    Scroll,
    Type,
    UiTars15,
    render_page,
)
from screenwright.agent.core.decision import Ending, Finish
from screenwright.envs.browser.launch.chromium import PROGRAMS, runs_as_root

HOSTILE = "</script><script>document.title='owned'</script><b id=bold>bold</b> & <!--DATA-->"


def played(task: str = "greet") -> list[Event]:
    env = FakeEnv()
    script: list[tuple[Action, ...] | Ending] = [
        (Click(env.where("Greet"), count=2),),
        (Drag((ScreenPoint(40, 190), ScreenPoint(40, 250))), Scroll(Direction.DOWN, 3, ScreenPoint(60, 200))),
        (Click(env.where("Name")), Type(HOSTILE), Hotkey(("ctrl", "a"))),
        (Navigate("x.example"),),
        Finish("all done"),
    ]
    return list(Episode(task, env, ScriptedPolicy(script)).run())


def test_the_page_asks_for_nothing_from_outside() -> None:
    page = render_page(played())
    addresses = set(re.findall(r"""(?:src|href|url\()\s*=?\s*["']?(https?:[^"')\s]+)""", page))
    assert addresses == set()
    assert "default-src 'none'" in page


def test_a_screen_that_did_not_change_is_in_the_page_once() -> None:
    events = played()
    screens = {event.observation.screenshot.sha256 for event in events if isinstance(event, Observed)}
    assert render_page(events).count("data:image/webp;base64,") == len(screens)


def test_wide_screens_are_scaled_down_for_the_page() -> None:
    events = played()
    assert len(render_page(events, max_image_width=160)) < len(render_page(events)) * 0.8


def test_a_run_without_events_is_a_page_too() -> None:
    assert "broke off" in render_page([])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    import shutil

    program = next(found for name in PROGRAMS if (found := shutil.which(name)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"] if runs_as_root() else [])
        yield browser
        browser.close()


def shown(browser: Browser, folder: Path, html: str, width: int = 1280, scheme: str = "light") -> Page:
    """Open the page; any error in it, and any request it makes, fails the test."""
    path = folder / "view.html"
    path.write_text(html, encoding="utf-8")
    page = browser.new_page(
        viewport={"width": width, "height": 800}, color_scheme="dark" if scheme == "dark" else "light"
    )
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda message: trouble.append(message.text))
    page.on("request", lambda request: trouble.append(request.url) if request.url.startswith("http") else None)
    page.goto(path.as_uri())
    page.wait_for_function("document.getElementById('picture').complete")
    assert trouble == []
    return page


@pytest.mark.browser
def test_arrow_keys_walk_through_the_steps(browser: Browser, tmp_path: Path) -> None:
    page = shown(browser, tmp_path, render_page(played()))
    where = page.locator("#where")
    assert where.inner_text() == "step 1 of 5"
    for key, expected in (("ArrowRight", 2), ("j", 3), ("ArrowLeft", 2), ("End", 5), ("ArrowRight", 5), ("Home", 1)):
        page.keyboard.press(key)
        assert where.inner_text() == f"step {expected} of 5"
        assert page.url.endswith(f"#step-{expected}")


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_the_mark_lies_where_the_click_went(browser: Browser, tmp_path: Path, width: int) -> None:
    page = shown(browser, tmp_path, render_page(played()), width)
    picture, dot = page.locator("#picture").bounding_box(), page.locator("[data-mark]").first.bounding_box()
    assert picture is not None
    assert dot is not None
    target = FakeEnv().where("Greet")
    assert dot["x"] + dot["width"] / 2 == pytest.approx(picture["x"] + target.x * picture["width"] / 640, abs=1.5)
    assert dot["y"] + dot["height"] / 2 == pytest.approx(picture["y"] + target.y * picture["height"] / 480, abs=1.5)


@pytest.mark.browser
def test_before_after_and_changes_can_be_looked_at(browser: Browser, tmp_path: Path) -> None:
    page = shown(browser, tmp_path, render_page(played()))
    before = page.locator("#picture").get_attribute("src")
    page.keyboard.press(" ")
    assert page.locator("#picture").get_attribute("src") != before
    page.get_by_role("button", name="changes").click()
    assert page.locator("#marks rect").count() >= 1


@pytest.mark.browser
def test_texts_from_the_run_are_only_text(browser: Browser, tmp_path: Path) -> None:
    page = shown(browser, tmp_path, render_page(played(HOSTILE), title=HOSTILE))
    assert page.locator("#task").inner_text() == HOSTILE
    assert page.locator("#bold").count() == 0
    page.keyboard.press("End")
    assert "all done" in page.locator("#panel").inner_text()
    assert page.title() == HOSTILE


@pytest.mark.browser
def test_it_fits_a_phone_and_follows_dark_mode(browser: Browser, tmp_path: Path) -> None:
    phone = shown(browser, tmp_path, render_page(played("a long task " * 40)), width=390)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    ground = "getComputedStyle(document.body).backgroundColor"
    light = phone.evaluate(ground)
    dark = shown(browser, tmp_path, render_page(played()), scheme="dark")
    assert dark.evaluate(ground) != light
    dark.locator("#theme").click()
    assert dark.evaluate(ground) == light


@pytest.mark.browser
def test_a_refused_action_and_a_broken_off_step_are_shown(browser: Browser, tmp_path: Path) -> None:
    events = played()
    refused = shown(browser, tmp_path, render_page(events))
    for _ in range(3):
        refused.keyboard.press("ArrowRight")
    assert "refused" in refused.locator("#panel").inner_text()

    broken = [event for event in events if not isinstance(event, Ended)]
    last = max(index for index, event in enumerate(broken) if isinstance(event, Decided))
    page = shown(browser, tmp_path, render_page([*broken[:last], Note("paused", 5)]))
    page.keyboard.press("End")
    assert "broke off" in page.locator("#panel").inner_text()
    assert page.locator("#stop").inner_text() == "broke off"


@pytest.mark.browser
def test_an_unreadable_reply_is_shown_with_its_reason(browser: Browser, tmp_path: Path) -> None:
    model = ScriptedModel(["gibberish", "Thought: again\nAction: finished(content='ok')"])
    events = list(Agent(model, dialect=UiTars15()).stream("t", FakeEnv()))
    page = shown(browser, tmp_path, render_page(events))
    assert "unreadable" in page.locator("#panel").inner_text()
    assert page.locator("summary", has_text="raw reply").count() == 2


@pytest.mark.browser
def test_a_step_that_was_done_again_after_a_break_is_shown_once(browser: Browser, tmp_path: Path) -> None:
    events = played()
    first = next(event for event in events if isinstance(event, Observed))
    again = [*events[:2], Resumed(0, "2026-01-01T00:00:00+00:00", "0.1"), replace(first), *events[2:]]
    page = shown(browser, tmp_path, render_page(again))
    assert page.locator("#list button").count() == 5


@pytest.mark.browser
def test_two_hundred_steps_open(browser: Browser, tmp_path: Path) -> None:
    spots = [(Click(ScreenPoint(300 + step % 100, 320)),) for step in range(200)]
    events = list(Episode("long", FakeEnv(), ScriptedPolicy(spots)).run())
    page = shown(browser, tmp_path, render_page(events))
    page.keyboard.press("End")
    assert page.locator("#list button").count() == sum(isinstance(event, Observed) for event in events)
