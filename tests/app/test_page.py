"""The pages in Chromium: a task is typed, watched, approved and taken over, by two people at once."""

from collections.abc import Generator
from pathlib import Path

import pytest
from app_server import DONE, Client, FakeFactory, evaluate, press, record, serving
from headless_chromium import headless_chromium
from playwright.sync_api import Browser, Page, Route, expect

from screenwright import FakeEnv
from screenwright.testing import eventually

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    expect.set_options(timeout=60_000)
    with headless_chromium() as browser:
        yield browser


def visit(browser: Browser, client: Client, path: str = "/", width: int = 1280) -> tuple[Page, list[str]]:
    """A page of a browser of its own, opened at the printed address, and the errors of its scripts."""
    page = browser.new_context(viewport={"width": width, "height": 844}).new_page()
    page.set_default_timeout(60_000)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: None if "401" in message.text else problems.append(message.text))
    page.on("request", lambda request: None if client.server.address in request.url else problems.append(request.url))
    page.goto(f"{client.server.address}{path}#{client.server.access.secret}")
    expect(page.get_by_role("link", name="Screenwright")).to_be_visible()
    assert client.server.access.secret not in page.url
    return page, problems


def test_a_task_can_be_typed_once_the_page_knows_its_choices(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, FakeFactory([DONE])) as client:
        page, problems = visit(browser, client)
        held: list[Route] = []
        page.route("**/api/options", lambda route: held.append(route))  # noqa: PLW0108 -- Playwright marks the function
        with page.expect_request("**/api/options"):
            page.reload()
        task, run = page.get_by_role("textbox", name="Task", exact=True), page.get_by_role("button", name="Run")
        expect(task).not_to_be_editable()
        expect(run).to_be_disabled()
        held[0].continue_()
        expect(task).to_be_editable()
        expect(run).to_be_enabled()
        assert problems == []
        page.context.close()


def test_a_task_is_typed_watched_approved_taken_over_and_its_answer_read(browser: Browser, tmp_path: Path) -> None:
    factory = FakeFactory([press(), press(), DONE], rules="confirm")
    with serving(tmp_path, factory) as client:
        page, problems = visit(browser, client)
        page.get_by_role("textbox", name="Task", exact=True).fill("Press Greet twice")
        page.keyboard.press("Control+Enter")
        expect(page.get_by_text("waiting for you")).to_be_visible()
        page.get_by_role("link", name="Watch").click()
        phone, phone_problems = visit(browser, client, page.url.removeprefix(client.server.address), 390)
        for one in (page, phone):
            question = one.get_by_role("alertdialog")
            expect(question).to_contain_text("click at")
            expect(question.get_by_role("img")).to_have_js_property("naturalWidth", 480)
            expect(one.get_by_role("log")).to_contain_text("I press the button.")
            expect(one.locator("circle[data-mark]")).to_have_count(1)
            assert one.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is cut off"
        page.get_by_role("button", name="Pause").click()
        phone.get_by_role("button", name="Allow for this run").click()
        take_over = page.get_by_role("button", name="Take over")
        take_over.click()
        expect(page.get_by_alt_text("The screen now")).to_be_visible()
        [env] = factory.envs
        assert isinstance(env, FakeEnv)
        before, screen = env.state.presses, page.get_by_role("application")
        box = screen.bounding_box()
        assert box is not None
        for name in ("Greet", "Name"):
            point = env.where(name)
            with page.expect_response("**/act"):
                screen.click(position={"x": point.x * box["width"] / 640, "y": point.y * box["height"] / 480})
        page.keyboard.type("tea")
        page.keyboard.press("Enter")
        eventually(lambda: (env.state.presses, env.state.text, env.state.submissions), (before + 1, "tea", 1))
        page.get_by_role("button", name="Resume").click()
        for one in (page, phone):
            expect(one.get_by_text("It says hello.", exact=True)).to_be_visible()
            expect(one.locator("#state")).to_have_text("finished")
        page.reload()
        expect(page.get_by_text("It says hello.", exact=True)).to_be_visible()
        page.get_by_role("button", name="Show step 1").click()
        expect(page.locator("circle[data-mark]")).to_have_count(1)
        compare(page, page.url)
        page.get_by_role("link", name="Screenwright").click()
        page.get_by_label("Search in tasks").fill("nothing like it")
        expect(page.get_by_text("0 runs")).to_be_visible()
        page.get_by_label("Search in tasks").fill("TWICE hello")
        expect(page.get_by_role("link", name="Press Greet twice")).to_be_visible()
        assert problems + phone_problems == []


