"""Rules in words."""

from collections.abc import Iterable, Iterator

from ..core.approvals import Scope
from .rules import Rule, RuleSet, Verdict
from .text_class import TextClass

_DOES = {Verdict.ALLOW: "Allow", Verdict.ASK: "Ask about", Verdict.DENY: "Deny", Verdict.STOP: "End the run at"}
_TEXTS = {
    TextClass.PASSWORD: "what looks like a password",
    TextClass.CARD_NUMBER: "a card number",
    TextClass.COMMAND: "what looks like a command line",
    TextClass.RECIPIENT: "an e-mail address or account number that the task does not name",
    TextClass.ANY: "any text",
}
_UP_TO = {
    Scope.ONCE: "each time",
    Scope.HOST: "an approval holds at most for the run on one host or window",
    Scope.RUN: "an approval holds at most for the run",
}


def explain(rules: RuleSet) -> Iterator[str]:
    """A line for each rule, in the order in which they are tried, and one for everything else."""
    for number, rule in enumerate(rules.rule, 1):
        yield f"{number}. {explain_rule(rule)}"
    yield f"{len(rules.rule) + 1}. {_DOES[rules.default]} {'everything else' if rules.rule else 'all actions'}."


def explain_rule(rule: Rule) -> str:
    """What one rule does, as a sentence."""
    conditions = [*_conditions(rule)]
    subject = f"{_or(rule.actions)} actions" if rule.actions else "all actions"
    text = " ".join((f"{_DOES[rule.do]} {subject}", *([", ".join(conditions)] if conditions else [])))
    until = f"; {_UP_TO[rule.scope]}" if rule.do is Verdict.ASK else ""
    name = f" [{rule.name}]" if rule.name else ""
    return f"{text}{until}.{name}{f' Reason: {rule.reason}.' if rule.reason else ''}"


def _conditions(rule: Rule) -> Iterator[str]:
    if rule.text:
        yield "that type " + _or(_TEXTS[one] for one in rule.text)
    if rule.keys:
        exactly = "exactly " if rule.do is Verdict.ALLOW else ""
        yield f"that press {exactly}{_or(rule.keys)}"
    if rule.host:
        yield "on any page" if "*" in rule.host else f"on {_or(rule.host)} and subdomains"
    if rule.elsewhere is not None:
        yield "on hosts that the task does not name" if rule.elsewhere else "on hosts that the task names"
    if rule.path:
        yield f"where the path is {_or(rule.path)}"
    if rule.title:
        yield f"in windows titled {_or(rule.title)}"
    if rule.program:
        yield f"in windows of {_or(rule.program)}"
    if rule.region is not None:
        left, top, right, bottom = rule.region
        yield f"from {left}, {top} to {right}, {bottom} of the screen"
    if rule.target or rule.target_text:
        words = [*(one.replace("_", " ") for one in rule.target), *map(repr, rule.target_text)]
        yield f"where the text under the point says something like {_or(words)}"
    if rule.transfer:
        yield f"that {_or(rule.transfer)} files"
    if rule.more_than is not None:
        yield f"after more than {rule.more_than} of them"


def _or(parts: Iterable[str]) -> str:
    *most, last = parts
    return f"{', '.join(most)} or {last}" if most else last
