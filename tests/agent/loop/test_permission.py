"""Rules in an episode: what is asked of whom, how long an approval holds, and what changed before the action."""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest

from screenwright import (
    Acted,
    Action,
    Agent,
    Allow,
    ApprovalAnswer,
    ApprovalAnswered,
    ApprovalRequest,
    Ask,
    Click,
    Ended,
    Episode,
    Event,
    FakeEnv,
    Move,
    NeedsUser,
    NoApprover,
    Observation,
    Observed,
    RuleSet,
    Scope,
    ScreenPoint,
    Screenshot,
    ScriptedPolicy,
    Started,
    StopReason,
    Supervision,
    Type,
    Wait,
)
from screenwright.agent.core.decision import AskUser, Ending, Finish
from screenwright.agent.guard.approval import Approve, as_approver
from screenwright.agent.loop.control import Control
from screenwright.envs.env import ActionResult

GREET = Click(ScreenPoint(74, 58))
Script = Iterable[tuple[Action, ...] | Ending]


def rules(*each: dict[str, Any], default: str = "allow") -> RuleSet:
    return RuleSet.model_validate({"default": default, "rule": each})


ASK = rules({"do": "ask", "name": "clicks", "actions": ["click"]})


class Answers:
    """An approver function that gives `answers` in turn and keeps the requests."""

    def __init__(self, *answers: ApprovalAnswer | None) -> None:
        self.answers, self.requests = list(answers), list[ApprovalRequest]()

    def __call__(self, request: ApprovalRequest) -> ApprovalAnswer | None:
        self.requests.append(request)
        return self.answers.pop(0)


def play(
    script: Script,
    rule_set: RuleSet = ASK,
    approve: Approve | None = None,
    *,
    env: FakeEnv | None = None,
    texts: Callable[[Screenshot, ScreenPoint], str | None] = lambda screenshot, point: "",
    timeout_s: float | None = None,
) -> list[Event]:
    episode = Episode(
        "a task",
        env or FakeEnv(),
        ScriptedPolicy(script),
        rules=rule_set,
        approver=None if approve is None else as_approver(approve),
        supervision=Supervision(approval_timeout_s=timeout_s),
        read_target=texts,
    )
    return list(episode.run())


