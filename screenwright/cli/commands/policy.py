"""`screenwright policy`: what rules would decide about recorded runs, and what they say in words."""

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from screenwright._text import counted, plain

from ...agent.core.describe import describe_action
from ...agent.guard.explain import explain
from ...agent.guard.rule_guard import RuleGuard
from ...agent.guard.rules import RuleSet, Verdict
from ...agent.guard.rules_file import load_rules
from ...agent.loop.target_text import target_text
from ...agent.record.events import Acted, Decided
from ...agent.record.steps import group_by_step
from ...agent.record.trajectory import read_run
from ..arguments import Command

_VERBS = {Verdict.ALLOW: "allowed", Verdict.ASK: "asked about", Verdict.DENY: "denied", Verdict.STOP: "ended the run"}


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rules decide about an action of a recorded run. `happened` is what the run did with it."""

    run: str
    step: int
    verdict: str
    rule: str
    action: str
    reason: str
    happened: str


def judge_run(run: Path, rules: RuleSet) -> Iterator[Judged]:
    """What `rules` decide about each action of a recorded run, in order.

    Raises:
        RunError: there is no such run.
    """
    recorded = read_run(run)
    guard = RuleGuard(rules, target_text, recorded.started.task, recorded.started.env.settings.get("url", ""))
    for step in group_by_step(recorded.events):
        decided = step.first(Decided)
        outcomes = {event.index: event for event in step.all(Acted)}
        for index, action in enumerate(decided.actions if decided is not None else ()):
            decision = rules.decide(guard.situation(action, step.observed.observation))
            outcome = outcomes.get(index)
            done = outcome is not None and outcome.result is not None
            if done:
                guard.performed(action)
            happened = "done" if done else "skipped" if outcome is None else "denied" if outcome.by_guard else "refused"
            text = plain(describe_action(action))
            yield Judged(
                str(run), step.observed.step, str(decision.verdict), decision.rule, text, decision.reason, happened
            )


def _check(args: argparse.Namespace) -> int:
    rules = load_rules(args.rules)
    found = [one for run in args.runs for one in judge_run(run, rules)]
    if args.json:
        for one in found:
            print(json.dumps(asdict(one)))
        return 0
    for run in dict.fromkeys(one.run for one in found):
        mine = [one for one in found if one.run == run]
        print(f"{run}: {_counted(mine)}")
        for one in mine:
            if args.all or one.verdict != Verdict.ALLOW:
                because = f"{one.reason} ({one.rule})" if one.reason else one.rule
                was = "" if one.happened == "done" else f"  [was {one.happened}]"
                print(f"{one.step:6d}  {one.verdict:5}  {one.action}  -- {because}{was}")
    if len(args.runs) > 1:
        print(f"in all: {_counted(found)}")
    return 0


def _counted(found: list[Judged]) -> str:
    """Such as `12 actions: 10 allowed, 2 asked about`."""
    counts = Counter(one.verdict for one in found)
    parts = [f"{counts[verdict]} {verb}" for verdict, verb in _VERBS.items() if counts[verdict]]
    actions = counted(len(found), "action")
    return f"{actions}{': ' if parts else ''}{', '.join(parts)}"


def _explain(args: argparse.Namespace) -> int:
    rules = load_rules(args.rules)
    for line in explain(rules):
        print(line)
    print(f"sha256 {rules.sha256}")
    return 0


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    about = parser.add_subparsers(dest="about", required=True, metavar="check|explain")
    check = about.add_parser("check", help="what rules would decide about recorded runs")
    check.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="folder of a recorded run")
    check.add_argument("--rules", required=True, metavar="FILE", help="file with rules, or a preset such as careful")
    check.add_argument("--all", action="store_true", help="also list the actions that are allowed")
    check.add_argument("--json", action="store_true", help="print a line of JSON for each action")
    check.set_defaults(judge=_check)
    in_words = about.add_parser("explain", help="what each rule does, in words")
    in_words.add_argument("rules", metavar="RULES", help="file with rules, or a preset such as careful")
    in_words.set_defaults(judge=_explain)


def _main(args: argparse.Namespace) -> int:
    code: int = args.judge(args)
    return code


COMMANDS = {
    "policy": Command(
        _main,
        "Evaluate rules about actions on recorded runs, or print in words what they do.",
        _add_arguments,
    )
}