def compare(page: Page, run: str) -> None:
    """Compare a run in which a user acted with itself: what the user did are steps."""
    origin, _, name = run.rpartition("/runs/")
    page.goto(f"{origin}/compare?a={name}&b={name}")
    side = page.get_by_role("region", name="Run A")
    expect(side).to_contain_text("finished")
    shown = list[tuple[str, int]]()
    while f"step {len(shown)} of {len(shown)}" != page.locator("#position").inner_text():
        shown.append((side.inner_text(), side.locator("circle[data-mark]").count()))
        page.keyboard.press("ArrowRight")
    by_user = [(text, marks) for text, marks in shown if "done by the user" in text]
    assert [marks for _, marks in by_user] == [1, 1, 0]
    assert "tea" in by_user[2][0]


def test_a_hostile_text_of_a_model_stays_text(browser: Browser, tmp_path: Path) -> None:
    hostile = "<img src=x onerror=document.title='owned'></script><script>document.title='owned'</script>"
    with serving(
        tmp_path, FakeFactory([f"Thought: {hostile}\nAction: finished(content='{hostile.replace(chr(39), '')}')"])
    ) as client:
        page, problems = visit(browser, client)
        page.get_by_role("textbox", name="Task", exact=True).fill(hostile)
        page.get_by_role("button", name="Run", exact=True).click()
        page.locator("#runs").get_by_role("link").click()
        expect(page.get_by_role("log")).to_contain_text(hostile)
        assert "owned" not in page.title().replace(hostile[:60], "")
        assert problems == []


def test_runs_are_tagged_and_compared_and_reports_of_evaluations_opened(browser: Browser, tmp_path: Path) -> None:
    for name, replies in (("1", [press(), DONE]), ("2", [press("Name"), DONE])):
        record(tmp_path / "runs" / name, f"Task {name}", replies)
    evaluate(tmp_path / "runs" / "night")
    with serving(tmp_path, FakeFactory()) as client:
        page, problems = visit(browser, client)
        page.get_by_role("button", name="Tag: Task 1").click()
        page.get_by_label("New tag of: Task 1").fill("good")
        page.keyboard.press("Enter")
        page.locator("#by-tag").select_option("good")
        expect(page.get_by_text("1 run", exact=True)).to_be_visible()
        page.get_by_role("button", name="Remove the tag good from: Task 1").click()
        expect(page.get_by_text("2 runs", exact=True)).to_be_visible()
        for name in ("Task 1", "Task 2"):
            page.get_by_label(f"Compare: {name}").check()
        page.get_by_role("link", name="Compare", exact=True).click()
        for side, task in (("Run A", "Task 1"), ("Run B", "Task 2")):
            shown = page.get_by_role("region", name=side)
            expect(shown).to_contain_text(task)
            expect(shown).to_contain_text("finished")
            expect(shown.locator("circle[data-mark]")).to_have_count(1)
        page.keyboard.press("ArrowRight")
        expect(page.locator("#position")).to_have_text("step 2 of 2")
        page.get_by_role("button", name="First difference: step 1").click()
        expect(page.locator("#position")).to_have_text("step 1 of 2")
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        tops = [page.get_by_role("region", name=name).evaluate("it => it.offsetTop") for name in ("Run A", "Run B")]
        assert tops[0] < tops[1]  # one below the other on a phone
        page.goto(client.server.address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.get_by_role("link", name="(night)").click()
        expect(page.locator("header")).to_contain_text("1 of 1 episode done")
        page.select_option("#choice", "all")
        page.get_by_role("link", name="episodes/task/0").click()
        expect(page.locator("#position")).to_have_text("step 1 of 1")
        assert problems == []
