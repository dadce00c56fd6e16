"""Secrets on screens that are known by their pixels: asked about, typed, masked."""

from pathlib import Path

import pytest

from screenwright import (
    Acted,
    Action,
    ActionResult,
    Agent,
    ApprovalAnswer,
    ApprovalRequest,
    Click,
    Fact,
    FakeEnv,
    Observation,
    Observed,
    Scope,
    ScriptedPolicy,
    Secret,
    Type,
    read_run,
)
from screenwright.agent.loop.secret_env import secret_env
from screenwright.envs.env import ActionRefused
from screenwright.envs.input.private import is_typing_secret
from screenwright.envs.secrets import SecretVault

VALUES = ("hunter-Two", "BEACON/42x")


class Window(FakeEnv):
    """The fake screen in the window of `program`; records what was typed, and whether as a secret."""

    def __init__(self, program: str = "notes") -> None:
        super().__init__()
        self.program, self.typed, self.looks = program, list[tuple[str, bool]](), 0

    def observe(self) -> Observation:
        seen, self.looks = super().observe(), self.looks + 1
        return Observation(seen.screenshot, (Fact(f"Look {self.looks}."),), seen.location, program=self.program)

    def execute(self, action: Action) -> ActionResult:
        if isinstance(action, Type):
            self.typed.append((action.text, is_typing_secret()))
        return super().execute(action)


def focused(program: str = "notes") -> Window:
    env = Window(program)
    env.execute(Click(env.where("Name")))
    return env


@pytest.mark.parametrize("allowed", [True, False])
def test_a_secret_that_is_bound_to_nothing_is_typed_if_the_user_allows_it(tmp_path: Path, allowed: bool) -> None:
    env, asked = focused(), list[ApprovalRequest]()

    def approve(request: ApprovalRequest) -> ApprovalAnswer:
        asked.append(request)
        return ApprovalAnswer(allowed, Scope.RUN)

    policy = ScriptedPolicy([(Type("{{bank}}"),), (Type("{{bank}}"),)])
    Agent(policy=policy, secrets=[Secret("bank", VALUES[0])], approver=approve).run("Go", env, out=tmp_path / "run")
    assert [one.rule for one in asked] == ["secret bank"] * (1 if allowed else 2)
    assert (VALUES[0] in env.state.text) == allowed
    assert VALUES[0] not in f"{asked}{(tmp_path / 'run/events.jsonl').read_text()}"


def test_pictures_of_two_secrets_differ_only_before_they_are_typed(tmp_path: Path) -> None:
    runs: list[list[str]] = []
    for value in VALUES:
        env, folder = focused(), tmp_path / value[:3]
        steps: list[tuple[Action, ...]] = [
            (Type("me {{bank}} x"),),
            (Click(env.where("Greet")),),
            (Type("{{bank}}", submit=True),),
        ]
        agent = Agent(policy=ScriptedPolicy(steps), secrets=[Secret("bank", value, "program:notes")])
        assert agent.run("Go", env, out=folder).finished
        assert ("me ", False) in env.typed
        assert (value, True) in env.typed
        events = read_run(folder).events
        runs.append([event.observation.screenshot.sha256 for event in events if isinstance(event, Observed)])
        assert not [event.refused for event in events if isinstance(event, Acted) and event.refused]
        assert value not in (folder / "events.jsonl").read_text()
    assert len(runs[0]) == 4


def test_a_secret_is_typed_only_in_its_program_and_never_for_a_host() -> None:
    bound = [Secret("a", VALUES[0], "program:Notes"), Secret("b", VALUES[1], "bank.example")]
    env = focused("mail")
    screen = secret_env(env, SecretVault(bound))
    with pytest.raises(ActionRefused, match="belongs to the program notes, and 'mail' is active"):
        screen.execute(Type("me {{a}}"))
    with pytest.raises(ActionRefused, match=r"belongs to bank.example, and this screen has no hosts"):
        screen.execute(Type("me {{b}}"))
    env.program = ""
    with pytest.raises(ActionRefused, match="the active program is not known"):
        screen.execute(Type("{{a}}"))
    assert env.typed == []
    env.program = "NOTES"
    screen.execute(Type("{{a}}"))
    assert [text for text, _ in env.typed] == [VALUES[0]]


def test_no_fact_is_lost_between_the_parts_of_a_text() -> None:
    env = focused()
    screen = secret_env(env, SecretVault([Secret("a", VALUES[0], "program:notes")]))
    screen.execute(Type("me {{a}} and {{a}}"))
    facts = [str(fact) for fact in screen.observe().facts]
    assert facts == [f"Look {number}." for number in range(1, env.looks + 1)]


def test_errors_of_the_screen_name_the_handle() -> None:
    class Failing(FakeEnv):
        def execute(self, action: Action) -> ActionResult:
            raise ActionRefused(f"cannot do {action!r}") from OSError(VALUES[0])

    screen = secret_env(Failing(), SecretVault([Secret("a", VALUES[0])]))
    with pytest.raises(ActionRefused) as refused:
        screen.execute(Type("{{a}}"))
    assert VALUES[0] not in f"{refused.value} {refused.value.__cause__}"
    assert "{{a}}" in str(refused.value)
