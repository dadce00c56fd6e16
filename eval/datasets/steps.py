"""Groups the events of a recorded run by step."""

from dataclasses import dataclass, replace

from ...agent.record.events import Acted, Decided, Escalated, Observed, ParseFailed, Replied
from ...agent.record.steps import StepEvents, group_by_step, with_user_steps
from ...agent.record.trajectory import Run


@dataclass(frozen=True, slots=True)
class RecordedStep:
    """A step. `replies` has every reply to its prompt; the last one was executed.

    `parse_failures` has the errors of the other replies. `refused` if not all of its actions are known to have been
    carried out. `changed` is whether the next screenshot differs; None if there is none. `recovered` if the episode had
    a recovery action, and `verified` is the critic's verdict on its finish; both are the same for all of its steps.
    """

    observed: Observed
    decided: Decided
    replies: tuple[Replied, ...] = ()
    parse_failures: tuple[ParseFailed, ...] = ()
    refused: bool = False
    changed: bool | None = None
    recovered: bool = False
    verified: bool | None = None

    @property
    def number(self) -> int:
        """The step's number, from 1."""
        return self.observed.step

    @property
    def acts(self) -> bool:
        """Whether it has actions on the screen, not only an ending."""
        return bool(self.decided.actions)


def steps_of(run: Run, *, by_user: bool = False) -> tuple[RecordedStep, ...]:
    """The steps of `run` that count, in order; one that had not begun to act is ignored, as when the run is resumed.

    With `by_user`, also what the user did who had taken over; all steps are then numbered in order.
    """
    steps = with_user_steps(run.events) if by_user else group_by_step(run.events)
    if any(step.user_action for step in steps):
        steps = [replace(step, observed=replace(step.observed, step=index)) for index, step in enumerate(steps, 1)]
    following = [step.observed for step in steps[1:]]
    counted = (_step(step, following[index : index + 1]) for index, step in enumerate(steps) if step.counts)
    recovered = any(isinstance(event, Escalated) for event in run.events)
    verified = None if run.ended is None else run.ended.verified
    return tuple(replace(step, recovered=recovered, verified=verified) for step in counted)


def _step(step: StepEvents, following: list[Observed]) -> RecordedStep:
    change = following[0].change if following else None
    decided = step.first(Decided)
    assert decided is not None
    return RecordedStep(
        observed=step.observed,
        decided=decided,
        replies=tuple(event for event in step.all(Replied) if event.purpose == "act"),
        parse_failures=tuple(step.all(ParseFailed)),
        refused=any(event.refused is not None for event in step.all(Acted)) or not step.is_done,
        changed=None if change is None else change.share > 0,
    )
