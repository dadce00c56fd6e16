"""Restores the progress of an episode from the reader's own replies and the user's messages.

Each thought starts with its position, `Step 2 of 5, part 2: ...`. User messages are parsed like the task: an
answer replaces the step that the question was about, any other message is inserted before the next step.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from .instructions import read_instructions
from .step_actions import StepCursor
from .steps import SkipUnlessVisible, Step, UnparsedStep

_POSITION = re.compile(r"Step (?P<step>\d+) of \d+(?:, (?P<part>part \d+|last part))?(?:, attempt (?P<attempt>\d+))?:")
_LAST_PART = 9  # more than any step has
_ANSWER = re.compile(r"Noted: «(.*?)»")  # the thought carries the answers, since the reader has no other memory
_ASKS = re.compile(r"^Action: call_user\(", re.MULTILINE)
SEARCHING = "searching for it"
WAITING = "waiting for its effect"
CHECKING = "checking its effect"
LEAVING = "moving the pointer away to see its effect"
LOOKS = (WAITING, CHECKING, LEAVING)
"""In thoughts: the action does not belong to the step itself, whose part is tried again afterwards."""

_RETRIES = re.compile(rf": (?:{SEARCHING}|{'|'.join(LOOKS)}): ")


@dataclass(frozen=True, slots=True)
class UserText:
    """A user message during a run."""

    text: str


@dataclass(frozen=True, slots=True)
class TaskProgress:
    """All steps, including those that the user added, the position of the next one, and the steps with an action."""

    steps: tuple[Step, ...]
    cursor: StepCursor = StepCursor()
    acted: frozenset[int] = frozenset()


def task_progress(steps: tuple[Step, ...], replies: Iterable[str | UserText]) -> TaskProgress:
    """The progress after `replies`: the reader's own replies (`str`) and the user's messages, in order."""
    progress, asked = TaskProgress(steps), False
    for reply in replies:
        if isinstance(reply, UserText):
            new = read_instructions(reply.text)
            progress = _insert_user_steps(progress, new, replace_asked=asked) if new else progress
        else:
            asked = _ASKS.search(reply) is not None
            progress = _after_reply(reply, progress, asked=asked)
    return progress


def _after_reply(reply: str, progress: TaskProgress, *, asked: bool) -> TaskProgress:
    """The progress after a reply, which states its own position; a step that the user was asked about restarts."""
    position = _POSITION.search(reply)
    if position is None:
        return progress
    step, tries = int(position["step"]), int(position["attempt"] or 1)
    part = _LAST_PART if position["part"] == "last part" else int((position["part"] or "part 1").split()[1])
    answers = tuple(_ANSWER.findall(reply))
    if asked:
        return replace(progress, cursor=StepCursor(step, answers=answers))
    is_retry = _RETRIES.search(reply) is not None
    cursor = StepCursor(step, part, tries + 1, answers) if is_retry else StepCursor(step, part + 1, 1, answers)
    # After a restart, steps that follow were not done again yet.
    return replace(progress, cursor=cursor, acted=frozenset(n for n in progress.acted if n < step) | {step})


def _insert_user_steps(progress: TaskProgress, new: tuple[Step, ...], *, replace_asked: bool) -> TaskProgress:
    steps, cursor = progress.steps, progress.cursor
    if replace_asked and steps:
        unparsed = (index for index, step in enumerate(steps) if isinstance(step, UnparsedStep))
        index = next(unparsed, cursor.step - 1)
        return replace(progress, steps=_splice(steps, min(index, len(steps) - 1), 1, new))
    started = cursor.part > 1 or cursor.tries > 1
    return replace(progress, steps=_splice(steps, min(cursor.step - (not started), len(steps)), 0, new))


def _splice(steps: tuple[Step, ...], at: int, old: int, new: tuple[Step, ...]) -> tuple[Step, ...]:
    """Replace `old` steps from index `at` by `new`; the conditional branch around them changes its length too."""
    before = tuple(
        replace(step, steps=step.steps + len(new) - old)
        if isinstance(step, SkipUnlessVisible) and index < at <= index + step.steps
        else step
        for index, step in enumerate(steps[:at])
    )
    return (*before, *new, *steps[at + old :])
