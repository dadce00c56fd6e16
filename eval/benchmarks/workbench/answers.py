"""Answers in words: whether one contains what was asked for, and whether it reports that the task cannot be done."""

import re

from ....agent.core.limits import StopReason
from ....agent.loop.agent import Result

_SAYS_INFEASIBLE = re.compile(
    r"\b(infeasible|impossible|cannot be (done|completed)|can ?not|can't|unable to|not possible|(does|do) not exist"
    r"|(is|are) no(t any)? such|there is no)\b",
    re.IGNORECASE,
)


def contains(answer: str, wanted: str) -> bool:
    """Whether `wanted` is in the answer as whole words; a number may have separators of thousands."""
    text = re.sub(r"(?<=\d)[,'\u202f\u00a0 ](?=\d{3}\b)", "", answer)
    return re.search(rf"(?<![\w.]){re.escape(wanted)}(?!\w|[.,]\d)", text, re.IGNORECASE) is not None


def reports_infeasible(result: Result) -> bool:
    """Whether the agent gave up, called for the user, or answered that it cannot be done."""
    if result.stop in (StopReason.INFEASIBLE, StopReason.NEEDS_USER):
        return True
    return result.stop is StopReason.FINISHED and _SAYS_INFEASIBLE.search(result.answer) is not None
