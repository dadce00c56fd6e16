"""MiniWoB++'s pages in a browser, operated by clicks on text located in the screenshot."""

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
from screenwright.eval.benchmarks.browsers import PooledBrowser
from screenwright.eval.benchmarks.gallery.steps import TargetNotFound, find_text
from screenwright.eval.benchmarks.miniwob import (
    OURS,
    EpisodeTiming,
    MiniWob,
    MiniwobInstance,
    MiniwobTask,
    close_browsers,
    miniwob,
    miniwob_browsergym,
    miniwob_timed,
)
from screenwright.eval.core.task import Outcome

pytestmark = [pytest.mark.browser, pytest.mark.reader]

STORED = "() => [localStorage.length, sessionStorage.length, document.cookie]"
FINISHED = Result(StopReason.FINISHED, "", "", 1, Usage(), 1.0)


@pytest.fixture(scope="module", autouse=True)
def _close_browsers() -> Generator[None]:
    yield
    close_browsers()


def task(name: str, benchmark: MiniWob | None = None) -> MiniwobTask:
    return (benchmark or miniwob()).task(name)


def screenshot(instance: MiniwobInstance) -> Screenshot:
    return instance.env.observe().screenshot


def click(instance: MiniwobInstance, text: str) -> None:
    area = find_text(screenshot(instance).image, text)
    instance.env.execute(Click(ScreenPoint(area.left + area.width / 2, area.top + area.height / 2)))


def press_click_me(instance: MiniwobInstance) -> None:
    click(instance, "Click Me!")


def press_the_named_button(instance: MiniwobInstance) -> None:
    click(instance, _quoted(instance.instruction))


def enter_the_text(instance: MiniwobInstance) -> None:
    submit = find_text(screenshot(instance).image, "Submit")
    instance.env.execute(Click(ScreenPoint(submit.left, submit.top - submit.height * 2)))
    instance.env.execute(Type(_quoted(instance.instruction)))
    click(instance, "Submit")


def _quoted(text: str) -> str:
    found = re.search(r'"(.+?)"', text)
    assert found is not None
    return found.group(1)


def judged(instance: MiniwobInstance) -> Outcome:
    return instance.judge(FINISHED)


@pytest.mark.parametrize(
    ("name", "solve"),
    [("click-test", press_click_me), ("click-button", press_the_named_button), ("enter-text", enter_the_text)],
)
def test_a_solved_page_gives_the_full_reward(name: str, solve: object) -> None:
    assert callable(solve)
    with task(name).set_up(seed=3) as instance:
        assert not instance.is_over()
        assert judged(instance).score == 0
        solve(instance)
        assert instance.is_over()
        assert judged(instance).done
        assert judged(instance).score == 1


def test_a_wrong_click_ends_the_episode_with_a_penalty() -> None:
    with task("click-test-2").set_up(seed=3) as instance:
        assert instance.instruction == "Click button ONE."
        click(instance, "TWO")
        assert instance.is_over()
        click(instance, "ONE")
        assert judged(instance).score == -1
        assert not judged(instance).done


def test_the_seed_determines_the_instance() -> None:
    def start(seed: int) -> tuple[str, bytes]:
        with task("click-button").set_up(seed) as instance:
            return instance.instruction, screenshot(instance).image.tobytes()

    first, again, other = start(5), start(5), start(6)
    assert first == again
    assert first[0] != other[0]
    assert first[1] != other[1]


def test_leaving_the_page_ends_the_episode_without_a_reward() -> None:
    with task("click-test").set_up(seed=1) as instance:
        instance.env.execute(Navigate(instance.episode.url))
        instance.env.observe()
        assert instance.is_over()
        assert judged(instance).score == 0


def test_an_episode_times_out_at_its_limit() -> None:
    short = MiniWob(replace(OURS, limit_ms=300))
    with task("click-test", short).set_up(seed=1) as instance:
        for _ in range(20):
            if instance.is_over():
                break
            instance.env.execute(Wait(0.5))
        assert judged(instance).score == -1
        assert "timed out" in judged(instance).found


def test_the_official_clock_uses_the_pages_own_limit() -> None:
    with task("click-test", miniwob_timed()).set_up(seed=1) as instance:
        assert instance.episode.start is not None
        assert instance.episode.start.limit_ms == 10_000
        assert instance.clock is EpisodeTiming.OFFICIAL


def test_parallel_episodes_have_separate_browsers() -> None:
    with task("click-test").set_up(seed=3) as instance, task("click-test").set_up(seed=3) as other:
        press_click_me(other)
        assert not instance.is_over()
        assert judged(other).score == 1


def test_the_browsergym_protocol_hides_the_instruction() -> None:
    with task("click-test-2", miniwob_browsergym()).set_up(seed=0) as instance:
        image = screenshot(instance).image
        assert image.size == (498, 321)
        assert instance.instruction == "Click button ONE."
        with pytest.raises(TargetNotFound):
            find_text(image, "Click button")
        click(instance, "TWO")
        assert judged(instance).score == -1


def test_a_browser_with_a_new_tab_is_not_reused() -> None:
    with task("click-test").set_up(seed=1) as instance:
        first = instance.env
        instance.env.execute(Hotkey(("ctrl", "t")))
    with task("click-test").set_up(seed=1) as instance:
        assert instance.env is not first


def test_an_unchanged_browser_is_reused() -> None:
    with task("click-test").set_up(seed=3) as instance:
        first = instance.env
        press_click_me(instance)
    with task("click-test").set_up(seed=3) as instance:
        assert instance.env is first
        assert not instance.is_over()


def test_a_reused_browser_has_empty_storage() -> None:
    with task("click-test").set_up(seed=3) as instance:
        assert isinstance(instance.env, PooledBrowser)
        server = urlsplit(instance.episode.url).netloc
        first = instance.env
        instance.env.evaluate_in_page(
            "() => { localStorage.name = sessionStorage.name = document.cookie = 'name=Ann' }", None
        )
        assert instance.env.evaluate_in_page(STORED, None) == [1, 1, "name=Ann"]
        instance.env.execute(Navigate("about:blank"))
    with task("click-test").set_up(seed=3) as instance:
        assert isinstance(instance.env, PooledBrowser)
        assert urlsplit(instance.episode.url).netloc == server
        assert instance.env is first
        assert instance.env.evaluate_in_page(STORED, None) == [0, 0, ""]
