"""MiniWoB++'s pages in a browser, worked by a hand that finds on the screenshot what it clicks."""

import re
from collections.abc import Generator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from screenwright import Click, Hotkey, Result, StopReason, Type
from screenwright.agent.core.model import Usage
from screenwright.envs.actions import Navigate, Wait
from screenwright.envs.geometry import ScreenPoint
from screenwright.envs.screenshot import Screenshot
from screenwright.eval.benchmarks.browsers import LentBrowser
from screenwright.eval.benchmarks.gallery.hand import NotSeen, find_text
from screenwright.eval.benchmarks.miniwob import (
    OURS,
    Clock,
    MiniWob,
    MiniwobScene,
    MiniwobTask,
    close_browsers,
    miniwob,
    miniwob_browsergym,
)
from screenwright.eval.core.task import Outcome

pytestmark = [pytest.mark.browser, pytest.mark.reader]

STORED = "() => [localStorage.length, sessionStorage.length, document.cookie]"
FINISHED = Result(StopReason.FINISHED, "", "", 1, Usage(), 1.0)


@pytest.fixture(scope="module", autouse=True)
def browsers_are_closed() -> Generator[None]:
    yield
    close_browsers()


def task(name: str, benchmark: MiniWob | None = None) -> MiniwobTask:
    return (benchmark or miniwob()).task(name)


def look(scene: MiniwobScene) -> Screenshot:
    return scene.env.observe().screenshot


def click(scene: MiniwobScene, text: str) -> None:
    area = find_text(look(scene).image, text)
    scene.env.execute(Click(ScreenPoint(area.left + area.width / 2, area.top + area.height / 2)))


def press_click_me(scene: MiniwobScene) -> None:
    click(scene, "Click Me!")


def press_the_named_button(scene: MiniwobScene) -> None:
    click(scene, _quoted(scene.instruction))


def enter_the_text(scene: MiniwobScene) -> None:
    submit = find_text(look(scene).image, "Submit")
    scene.env.execute(Click(ScreenPoint(submit.left, submit.top - submit.height * 2)))
    scene.env.execute(Type(_quoted(scene.instruction)))
    click(scene, "Submit")


def _quoted(text: str) -> str:
    found = re.search(r'"(.+?)"', text)
    assert found is not None
    return found.group(1)


def judged(scene: MiniwobScene) -> Outcome:
    return scene.judge(FINISHED)


@pytest.mark.parametrize(
    ("name", "solve"),
    [("click-test", press_click_me), ("click-button", press_the_named_button), ("enter-text", enter_the_text)],
)
def test_a_page_that_is_solved_gives_the_whole_reward(name: str, solve: object) -> None:
    assert callable(solve)
    with task(name).set_up(seed=3) as scene:
        assert not scene.is_over()
        assert judged(scene).score == 0
        solve(scene)
        assert scene.is_over()
        assert judged(scene).done
        assert judged(scene).score == 1


def test_a_wrong_click_ends_the_episode_with_a_penalty_that_nothing_mends() -> None:
    with task("click-test-2").set_up(seed=3) as scene:
        assert scene.instruction == "Click button ONE."
        click(scene, "TWO")
        assert scene.is_over()
        click(scene, "ONE")
        assert judged(scene).score == -1
        assert not judged(scene).done


def test_a_seed_is_an_instance() -> None:
    def seen(seed: int) -> tuple[str, bytes]:
        with task("click-button").set_up(seed) as scene:
            return scene.instruction, look(scene).image.tobytes()

    first, again, other = seen(5), seen(5), seen(6)
    assert first == again
    assert first[0] != other[0]
    assert first[1] != other[1]


def test_leaving_the_page_ends_the_episode_without_a_reward() -> None:
    with task("click-test").set_up(seed=1) as scene:
        scene.env.execute(Navigate(scene.episode.url))
        scene.env.observe()
        assert scene.is_over()
        assert judged(scene).score == 0


def test_time_runs_out_where_there_is_a_limit() -> None:
    hasty = MiniWob(replace(OURS, limit_ms=300))
    with task("click-test", hasty).set_up(seed=1) as scene:
        for _ in range(20):
            if scene.is_over():
                break
            scene.env.execute(Wait(0.5))
        assert judged(scene).score == -1
        assert "timed out" in judged(scene).found


def test_the_official_clock_is_the_pages_own() -> None:
    with task("click-test", miniwob().with_official_clock()).set_up(seed=1) as scene:
        assert scene.episode.asked is not None
        assert scene.episode.asked.limit_ms == 10_000
        assert scene.clock is Clock.OFFICIAL


def test_two_episodes_at_once_have_a_browser_each() -> None:
    with task("click-test").set_up(seed=3) as scene, task("click-test").set_up(seed=3) as other:
        press_click_me(other)
        assert not scene.is_over()
        assert judged(other).score == 1


def test_browsergyms_protocol_keeps_the_instruction_out_of_sight() -> None:
    with task("click-test-2", miniwob_browsergym()).set_up(seed=0) as scene:
        image = look(scene).image
        assert image.size == (498, 321)
        assert scene.instruction == "Click button ONE."
        with pytest.raises(NotSeen):
            find_text(image, "Click button")
        click(scene, "TWO")
        assert judged(scene).score == -1


def test_the_next_episode_finds_a_browser_without_the_tabs_of_the_one_before() -> None:
    with task("click-test").set_up(seed=1) as scene:
        first = scene.env
        scene.env.execute(Hotkey(("ctrl", "t")))
    with task("click-test").set_up(seed=1) as scene:
        assert scene.env is not first


def test_the_next_episode_finds_the_browser_of_one_that_left_no_trace() -> None:
    with task("click-test").set_up(seed=3) as scene:
        first = scene.env
        press_click_me(scene)
    with task("click-test").set_up(seed=3) as scene:
        assert scene.env is first
        assert not scene.is_over()


def test_the_next_episode_finds_nothing_that_the_one_before_stored() -> None:
    with task("click-test").set_up(seed=3) as scene:
        assert isinstance(scene.env, LentBrowser)
        server = urlsplit(scene.episode.url).netloc
        first = scene.env
        scene.env.ask_page("() => { localStorage.name = sessionStorage.name = document.cookie = 'name=Ann' }", None)
        assert scene.env.ask_page(STORED, None) == [1, 1, "name=Ann"]
        scene.env.execute(Navigate("about:blank"))
    with task("click-test").set_up(seed=3) as scene:
        assert isinstance(scene.env, LentBrowser)
        assert urlsplit(scene.episode.url).netloc == server
        assert scene.env is first
        assert scene.env.ask_page(STORED, None) == [0, 0, ""]