def all_of(kind: type[Any], events: list[Event]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def end_of(events: list[Event]) -> Ended:
    assert isinstance(events[-1], Ended)
    return events[-1]


def test_start_records_the_hash_of_the_rules() -> None:
    assert all_of(Started, play([Finish()]))[0].rules_sha256 == ASK.sha256


def test_denied_action_is_not_carried_out_and_the_model_is_told_the_reason_and_the_rule() -> None:
    env = FakeEnv()
    never = rules({"do": "deny", "name": "no clicks", "actions": ["click"], "reason": "only keys"})
    events = play([(GREET,), (Wait(0.0),), Finish()], never, env=env)
    assert env.state.presses == 0
    assert all_of(Acted, events)[0].by_guard
    assert "only keys (rule 'no clicks')" in all_of(Observed, events)[1].notes[0]
    assert end_of(events).stop is StopReason.FINISHED


def test_stop_ends_the_run_as_refused() -> None:
    events = play([(GREET,), Finish()], rules({"do": "stop", "actions": ["click"], "reason": "enough"}))
    assert (end_of(events).stop, end_of(events).reason) == (StopReason.REFUSED, "enough (rule 'rule 1')")


def test_request_shows_what_will_happen_where_and_why() -> None:
    approve = Answers(ApprovalAnswer(True))
    asking = rules({"do": "ask", "name": "buttons", "target_text": ["greet"], "reason": "it greets"})
    events = play([(GREET,), Finish()], asking, approve, texts=lambda screenshot, point: "Greet\x1b[2K")
    (request,) = approve.requests
    assert (request.kind, request.rule, request.reason) == ("rule", "buttons", "it greets")
    assert request.question == 'click at 74, 58 on "Greet\ufffd[2K"'
    assert (request.place, request.actions) == ("Fake window", (GREET,))
    assert request.image is not None
    assert request.image.size.width == 480
    (answered,) = all_of(ApprovalAnswered, events)
    assert (answered.allowed, answered.rule, answered.by) == (True, "buttons", "user")
    assert [event.kind for event in all_of(NeedsUser, events)] == ["rule"]


@pytest.mark.parametrize(("scope", "asked"), [(Scope.ONCE, 3), (Scope.HOST, 1), (Scope.RUN, 1)])
def test_approval_holds_for_its_scope(scope: Scope, asked: int) -> None:
    approve = Answers(*[ApprovalAnswer(True, scope)] * 3)
    env = FakeEnv()
    play([(GREET,), (GREET,), (GREET,), Finish()], ASK, approve, env=env)
    assert (len(approve.requests), env.state.presses) == (asked, 3)


def test_approval_holds_no_longer_than_the_rule_permits() -> None:
    approve = Answers(*[ApprovalAnswer(True, Scope.RUN)] * 2)
    once = rules({"do": "ask", "actions": ["click"], "scope": "once"})
    play([(GREET,), (GREET,), Finish()], once, approve)
    assert [request.scopes for request in approve.requests] == [(Scope.ONCE,)] * 2


def test_approval_holds_only_for_the_rule_that_asked() -> None:
    approve = Answers(*[ApprovalAnswer(True, Scope.RUN)] * 2)
    two = rules({"do": "ask", "actions": ["click"]}, {"do": "ask", "actions": ["wait"]})
    play([(GREET,), (Wait(0.0),), (GREET,), (Wait(0.0),), Finish()], two, approve)
    assert [request.rule for request in approve.requests] == ["rule 1", "rule 2"]


def test_words_of_a_denial_go_to_the_model() -> None:
    events = play([(GREET,), (Wait(0.0),), Finish()], ASK, Answers(ApprovalAnswer(False, text="use the menu")))
    assert "use the menu" in all_of(Observed, events)[1].notes[0]


def test_without_anyone_to_ask_the_action_is_denied() -> None:
    env = FakeEnv()
    events = play([(GREET,), (Wait(0.0),), Finish()], ASK, env=env)
    (answered,) = all_of(ApprovalAnswered, events)
    assert (answered.allowed, answered.by, env.state.presses) == (False, "no_one", 0)


def test_question_without_an_answer_in_time_is_denied() -> None:
    asked: list[bool] = []

    async def never(request: ApprovalRequest) -> ApprovalAnswer:
        try:
            await asyncio.Event().wait()
        finally:
            asked.append(True)
        return ApprovalAnswer(True)

    env = FakeEnv()
    events = play([(GREET,), (Wait(0.0),), Finish()], ASK, never, env=env, timeout_s=0.1)
    (answered,) = all_of(ApprovalAnswered, events)
    assert (answered.allowed, answered.by, env.state.presses) == (False, "timeout", 0)


def test_stopping_ends_a_question_that_waits() -> None:
    control = Control()

    def stops_and_waits(request: ApprovalRequest) -> ApprovalAnswer:
        control.stop()
        time.sleep(30)
        return ApprovalAnswer(True)

    env = FakeEnv()
    approver = as_approver(stops_and_waits)
    episode = Episode("t", env, ScriptedPolicy([(GREET,)]), control=control, rules=ASK, approver=approver)
    started = time.monotonic()
    assert end_of(list(episode.run())).stop is StopReason.CANCELLED
    assert time.monotonic() - started < 25
    assert env.state.presses == 0


def test_exception_of_an_approver_is_raised_and_nothing_is_carried_out() -> None:
    def broken(request: ApprovalRequest) -> ApprovalAnswer:
        raise LookupError("bug")

    env = FakeEnv()
    with pytest.raises(LookupError, match="bug"):
        play([(GREET,)], ASK, broken, env=env)
    assert env.state.presses == 0


async def _allow(*_: object) -> Allow:
    return Allow()


def _say_yes(request: ApprovalRequest) -> Any:
    return True


def _finish_checked_by(critic: Any) -> None:
    episode = Episode("a task", FakeEnv(), ScriptedPolicy([Finish("done")]), supervision=Supervision(critic=critic))
    list(episode.run())


def _returning(value: object) -> Callable[..., object]:
    def function(*_: object) -> object:
        return value

    return function


def _greet_guarded_by(guard: Any) -> None:
    list(Episode("a task", FakeEnv(), ScriptedPolicy([GREET]), guard=guard).run())


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda: _greet_guarded_by(_returning(None)), r"the guard returned None, but must return Allow\(\),"),
        (lambda: _greet_guarded_by(_returning(True)), "the guard returned True, but must return Allow"),
        (lambda: _greet_guarded_by(_allow), "the guard must be a plain function, not a coroutine function, and return"),
        (lambda: play([(GREET,)], ASK, _say_yes), "the approver returned True, but must return an ApprovalAnswer or"),
        (lambda: _finish_checked_by(_returning(False)), "the critic returned False, but must return a Critique"),
    ],
)
def test_function_of_the_program_that_returns_something_else_is_named(use: Callable[[], object], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        use()


def test_coroutine_runs_on_the_loop_that_runs_the_agent() -> None:
    loops: list[asyncio.AbstractEventLoop] = []

    async def approve(request: ApprovalRequest) -> ApprovalAnswer:
        loops.append(asyncio.get_running_loop())
        return ApprovalAnswer(True)

    async def main() -> asyncio.AbstractEventLoop:
        agent = Agent(policy=ScriptedPolicy([(GREET,), Finish()]), rules=ASK, approver=approve)
        await agent.arun("t", FakeEnv())
        return asyncio.get_running_loop()

    assert [asyncio.run(main())] == loops


def test_coroutine_is_awaited_without_a_loop_too() -> None:
    async def approve(request: ApprovalRequest) -> ApprovalAnswer:
        await asyncio.sleep(0)
        return ApprovalAnswer(True)

    env = FakeEnv()
    Agent(policy=ScriptedPolicy([(GREET,), Finish()]), rules=ASK, approver=approve).run("t", env)
    assert env.state.presses == 1


@pytest.mark.parametrize(("answer", "presses"), [("yes", 1), ("run", 1), ("no", 0), ("", 0), ("maybe later", 0)])
def test_program_that_reads_the_events_answers_with_a_message(answer: str, presses: int) -> None:
    env = FakeEnv()
    policy = ScriptedPolicy([(GREET,), (Wait(0.0),), Finish()])
    agent = Agent(policy=policy, rules=ASK, supervision=Supervision(attended=True))
    for event in agent.stream("t", env):
        if isinstance(event, NeedsUser):
            agent.send_message(answer)
    assert env.state.presses == presses


def test_question_of_the_model_goes_to_the_approver_too() -> None:
    approve = Answers(ApprovalAnswer(True, text="the left one"))
    events = play([AskUser("Which?"), Finish()], ASK, approve)
    assert [(request.kind, request.question) for request in approve.requests] == [("question", "Which?")]
    assert "The user answers: the left one" in all_of(Observed, events)[1].notes


def test_agent_with_nobody_is_not_attended() -> None:
    agent = Agent(policy=ScriptedPolicy([AskUser("Which?")]), approver=NoApprover())
    assert agent.run("t", FakeEnv()).stop is StopReason.NEEDS_USER


def test_guard_may_ask_before_the_rules_decide() -> None:
    approve = Answers(ApprovalAnswer(True))

    def asks(action: Action, observation: Observation) -> Ask:
        return Ask("mine", "my reason")

    agent = Agent(policy=ScriptedPolicy([(Wait(0.0),), Finish()]), guard=asks, rules=ASK, approver=approve)
    assert agent.run("t", FakeEnv()).stop is StopReason.FINISHED
    assert [request.rule for request in approve.requests] == ["mine"]


def test_typing_is_judged_with_what_was_typed_before_it() -> None:
    cards = rules({"do": "deny", "text": ["card_number"]})
    events = play([(Type("4111 1111"), Type(" 1111 1111")), (Wait(0.0),), Finish()], cards)
    assert [event.refused is not None for event in all_of(Acted, events)] == [False, True, False]


# -- the target is compared again


@pytest.fixture
def opening_stays_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine the screen is observed again before the first step, and tests count observations."""
    monkeypatch.setattr("screenwright.agent.loop.observer.OPENING_MAX_AGE_S", 600.0)


class Swapping(FakeEnv):
    """A fake screen that opens a dialog when the pointer reaches a control, or after a number of observations."""

    def __init__(self, *, after: int = 100, on_move: bool = False) -> None:
        super().__init__()
        self.after, self.on_move = after, on_move

    def observe(self) -> Observation:
        self.after -= 1
        if self.after < 0:
            self.state = replace(self.state, menu_open=True)
        return super().observe()

    def execute(self, action: Action) -> ActionResult:
        result = super().execute(action)
        if self.on_move and isinstance(action, Move):
            self.state = replace(self.state, menu_open=True)
        return result


def texts_by_menu(screenshot: Screenshot, point: ScreenPoint) -> str:
    """`Pay` where the open menu covers the button, `Greet` before."""
    return "Pay" if screenshot != FakeEnv().observe().screenshot else "Greet"


SWAPPED = '"Pay" is now where "Greet" was'


@pytest.mark.usefixtures("opening_stays_fresh")
@pytest.mark.parametrize("env", [Swapping(after=1), Swapping(on_move=True)], ids=["before", "under the pointer"])
def test_action_is_refused_if_another_text_is_at_its_point_before_the_press(env: Swapping) -> None:
    by_target = rules({"do": "allow", "target_text": ["greet"]}, default="ask")
    events = play([(GREET,), Finish()], by_target, env=env, texts=texts_by_menu)
    acted = all_of(Acted, events)[0]
    assert SWAPPED in (acted.refused or "")
    assert env.state.presses == 0


def test_swap_while_a_question_waits_is_noticed() -> None:
    env = FakeEnv()

    def swap(request: ApprovalRequest) -> ApprovalAnswer:
        env.state = replace(env.state, menu_open=True)
        return ApprovalAnswer(True)

    events = play([(GREET,), Finish()], ASK, swap, env=env, texts=texts_by_menu)
    assert SWAPPED in (all_of(Acted, events)[0].refused or "")


def test_same_text_that_lights_up_is_pressed() -> None:
    env = Swapping(on_move=True)
    by_target = rules({"do": "allow", "target_text": ["greet"]}, default="ask")
    events = play([(GREET,), Finish()], by_target, env=env, texts=lambda screenshot, point: "Greet")
    assert all_of(Acted, events)[0].result is not None


@pytest.mark.usefixtures("opening_stays_fresh")
def test_target_is_not_compared_if_no_rule_depends_on_it() -> None:
    env = Swapping(after=1)
    events = play([(GREET,), Finish()], rules(), env=env, texts=texts_by_menu)
    assert all_of(Acted, events)[0].result is not None
