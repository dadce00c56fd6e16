"""Tasks as environments of Gymnasium: replies and actions in, pictures and the judge's score out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import screenwright.gym
from screenwright import Click, FakeEnv
from screenwright.agent.core.decision import Finish, GiveUp
from screenwright.gym import GymnasiumEnv

GREET = FakeEnv().where("Greet")
DONE = "Thought: It greets.\nAction: finished(content='greeted')"


def reply(x: float, y: float) -> str:
    """A click at a point of the screen of 640x480, in the image of 644x476 that the model sees."""
    return f"Thought: I press it.\nAction: click(start_box='({round(x * 644 / 640)},{round(y * 476 / 480)})')"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "toy").mkdir()
    return tmp_path / "toy"


@pytest.fixture
def env(root: Path) -> Iterator[gymnasium.Env[Any, Any]]:
    made = gymnasium.make("screenwright/Task-v0", benchmark="toy", task="press", root=root)
    yield made
    made.close()


def test_the_checker_of_gymnasium_passes(env: gymnasium.Env[Any, Any]) -> None:
    check_env(env.unwrapped)


def test_every_local_task_has_an_id() -> None:
    gymnasium.register_envs(screenwright.gym)
    names = [name for name in gymnasium.registry if name.startswith("screenwright/")]
    assert "screenwright/miniwob-click-test-v0" in names
    assert "screenwright/gallery-select-v0" in names
    assert "screenwright/injection-control-text-box-v0" in names
    assert len(names) > 400
    assert gymnasium.spec("screenwright/miniwob-click-test-v0").kwargs == {"benchmark": "miniwob", "task": "click-test"}


def test_replies_of_a_model_do_the_task(env: gymnasium.Env[Any, Any]) -> None:
    seen, info = env.reset(seed=1)
    assert seen["image"].shape == (480, 640, 3)
    assert seen["text"] == info["instruction"] == 'Click "Greet" 2 times'
    for offset in (0, 20):
        after, reward, terminated, truncated, info = env.step(reply(GREET.x + offset, GREET.y))
        assert (reward, terminated, truncated) == (0.0, False, False)
        assert not np.array_equal(after["image"], seen["image"])
    _, reward, terminated, truncated, info = env.step(DONE)
    assert (reward, terminated, truncated) == (1.0, True, False)
    assert (info["done"], info["found"], info["stop"]) == (True, "2 presses", "finished")
    with pytest.raises(gymnasium.error.ResetNeeded, match="call reset"):
        env.step(DONE)


def test_actions_are_accepted_too(env: gymnasium.Env[Any, Any]) -> None:
    env.reset(seed=0)
    env.step(Click(GREET))
    _, reward, terminated, _, info = env.step(Finish("done"))
    assert (reward, terminated, info["done"]) == (1.0, True, True)
    env.reset(seed=0)
    _, reward, _, _, info = env.step(GiveUp("no idea"))
    assert (reward, info["stop"]) == (0.0, "infeasible")


def test_the_score_of_the_benchmark_is_the_reward(env: gymnasium.Env[Any, Any]) -> None:
    env.reset(seed=3)
    env.step((Click(GREET),))
    assert env.step(DONE)[1] == 0.25


def test_a_reply_that_cannot_be_parsed_changes_nothing_and_the_third_ends_the_episode(
    env: gymnasium.Env[Any, Any],
) -> None:
    before, _ = env.reset(seed=0)
    for _ in range(2):
        after, reward, terminated, _, _ = env.step("I have no idea")
        assert np.array_equal(after["image"], before["image"])
        assert "could not be parsed" in after["text"]
        assert (reward, terminated) == (0.0, False)
    _, _, terminated, _, info = env.step("I have no idea")
    assert (terminated, info["stop"]) == (True, "stuck")


def test_the_limit_of_steps_truncates(root: Path) -> None:
    env = gymnasium.make("screenwright/Task-v0", benchmark="toy", task="press", root=root, steps=1)
    env.reset(seed=0)
    _, reward, terminated, truncated, info = env.step(Click(GREET))
    assert (reward, terminated, truncated, info["stop"]) == (1.0, False, True, "step_limit")
    env.close()


def test_a_task_that_ends_by_itself_terminates(root: Path) -> None:
    env = gymnasium.make("screenwright/Task-v0", benchmark="toy", task="press-and-end", root=root)
    env.reset(seed=0)
    _, reward, terminated, _, info = env.step(Click(GREET))
    assert (reward, terminated, info["stop"]) == (1.0, True, "task_over")
    env.close()


def test_seeds_that_are_drawn_are_none_of_evaluations(env: gymnasium.Env[Any, Any]) -> None:
    env.reset(seed=5)
    drawn = [env.reset()[1]["instruction"] for _ in range(3)]
    assert len(set(drawn)) == 3
    assert all(int(text.split()[2]) > 1000 for text in drawn)
    env.reset(seed=5)
    assert [env.reset()[1]["instruction"] for _ in range(3)] == drawn


def test_a_closed_environment_releases_its_benchmark_with_the_last_one(root: Path) -> None:
    first, second = (GymnasiumEnv("toy", "press", root=root) for _ in range(2))
    first.close()
    first.close()
    assert not (root / "closed").exists()
    second.close()
    assert (root / "closed").exists()
    with pytest.raises(gymnasium.error.ClosedEnvironmentError):
        second.reset()


def test_unknown_tasks_and_dialects_are_refused(root: Path) -> None:
    with pytest.raises(ValueError, match="toy has no task 'none'"):
        GymnasiumEnv("toy", "none", root=root)
    with pytest.raises(ValueError, match="no dialect 'none'"):
        GymnasiumEnv("toy", "press", "none", root=root)


@pytest.mark.slow
def test_a_vector_of_environments_runs_in_processes(root: Path) -> None:
    envs = gymnasium.make_vec("screenwright/Task-v0", num_envs=2, benchmark="toy", task="press-and-end", root=root)
    try:
        seen, _ = envs.reset(seed=0)  # and 1 for the second
        assert seen["image"].shape == (2, 480, 640, 3)
        assert seen["text"] == ('Click "Greet" 1 times', 'Click "Greet" 2 times')
        _, rewards, terminated, _, _ = envs.step((reply(GREET.x, GREET.y),) * 2)
        assert rewards.tolist() == [1.0, 0.0]
        assert terminated.tolist() == [True, False]
    finally:
        envs.close()
