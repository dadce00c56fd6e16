"""The public test doubles."""

import subprocess
import sys
from typing import get_args

import screenwright.testing
from screenwright import Agent, ModelLost, ServedModel, StopReason
from screenwright.testing import FakeEnv, FakeModelServer


def test_every_public_name_is_importable_and_documented() -> None:
    for name in dir(screenwright.testing):
        value = getattr(screenwright.testing, name)
        assert get_args(value) or value.__doc__, f"{name} has no docstring"


def test_only_the_contract_needs_pytest() -> None:
    code = "import sys; sys.modules['pytest'] = None; from screenwright.testing import FakeEnv, FakeModelServer"
    path = {"PYTHONPATH": ":".join(sys.path)}
    subprocess.run([sys.executable, "-W", "error", "-c", code], env=path, check=True)


def test_fake_server_replies_in_order_and_keeps_the_requests() -> None:
    replies = ["Action: wait()", "Action: finished(content='done')"]
    with FakeModelServer(replies) as server, ServedModel(server.url) as model:
        result = Agent(model).run("a task", FakeEnv())
        assert (result.stop, result.answer, result.steps) == (StopReason.FINISHED, "done", 2)
        assert any("a task" in message.text for message in server.model.asked[0])


def test_fake_server_without_replies_left_returns_an_error() -> None:
    with FakeModelServer([]) as server, ServedModel(server.url) as model:
        result = Agent(model).run("a task", FakeEnv())
    assert result.stop is StopReason.MODEL_LOST


def test_fake_server_turns_a_lost_model_into_an_http_error() -> None:
    with FakeModelServer([ModelLost("out of memory")] * 9) as server, ServedModel(server.url) as model:
        result = Agent(model).run("a task", FakeEnv())
    assert result.stop is StopReason.MODEL_LOST
    assert "out of memory" in result.reason
