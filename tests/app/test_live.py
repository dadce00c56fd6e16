"""A run that is being watched: its messages, pauses, questions, and taking over."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from app_server import ASK, DONE, Client, FakeFactory, press, serving, until

from screenwright import (
    ActionResult,
    Agent,
    Click,
    FakeEnv,
    Message,
    Observation,
    ScreenPoint,
    StopReason,
    Type,
    read_run,
)
from screenwright.agent.cassette.replay import Cassette
from screenwright.agent.core.supervision import NO_INTERVENTION
from screenwright.agent.record.events import ApprovalAnswered, NeedsUser, UserActed, UserMessage
from screenwright.agent.record.steps import with_user_steps
from screenwright.agent.record.viewer import render_page
from screenwright.agent.record.viewer.share import mask_events
from screenwright.agent.replay.policy import ReplayPolicy
from screenwright.agent.replay.recipe import recipe_of
from screenwright.envs.actions import Action
from screenwright.envs.env import Fact
from screenwright.eval.datasets.conversations import ConversationFormat
from screenwright.eval.datasets.export import export
from screenwright.testing import eventually

_GREET = FakeEnv().where("Greet")
GREET = _GREET.x, _GREET.y


class Gate:
    """A reply of the model that waits until the test opens it."""

    def __init__(self, reply: str) -> None:
        self.reply, self.asked, self.opened = reply, threading.Event(), threading.Event()

    def __call__(self, messages: Sequence[Message]) -> str:
        self.asked.set()
        assert self.opened.wait(30)
        return self.reply


def start(client: Client, task: str = "Press Greet") -> str:
    """Start a task; the name of its run, once that has begun."""
    client.add(task)
    eventually(lambda: client.jobs()[0]["state"] != "waiting", True)
    return str(client.jobs()[0]["run"])


def greetings(factory: FakeFactory) -> int:
    [env] = factory.envs
    assert isinstance(env, FakeEnv)
    return env.state.presses


def events_of(folder: Path) -> tuple[object, ...]:
    return read_run(next((folder / "runs").iterdir())).events


def test_viewers_see_the_same_steps_live_late_and_from_the_record(tmp_path: Path) -> None:
    gate = Gate(DONE)
    with serving(tmp_path, FakeFactory([press(), gate])) as client:
        run = start(client)
        with client.events(run) as first, client.events(run) as second:
            seen = [until(first, "observed", step=2), until(second, "observed", step=2)]
            assert seen[0] == seen[1]
            picture = client.get(f"/api/runs/{run}/images/{seen[0]['image']}.png")
            assert (picture.status, picture.headers["content-type"]) == (200, "image/png")
            gate.opened.set()
            assert until(first, "ended")["answer"] == until(second, "ended")["answer"] == "It says hello."
        eventually(client.jobs, [])
        with client.events(run) as recorded:
            kinds = [message["kind"] for message in recorded]
    assert kinds.count("observed") == 2
    assert kinds[0] == "started"
    assert kinds[-1] == "ended"


def test_a_viewer_that_reconnects_gets_only_what_it_missed(tmp_path: Path) -> None:
    gate = Gate(DONE)
    with serving(tmp_path, FakeFactory([press(), gate])) as client:
        run = start(client)
        with client.events(run) as messages:
            last = until(messages, "observed", step=2)["id"]
        gate.opened.set()
        with client.events(run, last) as messages:
            missed = [message["kind"] for message in messages]
    if "started" not in missed:  # the run may have ended meanwhile: then its record is sent from the start
        assert missed[0] in ("replied", "decided")
    assert missed[-1] == "ended"


def test_an_action_waits_for_the_approval_of_the_first_viewer_who_answers(tmp_path: Path) -> None:
    factory = FakeFactory(rules="confirm")
    with serving(tmp_path, factory) as client:
        run = start(client)
        with client.events(run) as messages:
            question = until(messages, "question")
            assert (question["asks"], question["rule"], question["scopes"]) == (
                "rule",
                "default",
                ["once", "host", "run"],
            )
            assert question["text"].startswith("click at")
            assert client.jobs()[0]["state"] == "waiting for you"
            picture = client.get(f"/api/runs/{run}/questions/{question['question']}.png")
            assert (picture.status, picture.body[:4]) == (200, b"\x89PNG")
            assert greetings(factory) == 0
            answer = {"question": question["question"], "allowed": True}
            assert client.post(f"/api/runs/{run}/answer", answer | {"question": 99}).status == 409
            assert client.post(f"/api/runs/{run}/answer", answer | {"scope": "forever"}).status == 400
            assert client.post(f"/api/runs/{run}/answer", answer).status == 200
            until(messages, "closed", question=question["question"])
            assert client.post(f"/api/runs/{run}/answer", answer | {"allowed": False}).status == 409
            until(messages, "ended", stop="finished")
        assert greetings(factory) == 1


def test_a_denied_action_is_not_carried_out_and_its_reason_reaches_the_model(tmp_path: Path) -> None:
    factory = FakeFactory(
        [press(), "Thought: I stop.\nAction: finished()", "Thought: I stop.\nAction: finished()"], rules="confirm"
    )
    with serving(tmp_path, factory) as client:
        run = start(client)
        with client.events(run) as messages:
            number = until(messages, "question")["question"]
            denial = {"question": number, "allowed": False, "text": "press Save instead"}
            assert client.post(f"/api/runs/{run}/answer", denial).status == 200
            assert until(messages, "acted")["failure"] == "denied: press Save instead"
            until(messages, "ended")
        assert greetings(factory) == 0
    assert "press Save instead" in str(factory.models[0].asked[1])
    [answered] = [event for event in events_of(tmp_path) if isinstance(event, ApprovalAnswered)]
    assert (answered.allowed, answered.by) == (False, "user")


def test_an_approval_for_the_run_is_asked_for_once(tmp_path: Path) -> None:
    factory = FakeFactory([press(), press("Name"), DONE], rules="confirm")
    with serving(tmp_path, factory) as client:
        run = start(client)
        with client.events(run) as messages:
            answer = {"question": until(messages, "question")["question"], "allowed": True, "scope": "run"}
            client.post(f"/api/runs/{run}/answer", answer)
            until(messages, "ended", stop="finished")
    assert len([event for event in events_of(tmp_path) if isinstance(event, NeedsUser)]) == 1


@pytest.mark.parametrize("way", ["answer", "message"])
def test_the_question_of_the_model_is_answered(tmp_path: Path, way: str) -> None:
    factory = FakeFactory([ASK, DONE])
    with serving(tmp_path, factory) as client:
        run = start(client)
        with client.events(run) as messages:
            question = until(messages, "question", asks="question")
            body: dict[str, object] = {"text": "The code is 42."}
            if way == "answer":
                body |= {"question": question["question"], "allowed": True}
            assert client.post(f"/api/runs/{run}/{way}", body).status == 200
            assert until(messages, "said")["text"] == "The code is 42."
            until(messages, "ended", stop="finished")
    assert "The code is 42." in str(factory.models[0].asked[1])
    assert [event.text for event in events_of(tmp_path) if isinstance(event, UserMessage)] == ["The code is 42."]


def test_a_run_is_paused_told_something_taken_over_and_resumed(tmp_path: Path) -> None:
    gate = Gate(press())
    factory = FakeFactory([gate, DONE])
    with serving(tmp_path, factory) as client:
        run = start(client)
        click = {"action": {"type": "click", "at": [*GREET]}}
        with client.events(run) as messages:
            assert gate.asked.wait(30)
            assert (
                client.post(f"/api/runs/{run}/act", click).json["error"]
                == "pause the run first, and wait until it is paused"
            )
            assert client.post(f"/api/runs/{run}/look").json["problem"].startswith("pause the run first")
            assert client.post(f"/api/runs/{run}/pause").status == 200
            until(messages, "state", state="pausing")
            assert client.post(f"/api/runs/{run}/act", click).status == 409
            gate.opened.set()
            until(messages, "state", state="paused")
            pressed = greetings(factory)
            assert client.post(f"/api/runs/{run}/look").status == 200
            before = until(messages, "frame")
            assert client.post(f"/api/runs/{run}/act", click).status == 200
            after = until(messages, "frame")
            assert before["image"] != after["image"]
            assert client.get(f"/api/runs/{run}/frames/{after['image']}.png").body[:4] == b"\x89PNG"
            assert greetings(factory) == pressed + 1
            for action, status in (
                ({"type": "click", "at": [9999, 1]}, 409),
                ({"type": "open_app", "app": "xterm"}, 409),
                ({"type": "finish", "answer": ""}, 400),
                ({"type": "click"}, 400),
                ({"type": "click", "at": [1, 1], "count": 10**9}, 400),
            ):
                assert client.post(f"/api/runs/{run}/act", {"action": action}).status == status, action
            assert client.post(f"/api/runs/{run}/message", {"text": "I pressed it."}).status == 200
            assert client.post(f"/api/runs/{run}/resume").status == 200
            until(messages, "ended", stop="finished")
    prompt = str(factory.models[0].asked[-1])
    assert "I pressed it." in prompt
    assert "The user had control of the screen and changed it." in prompt


def test_the_user_operates_the_screen_while_the_model_waits_for_an_answer(tmp_path: Path) -> None:
    factory = FakeFactory([ASK, DONE])
    with serving(tmp_path, factory) as client:
        run = start(client)
        with client.events(run) as messages:
            number = until(messages, "question")["question"]
            click = {"action": {"type": "click", "at": [*GREET]}}
            assert client.post(f"/api/runs/{run}/act", click).status == 200
            until(messages, "frame")
            client.post(f"/api/runs/{run}/answer", {"question": number, "allowed": True})
            until(messages, "ended", stop="finished")
    assert greetings(factory) == 1


class Downloading(FakeEnv):
    """A screen where each click downloads a file."""

    def __init__(self) -> None:
        super().__init__()
        self.facts: tuple[Fact, ...] = ()

    def execute(self, action: Action) -> ActionResult:
        self.facts = (Fact("A file was downloaded: {}.", ("tea.pdf",)),)
        return super().execute(action)

    def observe(self) -> Observation:
        facts, self.facts = self.facts, ()
        return replace(super().observe(), facts=facts)


def test_what_happens_while_the_user_has_the_screen_reaches_the_model(tmp_path: Path) -> None:
    factory = FakeFactory([ASK, DONE], open_env=Downloading)
    with serving(tmp_path, factory) as client:
        run = start(client)
        with client.events(run) as messages:
            number = until(messages, "question")["question"]
            click = {"action": {"type": "click", "at": [*GREET]}}
            assert client.post(f"/api/runs/{run}/act", click).status == 200
            client.post(f"/api/runs/{run}/answer", {"question": number, "allowed": True})
            assert 'A file was downloaded: "tea.pdf".' in until(messages, "observed", step=2)["notes"]
            until(messages, "ended", stop="finished")
    assert "tea.pdf" in str(factory.models[0].asked[-1])


def test_a_run_is_stopped_also_while_it_asks(tmp_path: Path) -> None:
    factory = FakeFactory(rules="confirm")
    with serving(tmp_path, factory) as client:
        run = start(client)
        with client.events(run) as messages:
            until(messages, "question")
            assert client.post(f"/api/runs/{run}/stop").status == 200
            assert until(messages, "ended")["stop"] == "cancelled"
        eventually(client.jobs, [])
        assert client.post(f"/api/runs/{run}/stop").json["error"] == "the run is over"
    assert greetings(factory) == 0


def taken_over(client: Client, messages: Iterator[dict[str, object]], run: str) -> None:
    """The user clicks Greet and Name, types a text in parts, and returns the screen."""
    number = until(messages, "question")["question"]
    name = FakeEnv().where("Name")
    for action in (
        {"type": "click", "at": [*GREET]},
        {"type": "click", "at": [name.x, name.y]},
        {"type": "type", "text": "Gra"},
        {"type": "type", "text": "ce"},
        {"type": "click", "at": [9999, 1]},  # which is refused
    ):
        client.post(f"/api/runs/{run}/act", {"action": action})
    client.post(f"/api/runs/{run}/answer", {"question": number, "allowed": True})


def test_what_the_user_does_becomes_steps_of_the_run(tmp_path: Path) -> None:
    with serving(tmp_path, FakeFactory([ASK, DONE])) as client:
        run = start(client)
        with client.events(run) as messages:
            taken_over(client, messages, run)
            live = [until(messages, "user_acted") for _ in range(3)]
            until(messages, "ended", stop="finished")
        eventually(client.jobs, [])
        with client.events(run) as recorded:
            shown = [one for one in recorded if one["kind"] == "user_acted"]
        assert [one | {"id": ""} for one in shown] == [one | {"id": ""} for one in live]
        assert client.get(f"/api/runs/{run}/images/{live[2]['image']}.png").status == 200
    folder = next((tmp_path / "runs").iterdir())
    acted = [event for event in events_of(tmp_path) if isinstance(event, UserActed)]
    name = FakeEnv().where("Name")
    assert [event.action for event in acted] == [Click(ScreenPoint(*GREET)), Click(name), Type("Grace")]
    assert len({event.observation.screenshot for event in acted}) == 3
    steps = with_user_steps(read_run(folder).events)
    assert [step.name for step in steps] == ["1", "1.1", "1.2", "1.3", "2"]
    page = render_page(read_run(folder).events)
    assert '"step":"1.3","byUser":true' in page.replace(" ", "")
    masked = mask_events(read_run(folder).events)
    assert "Grace" not in str(masked)
    Cassette(folder).check()


def test_what_the_user_does_is_performed_again_and_exported(tmp_path: Path) -> None:
    with serving(tmp_path, FakeFactory([ASK, DONE])) as client:
        run = start(client)
        with client.events(run) as messages:
            taken_over(client, messages, run)
            until(messages, "ended", stop="finished")
    folder = next((tmp_path / "runs").iterdir())
    recipe = recipe_of(read_run(folder))
    assert [type(step.action) for step in recipe.steps] == [Click, Click, Type]
    assert all(step.after is not None for step in recipe.steps)
    exported = export(folder, tmp_path / "train.jsonl", conversation_format=ConversationFormat(dialect="ui-tars-1.5"))
    assert exported.lines == 5
    assert "type(content='Grace')" in (tmp_path / "train.jsonl").read_text()
    as_recorded = export(folder, tmp_path / "recorded.jsonl")
    assert as_recorded.lines == 2


@pytest.mark.reader
def test_a_run_in_which_the_user_helped_is_performed_without_them(tmp_path: Path) -> None:
    with serving(tmp_path, FakeFactory([ASK, DONE])) as client:
        run = start(client)
        with client.events(run) as messages:
            taken_over(client, messages, run)
            until(messages, "ended", stop="finished")
    env = FakeEnv()
    policy = ReplayPolicy(recipe_of(read_run(next((tmp_path / "runs").iterdir()))), wait_s=0.1)
    result = Agent(policy=policy, supervision=NO_INTERVENTION).run("again", env)
    assert (result.reason, result.stop) == ("", StopReason.FINISHED)
    assert (env.state.presses, env.state.text) == (1, "Grace")
