"""The cost of an episode by the user's prices, and its limit."""

import math
from pathlib import Path
from typing import Any

import pytest

from screenwright import (
    Agent,
    Completion,
    Critique,
    FakeEnv,
    GroundedPolicy,
    Limits,
    ModelCritic,
    ModelInfo,
    ModelPolicy,
    Price,
    Result,
    ScriptedModel,
    StopReason,
    Supervision,
    UiTars15,
    Usage,
    dialect_named,
    read_run,
    render_page,
)

WAIT = Completion("Thought: t\nAction: wait()", Usage(prompt=1_000_000, completion=100_000, cached=400_000))
FINISH = Completion("Thought: t\nAction: finished(content='done')", Usage(1_000_000))
PRICES = {"scripted": Price(input=2.0, output=10.0, cached=0.5)}


class Named(ScriptedModel):
    def __init__(self, name: str, *replies: Completion) -> None:
        super().__init__(replies)
        self.name = name

    def info(self) -> ModelInfo:
        return ModelInfo(self.name)


def play(*replies: Completion, **parts: Any) -> Result[None]:
    return Agent(Named("scripted", *replies), dialect=UiTars15(), **parts).run("a task", FakeEnv())


def test_cached_tokens_have_their_own_price() -> None:
    assert PRICES["scripted"].cost(WAIT.usage) == pytest.approx(0.6 * 2 + 0.4 * 0.5 + 0.1 * 10)
    assert Price(2.0, 10.0).cost(WAIT.usage) == pytest.approx(2 + 1)


def test_a_result_has_the_cost_of_all_calls() -> None:
    assert play(WAIT, FINISH, prices=PRICES).cost == pytest.approx(2.4 + 2)


def test_without_a_price_the_cost_is_unknown() -> None:
    assert play(FINISH).cost is None
    assert play(FINISH, prices={"other": Price(1, 1)}).cost is None


def test_the_limit_ends_the_run_after_the_call_that_reaches_it() -> None:
    result = play(*[WAIT] * 9, prices=PRICES, limits=Limits(cost=5))
    assert (result.stop, result.steps) == (StopReason.COST_LIMIT, 3)
    assert result.reason == "the cost is 7.2, and the limit 5"


def test_a_limit_without_a_price_is_refused_before_anything_is_recorded(tmp_path: Path) -> None:
    agent = Agent(Named("scripted", FINISH), dialect=UiTars15(), limits=Limits(cost=5), prices={"other": Price(1, 1)})
    with pytest.raises(ValueError, match="needs the price of 'scripted': add it to the prices"):
        agent.run("a task", FakeEnv(), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_limit_that_cannot_be_kept_because_tokens_are_not_reported_ends_the_run() -> None:
    silent = Completion(WAIT.text)
    result = play(silent, FINISH, prices=PRICES, limits=Limits(cost=5))
    assert result.stop is StopReason.COST_LIMIT
    assert result.reason == "the cost is unknown, so its limit cannot be kept: scripted does not report its tokens"
    assert play(silent, FINISH, prices=PRICES).cost is None


def test_a_grounder_and_a_critic_have_their_own_prices() -> None:
    click = Completion("Thought: it\nAction: click(start_box='(10,10)')", Usage(1_000_000))
    planner = ModelPolicy(Named("planner", click, FINISH), UiTars15())
    grounder = Named("grounder", Completion("pyautogui.click(10, 10)", Usage(1_000_000)))
    critic = ModelCritic(Named("critic", Completion("VERDICT: DONE", Usage(1_000_000))))
    prices = {"planner": Price(1, 1), "grounder": Price(10, 1), "critic": Price(100, 1)}
    agent = Agent(
        policy=GroundedPolicy(planner, grounder, dialect_named("gta1")),
        prices=prices,
        limits=Limits(cost=1000),
        supervision=Supervision(critic=critic),
    )
    assert agent.run("a task", FakeEnv()).cost == pytest.approx(112)
    del agent.prices["critic"]
    with pytest.raises(ValueError, match="the price of 'critic'"):
        agent.run("a task", FakeEnv())


def test_the_page_of_a_run_shows_what_each_step_costs(tmp_path: Path) -> None:
    agent = Agent(Named("scripted", WAIT, FINISH), dialect=UiTars15(), prices=PRICES)
    agent.run("a task", FakeEnv(), out=tmp_path / "run")
    page = render_page(read_run(tmp_path / "run").events)
    assert "1,100,000 tokens in this step, 1,100,000 so far; cost 2.4, 2.4 so far" in page
    assert "1,000,000 tokens in this step, 2,100,000 so far; cost 2, 4.4 so far" in page


def test_a_critic_that_is_a_function_costs_nothing() -> None:
    supervision = Supervision(critic=lambda claim: Critique(True))
    assert play(FINISH, prices=PRICES, supervision=supervision, limits=Limits(cost=9)).cost == pytest.approx(2)


def test_a_continued_run_goes_on_with_the_cost_so_far(tmp_path: Path) -> None:
    agent = Agent(Named("scripted", WAIT, WAIT), dialect=UiTars15(), prices=PRICES, limits=Limits(steps=1))
    assert agent.run("a task", FakeEnv(), out=tmp_path / "run").cost == pytest.approx(2.4)
    agent.limits = Limits(cost=4)
    result = agent.continue_run(tmp_path / "run", FakeEnv())
    assert result.stop is StopReason.COST_LIMIT
    assert result.cost == pytest.approx(4.8)
    ended = read_run(tmp_path / "run").ended
    assert ended is not None
    assert ended.cost == result.cost


@pytest.mark.parametrize("price", [(-1, 1), (1, -1), (1, 1, -1), (math.nan, 1)])
def test_negative_prices_are_refused(price: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        Price(*price)


@pytest.mark.parametrize("name", ["steps", "seconds", "tokens", "cost"])
@pytest.mark.parametrize("value", [0, -1, math.nan])
def test_limits_that_no_use_reaches_are_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"the limit of {name} must be above 0"):
        Limits(**{name: value})  # type: ignore[arg-type]
