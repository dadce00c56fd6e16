"""An environment of OpenEnv, with the client of that package."""

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from screenwright import FakeEnv
from screenwright.eval.learn.openenv import OpenEnvSettings, make_app, serve_openenv

openenv: Any = pytest.importorskip("openenv.core", reason="needs the openenv extra: run scripts/test-train")

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

GREET = FakeEnv().where("Greet")
REPLY = f"Action: click(start_box='({round(GREET.x * 644 / 640)},{round(GREET.y * 476 / 480)})')"


@pytest.fixture
def settings(tmp_path: Path) -> OpenEnvSettings:
    (tmp_path / "toy").mkdir()
    return OpenEnvSettings("toy", ("press*",), root=tmp_path / "toy", sessions=2)


@pytest.fixture
def url(settings: OpenEnvSettings) -> Iterator[str]:
    with serve_openenv(settings, port=0) as server:
        yield server.url


def client_of(url: str) -> Any:
    """The client, which is asynchronous in later versions of the package."""
    client = openenv.GenericEnvClient(base_url=url)
    return client.sync() if hasattr(client, "sync") else client


def test_an_episode_over_the_wire(url: str) -> None:
    with client_of(url) as client:
        first = client.reset(seed=0)
        assert Image.open(io.BytesIO(base64.b64decode(first.observation["image"]))).size == (640, 480)
        assert first.observation["text"] == 'Click "Greet" 1 times'
        after = client.step({"reply": REPLY})
        assert (after.reward, after.done) == (0.0, False)
        assert after.observation["image"] != first.observation["image"]
        last = client.step({"reply": "Action: finished()"})
        assert (last.reward, last.done) == (1.0, True)
        assert last.observation["info"]["found"] == "1 presses"
        state = client.state()
        assert (state["task"], state["step_count"]) == ("press", 2)


def test_a_reset_chooses_the_task(url: str) -> None:
    with client_of(url) as client:
        client.reset(seed=0, task="press-and-end")
        last = client.step({"reply": REPLY})
        assert (last.reward, last.done, last.observation["info"]["stop"]) == (1.0, True, "task_over")
        with pytest.raises(Exception, match="serves no task 'slow'"):
            client.reset(task="slow")


def test_sessions_have_a_screen_each(url: str) -> None:
    with (
        client_of(url) as one,
        client_of(url) as other,
    ):
        one.reset(seed=0)
        other.reset(seed=1)
        one.step({"reply": REPLY})
        assert one.step({"reply": "Action: finished()"}).reward == 1.0
        assert other.step({"reply": "Action: finished()"}).reward == 0.0


def test_unknown_tasks_are_refused_before_anything_is_served(settings: OpenEnvSettings) -> None:
    with pytest.raises(ValueError, match="no task matches 'none'"):
        make_app(OpenEnvSettings("toy", ("none",), root=settings.root))
