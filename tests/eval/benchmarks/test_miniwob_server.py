"""The local server of MiniWoB++, tested with a page of our own."""

import json
from collections.abc import Generator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from screenwright import BrowserEnv, Result, StopReason
from screenwright.agent.core.model import Usage
from screenwright.eval.benchmarks.miniwob import (
    EpisodeTiming,
    MiniwobInstance,
    miniwob,
    miniwob_browsergym,
    miniwob_timed,
)
from screenwright.eval.benchmarks.miniwob.pages import find_pages, page_names, version
from screenwright.eval.benchmarks.miniwob.server import PageConfig, PageEpisode, PageServer
from screenwright.eval.core.task import Outcome, TaskError

CONFIG = PageConfig("miniwob/press.html", seed=7, data_mode="train", hide_query=False, limit_ms=None)
ENDED = {"event": "ended", "raw": 1.0, "reward": 0.9, "reason": ""}


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
    with urlopen(url, timeout=60) as answer:
        return str(answer.read().decode())


def status(request: Request | str) -> int:
    try:
        with urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code


def send(episode: PageEpisode, event: object) -> int:
    host = episode.url.partition("/miniwob/")[0]
    return status(Request(f"{host}/report/{episode.token}", data=json.dumps(event).encode()))


def test_the_driver_script_follows_core_js_in_the_page(server: PageServer) -> None:
    page = get(server.start_episode(CONFIG).url)
    assert page.startswith('<head><script src="../core/core.js"></script><script>')
    assert '"seed": 7' in page
    assert page.endswith("<p>Press.")


def test_a_page_is_only_served_to_its_episode(server: PageServer) -> None:
    url = server.start_episode(CONFIG).url
    assert status(url.partition("?")[0]) == 404
    assert status(url.partition("?")[0] + "?episode=guessed") == 410


def test_reloading_the_page_ends_the_episode_without_a_reward(server: PageServer) -> None:
    episode = server.start_episode(CONFIG)
    assert "Press." in get(episode.url)
    assert status(episode.url) == 410
    assert episode.is_over
    assert episode.raw_reward == 0


def test_leaving_the_page_ends_the_episode_without_a_reward(server: PageServer) -> None:
    episode = server.start_episode(CONFIG)
    assert send(episode, {"event": "unloaded"}) == 200
    assert episode.is_over
    assert episode.raw_reward == 0


def test_the_first_ending_counts(server: PageServer) -> None:
    episode = server.start_episode(CONFIG)
    send(episode, {**ENDED, "raw": -1.0})
    send(episode, ENDED)
    send(episode, {"event": "unloaded"})
    assert episode.raw_reward == -1


def test_the_ready_event_brings_the_instruction(server: PageServer) -> None:
    episode = server.start_episode(CONFIG)
    send(episode, {"event": "ready", "utterance": "Press it.", "limit_ms": 10000})
    assert episode.ready.is_set()
    assert episode.start is not None
    assert episode.start.utterance == "Press it."


@pytest.mark.parametrize("event", ["", [], {"event": "won"}, {"event": "ended", "raw": "much"}])
def test_an_invalid_event_is_rejected(server: PageServer, event: object) -> None:
    episode = server.start_episode(CONFIG)
    assert send(episode, event) == 410
    assert not episode.is_over


def test_events_of_an_ended_episode_are_rejected(server: PageServer) -> None:
    episode = server.start_episode(CONFIG)
    server.end_episode(episode)
    assert send(episode, ENDED) == 410
    assert not episode.is_over


def test_files_outside_the_pages_are_not_served(server: PageServer) -> None:
    host = server.start_episode(CONFIG).url.partition("/miniwob/")[0]
    assert get(f"{host}/core/core.js") == "var core = {};"
    assert status(f"{host}/../secret.txt") == 404
    assert status(f"{host}/%2e%2e/secret.txt") == 404


def test_tasks_are_found_by_their_pages(root: Path) -> None:
    assert page_names(root) == {"press": "miniwob/press.html", "flight.AA": "flight/AA/wrapper.html"}
    assert [task.name for task in miniwob(root).tasks()] == ["press", "flight.AA"]
    assert miniwob(root.parent).tasks() == miniwob(root).tasks()


def test_an_unknown_task_is_named_in_the_error(root: Path) -> None:
    assert miniwob(root).task("press").path == "miniwob/press.html"
    with pytest.raises(TaskError, match="miniwob has no task 'pull'"):
        miniwob(root).task("pull")


def test_the_version_changes_with_the_pages(root: Path) -> None:
    before = version(root)
    (root / "miniwob" / "press.html").write_text("<p>Other.")
    assert version(root) != before


def test_a_folder_without_pages_raises_an_error_that_says_how_to_install_them(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match=r"pip install --no-deps miniwob"):
        find_pages(tmp_path)


def test_the_browsergym_protocol_requires_all_its_tasks(root: Path) -> None:
    with pytest.raises(TaskError, match=r"lacks 125 of BrowserGym's tasks, such as ascending-numbers.html"):
        miniwob_browsergym(root).tasks()


def test_the_version_names_the_time_limit(root: Path) -> None:
    assert "no time limit" in miniwob(root).version
    assert "a time limit of 1000 s" in miniwob_browsergym(root).version
    assert "the pages' own time limits" in miniwob_timed(root).version
    assert miniwob_timed(root).name == "miniwob-timed"


@pytest.mark.parametrize(
    ("clock", "outcome"),
    [
        (EpisodeTiming.OFF, Outcome(True, "raw reward 1", 1.0)),
        (EpisodeTiming.OFFICIAL, Outcome(True, "raw reward 1, 0.9 after the time penalty", 0.9)),
    ],
)
def test_only_the_official_clock_applies_the_time_penalty(
    server: PageServer, clock: EpisodeTiming, outcome: Outcome
) -> None:
    episode = server.start_episode(CONFIG)
    send(episode, ENDED)
    finished = Result(StopReason.FINISHED, "", "", 1, Usage(), 1.0)
    assert MiniwobInstance(BrowserEnv(), "Press it.", episode, clock).judge(finished) == outcome
