"""Whether a finish is accepted: its answer has the wanted form, the critic agrees, the last action was carried out."""

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field

from ...envs.screenshot import Screenshot
from ...prompts import render
from ..core.answer_format import AnswerFormat, AnswerMismatch, AnswerRequest, schema_text
from ..core.describe import ANSWER_FORM
from ..core.limits import StopReason
from ..core.model import ModelLost
from ..core.supervision import CompletionClaim, Critic, Critique, Supervision
from ..core.validation import check_returned
from ..record.events import AnswerRejected, Critiqued, Event
from .ending import EpisodeEnded
from .observer import Observer

MAX_ANSWER_RETRIES = 2
"""How often the model is asked again for an answer in the wanted form."""


def answer_note(form: AnswerFormat[object] | None) -> str:
    """The end of the task for the model: the form of its answer; empty if any text will do."""
    return f"\n\n{ANSWER_FORM}{render('answer_format', schema=schema_text(form.schema))}" if form is not None else ""


@dataclass(slots=True)
class Finishing:
    """Judges the finishes of an episode. `task` is what the critic reads.

    `ask_again` asks the policy for its answer alone; its result is None if the policy cannot be asked for that.
    """

    task: str
    supervision: Supervision
    observer: Observer
    form: AnswerFormat[object] | None
    ask_again: Callable[[AnswerRequest], Generator[Event, None, str | None]]
    _rejected: bool = field(init=False, default=False)
    _mismatches: int = field(init=False, default=0)

    def judge(
        self, step: int, answer: str, screenshots: Sequence[Screenshot], refusal: str, *, is_last: bool
    ) -> Generator[Event, None, None]:
        """Return if the model is to go on; `refusal` is why its last action was not carried out, and empty if it was.

        Only the first rejection by the critic, or because of the refusal, is reported to the model. After a second one
        the episode ends: as finished but not verified if the critic rejected it, and as refused if an action was.

        Raises:
            EpisodeEnded: the finish is accepted, or the model gets no other attempt.
        """
        if self.form is not None:
            checked = yield from self._in_form(self.form, step, answer, is_last=is_last)
            if checked is None:
                return
            answer = checked
        critique = None
        if self.supervision.critic is not None:
            critique = yield from self._critique(self.supervision.critic, step, answer, screenshots)
        verdict = critique.holds if critique is not None else None
        reason = f"critic: {critique.reason}" if critique is not None and not verdict else ""
        refusal = refusal if verdict is None and self.supervision.report_no_effect else ""
        if verdict is not False and not refusal:
            raise EpisodeEnded(StopReason.FINISHED, reason, answer, verified=verdict)
        if self._rejected or is_last:
            if refusal:
                reason = f"the model finished although its last action was not carried out: {refusal}"
                raise EpisodeEnded(StopReason.REFUSED, reason, answer)
            raise EpisodeEnded(StopReason.FINISHED, reason, answer, verified=False)
        self._rejected = True
        if refusal:
            self.observer.add_message("finish_refused", refusal=refusal)
        elif critique is not None:
            self.observer.add_message("critic_rejected", reason=critique.reason)

    def _in_form(
        self, form: AnswerFormat[object], step: int, answer: str, *, is_last: bool
    ) -> Generator[Event, None, str | None]:
        """The answer in the wanted form; None if the model is asked to finish again in the next step."""
        while True:
            try:
                form.read(answer)
            except AnswerMismatch as mismatch:
                problems = mismatch.problems
            else:
                return answer
            self._mismatches += 1
            yield AnswerRejected(step, answer, problems)
            if self._mismatches > MAX_ANSWER_RETRIES:
                raise self._invalid(answer, problems)
            request = AnswerRequest(answer, problems, form.schema, self._mismatches)
            again = yield from self.ask_again(request)
            if again is None:
                if is_last:
                    raise self._invalid(answer, problems)
                self.observer.add_message("answer_rejected", problems="; ".join(problems))
                return None
            answer = again

    def _invalid(self, answer: str, problems: Sequence[str]) -> EpisodeEnded:
        reason = f"the answer does not have the form that was asked for: {'; '.join(problems)}"
        return EpisodeEnded(StopReason.INVALID_ANSWER, reason, answer)

    def _critique(
        self, critic: Critic, step: int, answer: str, screenshots: Sequence[Screenshot]
    ) -> Generator[Event, None, Critique]:
        started = time.perf_counter()
        shots = (*screenshots[-2:], self.observer.check_screen().screenshot)
        yield from self.observer.screens_checked(step)
        try:
            critique = critic(CompletionClaim(self.task, answer, shots, tuple(self.observer.actions_done)))
            check_returned(critique, Critique, "the critic", "a Critique")
        except ModelLost as lost:
            critique = Critique(None, f"the critic is not available: {lost}")
        seconds = time.perf_counter() - started
        yield Critiqued(step, critique.holds, critique.reason, critique.usage, seconds)
        return critique
