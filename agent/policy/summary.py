"""Context compaction: the model summarizes its oldest steps when its context window is full."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from screenwright._text import without_tokens

from ...prompts import render
from ..core.context import HistoryStep
from ..core.decision import Finish, Reply
from ..core.messages import Message
from ..dialects.dialect import Dialect

OMITTED = "Earlier steps are omitted to save space."
SUMMARIZED = "Earlier steps are omitted to save space. Summary: "
NOTED = "Your notes from earlier steps: "

MAX_SUMMARY_CHARACTERS = 2000
"""Models are asked for 150 words; a longer summary is cut here."""

_MAX_REPLY_CHARACTERS = 600


@dataclass(frozen=True, slots=True)
class HistorySummary:
    """A summary of `count` steps from the step `start` on; an empty text only drops them."""

    start: int = 0
    count: int = 0
    text: str = ""

    @property
    def note(self) -> str:
        """The note for the model in place of the steps."""
        return SUMMARIZED + self.text if self.text else OMITTED


def apply_summary(
    history: Sequence[HistoryStep],
    summary: HistorySummary,
    note_of: Callable[[str], str],
    forgotten: Sequence[HistoryStep] = (),
) -> tuple[HistoryStep, ...]:
    """Replace the summarized steps by a note on the first remaining one; the newest step always remains.

    What the model noted in a replaced step, or in the `forgotten` ones of earlier plans, is kept word for word:
    `note_of` returns it for a reply.
    """
    count = min(summary.count, len(history) - 1)
    first, *others = history[count:]
    past = [note_of(step.reply or "") for step in (*forgotten, *history[:count])]
    noted = dict.fromkeys(note for note in past if note)
    notes = [summary.note] if summary.count else []
    notes += [NOTED + "; ".join(noted)] if noted else []
    return (replace(first, notes=(*notes, *first.notes)), *others)


def summary_request(task: str, summary: HistorySummary, history: Sequence[HistoryStep]) -> Message:
    """Ask the model to extend `summary` by the steps of `history`."""
    lines = [summary.text] if summary.text else []
    lines += [_step_line(number, step) for number, step in enumerate(history, summary.count + 1)]
    actions = without_tokens("\n".join(lines))
    return Message.of("user", render("summarize_history", task=task, actions=actions))


def summary_text(text: str, dialect: Dialect) -> str:
    """The summary in a reply; models that always act put it into their thought, and some finish with a text."""
    match dialect.parse(text):
        case Reply((Finish(answer),), None):
            summary = answer
        case Reply(_, thought):
            summary = thought or ""
        case _:
            summary = text
    return " ".join(summary.split())[:MAX_SUMMARY_CHARACTERS]


def _step_line(number: int, step: HistoryStep) -> str:
    reply = " ".join((step.reply or "").split())[:_MAX_REPLY_CHARACTERS]
    return f"{number}. {' '.join((*step.notes, reply))}".rstrip()
