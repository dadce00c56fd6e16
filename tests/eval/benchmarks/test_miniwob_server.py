"""The server behind MiniWoB++'s pages, on a page of our own."""

import json
from collections.abc import Generator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from screenwright import BrowserEnv, Result, StopReason
from screenwright.agent.core.model import Usage
from screenwright.eval.benchmarks.miniwob import Clock, MiniwobScene, miniwob, miniwob_browsergym
from screenwright.eval.benchmarks.miniwob.pages import find_pages, page_names, version
from screenwright.eval.benchmarks.miniwob.server import PageEpisode, PageOrder, PageServer
from screenwright.eval.core.task import Outcome, TaskError

ORDER = PageOrder("miniwob/press.html", seed=7, data_mode="train", hide_query=False, limit_ms=None)
OVER = {"event": "over", "raw": 1.0, "reward": 0.9, "reason": ""}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("not for pages")
    html = tmp_path / "html"
    (html / "core").mkdir(parents=True)
    (html / "core" / "core.js").write_text("var core = {};")
    (html / "miniwob").mkdir()
    (html / "miniwob" / "press.html").write_text('<head><script src="../core/core.js"></script></head><p>Press.')
    (html / "flight" / "AA").mkdir(parents=True)
    (html / "flight" / "AA" / "wrapper.html").write_text("<p>Fly.")
    return html


@pytest.fixture
def server(root: Path) -> Generator[PageServer]:
    server = PageServer(root)
    yield server
    server.close()


def get(url: str) -> str:
    with urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())


def status(request: Request | str) -> int:
    try:
        with urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code


def told(episode: PageEpisode, report: object) -> int:
    host = episode.url.partition("/miniwob/")[0]
    return status(Request(f"{host}/report/{episode.token}", data=json.dumps(report).encode()))


def test_an_episodes_page_holds_the_driver_right_behind_core(server: PageServer) -> None:
    page = get(server.begin(ORDER).url)
    assert page.startswith('<head><script src="../core/core.js"></script><script>')
    assert '"seed": 7' in page
    assert page.endswith("<p>Press.")


def test_a_page_cannot_be_had_without_an_episode(server: PageServer) -> None:
    url = server.begin(ORDER).url
    assert status(url.partition("?")[0]) == 404
    assert status(url.partition("?")[0] + "?episode=guessed") == 410


def test_loading_the_page_again_ends_the_episode_without_a_reward(server: PageServer) -> None:
    episode = server.begin(ORDER)
    assert "Press." in get(episode.url)
    assert status(episode.url) == 410
    assert episode.is_over
    assert episode.raw_reward == 0


def test_leaving_the_page_ends_the_episode_without_a_reward(server: PageServer) -> None:
    episode = server.begin(ORDER)
    assert told(episode, {"event": "left"}) == 200
    assert episode.is_over
    assert episode.raw_reward == 0


def test_the_first_ending_counts(server: PageServer) -> None:
    episode = server.begin(ORDER)
    told(episode, {**OVER, "raw": -1.0})
    told(episode, OVER)
    told(episode, {"event": "left"})
    assert episode.raw_reward == -1


def test_readiness_brings_what_the_page_asks(server: PageServer) -> None:
    episode = server.begin(ORDER)
    told(episode, {"event": "ready", "utterance": "Press it.", "limit_ms": 10000})
    assert episode.ready.is_set()
    assert episode.asked is not None
    assert episode.asked.utterance == "Press it."


@pytest.mark.parametrize("report", ["", [], {"event": "won"}, {"event": "over", "raw": "much"}])
def test_a_report_that_is_none_is_refused(server: PageServer, report: object) -> None:
    episode = server.begin(ORDER)
    assert told(episode, report) == 410
    assert not episode.is_over


def test_an_ended_episode_is_not_heard_any_more(server: PageServer) -> None:
    episode = server.begin(ORDER)
    server.end(episode)
    assert told(episode, OVER) == 410
    assert not episode.is_over


def test_files_outside_the_pages_are_not_served(server: PageServer) -> None:
    host = server.begin(ORDER).url.partition("/miniwob/")[0]
    assert get(f"{host}/core/core.js") == "var core = {};"
    assert status(f"{host}/../secret.txt") == 404
    assert status(f"{host}/%2e%2e/secret.txt") == 404


def test_tasks_are_found_by_their_pages(root: Path) -> None:
    assert page_names(root) == {"press": "miniwob/press.html", "flight.AA": "flight/AA/wrapper.html"}
    assert [task.name for task in miniwob(root).tasks()] == ["press", "flight.AA"]


def test_a_task_that_is_not_there_is_said_by_name(root: Path) -> None:
    assert miniwob(root).task("press").path == "miniwob/press.html"
    with pytest.raises(TaskError, match="miniwob has no task 'pull'"):
        miniwob(root).task("pull")


def test_a_copy_is_told_apart_by_what_is_in_its_pages(root: Path) -> None:
    before = version(root)
    (root / "miniwob" / "press.html").write_text("<p>Other.")
    assert version(root) != before


def test_a_folder_without_pages_says_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match=r"pip install --no-deps miniwob"):
        find_pages(tmp_path)


def test_the_preset_wants_all_its_tasks(root: Path) -> None:
    with pytest.raises(TaskError, match=r"lacks 125 of BrowserGym's tasks, such as ascending-numbers.html"):
        miniwob_browsergym(root).tasks()


def test_a_result_says_how_long_an_episode_might_take(root: Path) -> None:
    assert "no time limit" in miniwob(root).version
    assert "a time limit of 1000 s" in miniwob_browsergym(root).version
    assert "the pages' own time limits" in miniwob(root).with_official_clock().version
    assert miniwob(root).with_official_clock().name == "miniwob-timed"


@pytest.mark.parametrize(
    ("clock", "outcome"),
    [
        (Clock.OFF, Outcome(True, "raw reward 1", 1.0)),
        (Clock.OFFICIAL, Outcome(True, "raw reward 1, 0.9 with the time taken off", 0.9)),
    ],
)
def test_time_takes_from_the_score_only_by_the_official_clock(
    server: PageServer, clock: Clock, outcome: Outcome
) -> None:
    episode = server.begin(ORDER)
    told(episode, OVER)
    finished = Result(StopReason.FINISHED, "", "", 1, Usage(), 1.0)
    assert MiniwobScene(BrowserEnv(), "Press it.", episode, clock).judge(finished) == outcome
