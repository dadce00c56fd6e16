"""Earlier steps in few words: told again by the model itself where its context has no room for them any more."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...prompts import render
from ..core.context import HistoryStep
from ..core.decision import Reply
from ..core.messages import Message
from ..dialects.dialect import Dialect

LEFT_OUT = "Earlier steps are not shown any more, since there is no room for them."
CONDENSED = "Earlier steps are not shown any more, since there is no room for them. In short: "

LONGEST = 2000
"""Characters: whatever a model makes of the request for 150 words, no more than this is kept."""

_LONGEST_DEED = 600


@dataclass(frozen=True, slots=True)
class HistorySummary:
    """What `count` looks, from the look `since` on, came to, in words; no words where the model had none."""

    since: int = 0
    count: int = 0
    text: str = ""

    @property
    def note(self) -> str:
        """What stands in the place of those looks."""
        return CONDENSED + self.text if self.text else LEFT_OUT


def apply_summary(history: Sequence[HistoryStep], memory: HistorySummary) -> tuple[HistoryStep, ...]:
    """The looks that `memory` does not stand for, the first of them with its note; the newest is always left."""
    if not memory.count:
        return tuple(history)
    first, *others = history[min(memory.count, len(history) - 1) :]
    return (replace(first, notes=(memory.note, *first.notes)), *others)


def request(task: str, memory: HistorySummary, history: Sequence[HistoryStep]) -> Message:
    """Asks for `memory` and what was done on `history`, told again in short."""
    before = [memory.text] if memory.text else []
    deeds = [*before, *(_deed(memory.count + number, look) for number, look in enumerate(history, 1))]
    return Message.of("user", render("condense", task=task, deeds="\n".join(deeds)))


def summary_text(text: str, dialect: Dialect) -> str:
    """What a model answered to the request; models that cannot but act have it in their thought."""
    reply = dialect.parse(text)
    said = (reply.thought or "") if isinstance(reply, Reply) else text
    return " ".join(said.split())[:LONGEST]


def _deed(number: int, look: HistoryStep) -> str:
    said = " ".join((look.reply or "").split())[:_LONGEST_DEED]
    return f"{number}. {' '.join((*look.notes, said))}".rstrip()
