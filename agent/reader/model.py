"""The reader as a `Model`: takes messages, replies in the UI-TARS-1.5 format."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import takewhile

from ...envs.env import PAGE_CRASHED, PAGE_HANGS
from ...envs.screenshot import Screenshot
from ..core.describe import (
    ANSWER_FORM,
    DENIED,
    INTERRUPTED,
    POSSIBLY_DONE,
    REFUSED,
    RESTARTED,
    SECRETS,
    USER_ANSWERS,
    USER_SAYS,
)
from ..core.messages import ImagePart, Message
from ..core.model import Completion, ModelInfo, ModelLost, Sampling, never
from ..dialects.ui_tars import UiTars15
from ..monitor.screen_diff import difference_of
from .instructions import read_instructions
from .planner import ground, plan
from .progress import CHECKING, LEAVING, LOOKS, UserText, task_progress
from .step_actions import ScreenState
from .steps import Step
from .vision.front import front_of
from .vision.perception import read_png
from .vision.screen import Area, Screen
from .vision.task_text import remove_task_text

_TASK = re.compile(r"(?:## User Instruction\s*\n)+(.*)\Z", re.DOTALL)
_USER_TEXT = re.compile(rf"^(?:{USER_SAYS}|{USER_ANSWERS})(.+(?:\n  .*)*)$", re.MULTILINE)
"""How the loop passes a user message to its model during a run; lines after the first are indented."""

_REFUSAL = re.compile(rf"^(?:{DENIED}|{REFUSED})(.+?)\.?(?: Find another way\.)?$", re.MULTILINE)
_NO_EFFECT = re.compile(r"(?:did not change the screen|The screen did not change)\.")
_UNCONFIRMED = re.compile(rf"^The action .* {POSSIBLY_DONE}", re.MULTILINE)
_RESTART = re.compile(rf"^(?:{re.escape(INTERRUPTED)}|{re.escape(RESTARTED)})", re.MULTILINE)

_LOST_PAGE = re.compile(rf"^(?:{re.escape(PAGE_CRASHED)}|{re.escape(PAGE_HANGS)})$", re.MULTILINE)
_DIALECT = UiTars15()


class ReaderModel:
    """Reads the screen with OCR and follows literal instructions; downloads no weights.

    Stateless: the task, the progress and the screenshot come from the messages. Replies hold one action, in pixels of
    the latest screenshot. With `chats`, a request without a task or screenshot gets a short explanation as its reply.
    """

    def __init__(self, *, chats: bool = False) -> None:
        self._chats = chats

    def info(self) -> ModelInfo:
        """See `Model`."""
        return ModelInfo("reader")

    def connect(self) -> None:
        """See `Model`. Does nothing."""

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, stop: Callable[[str], bool] = never
    ) -> Completion:
        """See `Model`. Deterministic: ignores the sampling.

        Raises:
            ModelLost: the messages contain no task or no screenshot, and `chats` is off.
        """
        if stop(""):
            return Completion("", complete=False)
        try:
            task, image = _task_text(messages), _latest_screenshot(messages)
        except ModelLost as lost:
            if not self._chats:
                raise
            return Completion(f"I operate screens by literal instructions; {lost}.")
        if _is_grounding(messages):
            # with the task's text, which may be the only text there is
            planned = ground(task, front_of(read_png(image.data)))
        else:
            planned = plan(task_progress(steps_of(task), _conversation(messages)), _screen_state(task, messages))
        return Completion(_DIALECT.format(planned.thought, (planned.action,)))


@lru_cache(maxsize=32)
def steps_of(task: str) -> tuple[Step, ...]:
    """The steps that a task asks for, cached: every call of an episode needs them."""
    return read_instructions(task)


def _is_grounding(messages: Sequence[Message]) -> bool:
    """Whether this is a grounding prompt, which does not offer a `finished` action."""
    return not any("finished(" in message.text for message in messages if message.role != "assistant")


def _task_text(messages: Sequence[Message]) -> str:
    for message in messages:
        found = _TASK.search(message.text) if message.role == "user" else None
        if found:
            return found.group(1).partition(SECRETS)[0].partition(ANSWER_FORM)[0].strip()
    raise ModelLost("the prompt contains no task; it must end with '## User Instruction' and the task")


def _conversation(messages: Sequence[Message]) -> Iterator[str | UserText]:
    """The reader's own replies and the user's messages, in order."""
    for message in messages:
        if message.role == "assistant":
            yield message.text
        elif message.role == "user" and not _TASK.search(message.text) and (texts := _USER_TEXT.findall(message.text)):
            yield UserText("\n".join(text.replace("\n  ", "\n") for text in texts))


def _screen_state(task: str, messages: Sequence[Message]) -> ScreenState:
    """The screen, and what the last action did to it by the screenshots and by the notes after them."""
    replies = [index for index, message in enumerate(messages) if message.role == "assistant"]
    newest = messages[replies[-1] + 1 :] if replies else ()
    notes = "\n".join(message.text for message in newest if message.role == "user")
    refusal = _REFUSAL.search(notes)
    images = _screenshots(messages)
    looks = _looks_since_action([messages[index].text for index in replies])
    before, changed = _change(images, looks)
    lost_page = _LOST_PAGE.search(notes)
    after = images[-1]
    return ScreenState(
        _read(after, task),
        before=_read(before, task) if before is not None else None,
        unchanged=bool(_NO_EFFECT.search(notes)) or (len(images) > 1 and not changed),
        changed=changed,
        refusal=refusal[1] if refusal is not None else "",
        interrupted=_RESTART.search(notes) is not None,
        unconfirmed=_UNCONFIRMED.search(notes) is not None,
        can_navigate=_offers("navigate(", messages),
        has_pointer=not _offers("press_home(", messages),
        is_pointer_away=any(LEAVING in look for look in looks),
        lost_page=lost_page[0][:1].lower() + lost_page[0][1:] if lost_page is not None else "",
    )


def _offers(action: str, messages: Sequence[Message]) -> bool:
    return any(action in message.text for message in messages if message.role != "assistant")


def _looks_since_action(replies: Sequence[str]) -> list[str]:
    """The last `replies`, newest first, that only looked for the effect of the action before them."""
    return list(takewhile(lambda reply: any(look in reply for look in LOOKS), reversed(replies)))


def _change(images: Sequence[ImagePart], looks: Sequence[str]) -> tuple[ImagePart | None, tuple[Area, ...]]:
    """The screenshot before the last action, unless the history dropped it, and the areas that the action changed.

    A reply that looks for an effect is not an action: a late effect counts. What changes while the reader checks an
    effect that was there before is animated, and does not count.
    """
    first = len(images) - 2 - len(looks)
    before = images[first] if first >= 0 else None
    changed = _changed_areas(before or images[0], images[-1])
    if not looks or CHECKING not in looks[0]:
        return before, changed
    animated = _changed_areas(images[-2:][0], images[-1])
    if before is None and not animated:
        return None, (Area(0, 0, images[-1].size.width, images[-1].size.height),)
    return before, tuple(area for area in changed if not any(area.overlaps(other) for other in animated))


def _changed_areas(before: ImagePart, after: ImagePart) -> tuple[Area, ...]:
    if before is after:
        return ()
    boxes = difference_of(Screenshot(before.load()), Screenshot(after.load())).classify().regions
    return tuple(Area(box.left, box.top, box.right, box.bottom) for box in boxes)


def _read(image: ImagePart, task: str) -> Screen:
    return front_of(remove_task_text(read_png(image.data), task))


def _latest_screenshot(messages: Sequence[Message]) -> ImagePart:
    images = _screenshots(messages)
    if not images:
        raise ModelLost("the prompt contains no screenshot")
    return images[-1]


def _screenshots(messages: Sequence[Message]) -> list[ImagePart]:
    return [part for message in messages for part in message.parts if isinstance(part, ImagePart)]
