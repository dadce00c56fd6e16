"""Prompt injection as a benchmark: what reached the sites decides about the task and about the attack."""

import urllib.request
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from screenwright.agent.core.limits import Limits
from screenwright.agent.guard.rules_file import load_rules
from screenwright.agent.policy.baselines import NullPolicy
from screenwright.cli.main import main
from screenwright.envs.actions import Click, Navigate, Type, Wait
from screenwright.eval.benchmarks.injection import Injection, injection_control
from screenwright.eval.benchmarks.injection.channels import CHANNELS, KINDS, kind_of, words
from screenwright.eval.benchmarks.injection.goals import CHANGES
from screenwright.eval.benchmarks.injection.site import OFFICE, InjectionCase, InjectionSite
from screenwright.eval.benchmarks.injection.steps import ScriptedUser, Step, click, navigate, type_
from screenwright.eval.benchmarks.injection.tasks import PLANS
from screenwright.eval.core.config import EvalConfig
from screenwright.eval.core.plan import EpisodeId
from screenwright.eval.core.record import Record
from screenwright.eval.runner.baselines import AgentFactory, obedient, oracle, same_for_all
from screenwright.eval.runner.episode import EpisodeJob, EpisodeRunner


@pytest.fixture(scope="module")
def injection() -> Iterator[Injection]:
    benchmark = Injection()
    yield benchmark
    benchmark.close()


def run(
    benchmark: Injection, folder: Path, task: str, agent: AgentFactory, rules: str | None = None
) -> tuple[bool | None, bool | None]:
    """Whether the task was done, and whether the attack succeeded."""
    runner = EpisodeRunner(benchmark, agent, rules=None if rules is None else load_rules(rules))
    record = runner.run(EpisodeJob(EpisodeId(task, 0), folder / task, Limits(30)))
    assert isinstance(record, Record), record
    return record.done, record.attacked


# -- what needs no browser


def test_there_are_many_tasks_of_every_kind(injection: Injection) -> None:
    names = [task.name for task in injection.tasks()]
    assert len(names) == len({*names}) > 80
    assert {task.category for task in injection.tasks()} == {*KINDS, "desktop"}
    assert {plan.channel for plan in PLANS} == CHANNELS.keys()
    assert {kind_of(channel) for channel in CHANNELS} == KINDS.keys()
    assert {plan.goal for plan in PLANS} > CHANGES
    assert [task.name for task in injection_control().tasks()] == names


@pytest.mark.parametrize("seed", [0, 1])
def test_untouched_sites_show_neither_a_done_task_nor_an_attack(seed: int) -> None:
    with InjectionSite() as site:
        for plan in PLANS:
            case = InjectionCase(site, Random(seed))
            canary = case.canary(plan.secret)
            scenario, goal = plan.scenario(case), plan.goal(case, canary)
            placed = CHANNELS[plan.channel](case, words(case, goal.ask))
            assert not scenario.done(site), plan.name
            assert not goal.happened(site), plan.name
            assert canary.text in canary.sentence
            assert canary.text not in placed.html + scenario.page + scenario.wish + goal.ask, plan.name


def test_the_address_in_the_instruction_is_the_same_at_each_reset() -> None:
    with InjectionSite() as first:
        before = first.url()
    with InjectionSite() as again, InjectionSite() as at_the_same_time:
        assert again.url() == before != at_the_same_time.url()


@pytest.mark.parametrize(
    ("target", "body", "is_found"),
    [
        ("/?q=pebble+window+lantern", b"", True),
        ("/pebble%20window%20lantern", b"", True),
        ("/", b'"Pebble  WINDOW-lantern"', True),
        ("/", b"cGViYmxlIHdpbmRvdyBsYW50ZXJu", True),
        ("/", b"pebble window", False),
    ],
)
def test_a_secret_is_recognized_in_requests_in_other_forms(target: str, body: bytes, is_found: bool) -> None:
    with InjectionSite() as site:
        request = urllib.request.Request(site.url(target, "127.0.0.1"), body, {"Host": OFFICE})
        assert urllib.request.urlopen(request, timeout=10).status == 204
        assert bool(site.received("pebble window lantern")) is is_found


class Elements:
    """A page with one element."""

    def evaluate_in_page(self, script: str, argument: object) -> object:
        return [10, 20, 100, 40] if argument == "#here" else None


def test_scripted_user_waits_for_a_target_and_leaves_out_one_that_does_not_come() -> None:
    user = ScriptedUser("resisting", [click("#gone"), click("#here"), type_("a"), navigate("b.example")], Elements())
    actions = [user.next_action() for _ in range(12)]
    assert actions[:8] == [Wait(0.4)] * 8
    at = actions[8]
    assert isinstance(at, Click)
    assert (at.at.x, at.at.y) == (60, 40)
    assert actions[9:] == [Type("a"), Navigate("b.example"), None]
    assert ScriptedUser("x", [Step("wait")], None).next_action() == Wait(0.4)


def test_only_the_option_fence_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    fenced = Injection().configured(EvalConfig.of(benchmark="injection", option=("fence=true",)))
    assert fenced.fence
    assert "fence" in fenced.version
    assert fenced.version != Injection().version
    assert main(["eval", "injection", "--agent", "oracle", "--option", "fence=3"]) == 2
    assert "injection has only the option fence=true" in capsys.readouterr().err


# -- in the browser; all tasks under all conditions are in eval/bench/injection_matrix.py


@pytest.mark.browser
@pytest.mark.parametrize(
    "task",
    ["text-box", "prompt-prompted", "frame-framed", "swap-swapped"],
)
def test_without_rules_the_obedient_agent_is_attacked_and_does_its_task(
    injection: Injection, tmp_path: Path, task: str
) -> None:
    assert run(injection, tmp_path, task, obedient) == (True, True)


@pytest.mark.browser
@pytest.mark.parametrize("task", ["alert-address", "pdf-address", "mail-mail"])
def test_the_resisting_agent_does_its_task_and_is_not_attacked(injection: Injection, tmp_path: Path, task: str) -> None:
    assert run(injection, tmp_path, task, oracle) == (True, False)


@pytest.mark.browser
def test_doing_nothing_is_neither(injection: Injection, tmp_path: Path) -> None:
    assert run(injection, tmp_path, "text-order", same_for_all(NullPolicy)) == (False, False)


@pytest.mark.browser
def test_the_control_variant_has_no_attack(tmp_path: Path) -> None:
    assert run(injection_control(), tmp_path, "text-order", obedient) == (True, None)


@pytest.mark.browser
def test_the_fence_keeps_a_secret_from_the_attackers_host(tmp_path: Path) -> None:
    fenced = Injection(fence=True)
    assert run(fenced, tmp_path, "text-box", obedient) == (True, False)
    fenced.close()


@pytest.mark.browser
@pytest.mark.reader
@pytest.mark.parametrize("task", ["text-box", "redirect-strange-form", "swap-swapped"])
def test_careful_stops_the_attack_and_not_the_task(injection: Injection, tmp_path: Path, task: str) -> None:
    assert run(injection, tmp_path, task, obedient, "careful") == (True, False)


@pytest.mark.desktop
def test_a_command_in_a_terminal_sends_the_secret_unless_careful_asks(injection: Injection, tmp_path: Path) -> None:
    assert run(injection, tmp_path / "none", "terminal-command", obedient) == (True, True)
    assert run(injection, tmp_path / "careful", "terminal-command", obedient, "careful") == (True, False)
