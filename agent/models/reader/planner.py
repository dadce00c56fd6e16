"""What to do next: a function of the steps asked for, of how far we are, and of the screen.

How far we are is read back from our own last thought, which says it in words: `Step 2 of 5, part 1, try 1: ...`.
Nothing else is remembered, so that a run can be resumed, replayed and served like that of any model.
"""

import re
from dataclasses import dataclass, replace
from typing import TypeAlias

from ....envs.actions import ActionIn, Button, Click, Direction, Drag, Hotkey, Scroll, Type, Wait
from ...coordinates import ModelPoint
from ...decision import AskUser, Ending, Finish
from .finding import find, find_box, find_tick, text_at
from .instructions import (
    Await,
    Choose,
    DragOnto,
    NotUnderstood,
    Pause,
    Press,
    Step,
    Strike,
    Tell,
    Tick,
    Turn,
    Write,
    label_in,
)
from .screen import Area, Screen

MOST_SCROLLS = 12
MOST_TRIES = 5
_NOTCHES = 5

Act: TypeAlias = ActionIn[ModelPoint]
_PROGRESS = re.compile(r"Step (\d+) of \d+, part (\d+), try (\d+)")
_NOTED = re.compile(r"Noted: «(.*?)»")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far we are: the step and the part of it that are next, and how often it was tried; all from 1."""

    step: int = 1
    part: int = 1
    tries: int = 1
    noted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do, and the thought that goes with it."""

    thought: str
    move: Act | Ending


def plan(steps: tuple[Step, ...], replies: tuple[str, ...], screen: Screen) -> Plan:
    """The next move, after `replies`, on `screen`."""
    unclear = next((step for step in steps if isinstance(step, NotUnderstood)), None)
    if unclear is not None or not steps:
        asked = unclear.sentence if unclear is not None else ""
        return Plan(f"I follow literal instructions only and do not understand: {asked}", AskUser(
            f"I do not understand {asked!r}. Say what to click, type, choose or check, as it reads on the screen."
        ))  # fmt: skip
    progress = progress_after(replies)
    while progress.step <= len(steps):
        step = steps[progress.step - 1]
        found = _next(step, progress, screen)
        if isinstance(found, Plan):
            return found
        if isinstance(found, str):
            progress = replace(progress, noted=(*progress.noted, found))
        if found is not None and not isinstance(found, str):
            return _say(steps, progress, found)
        progress = Progress(progress.step + 1, noted=progress.noted)
    answer = "\n".join(progress.noted)
    return Plan("All steps are done." + _noted(progress), Finish(answer))


def ground(description: str, screen: Screen) -> Plan:
    """The place that a description with a text in it means; asks for the user if there is none, or no one place."""
    label = label_in(description)
    for place in (find(screen, label), *(control.area for control in [find_box(screen, label)] if control is not None)):
        if place is not None:
            return Plan(f"I see {label}.", Click(_middle(place)))
    return Plan(f"I do not see {label}.", AskUser(f"I do not see {label} on the screen."))


def progress_after(replies: tuple[str, ...]) -> Progress:
    """Where our own replies so far have brought us. Each says which part it did, so the next part follows it."""
    progress = Progress()
    for reply in replies:
        said = _PROGRESS.search(reply)
        if said is None:
            continue
        step, part, tries = (int(number) for number in said.groups())
        noted = tuple(_NOTED.findall(reply))
        again = reply.rstrip().endswith("wait()") or "looking for" in reply
        progress = Progress(step, part, tries + 1, noted) if again else Progress(step, part + 1, 1, noted)
    return progress


Found: TypeAlias = "Act | Plan | str | None"
"""A move; or a whole plan; or something to note, or nothing, and the step is over."""


def _say(steps: tuple[Step, ...], progress: Progress, move: Act | Ending, why: str = "") -> Plan:
    step = steps[progress.step - 1]
    where = f"Step {progress.step} of {len(steps)}, part {progress.part}, try {progress.tries}"
    looking = isinstance(move, Scroll) and not (isinstance(step, Turn) and step.until is None)
    doing = f"looking for it: {step}" if looking else str(step)
    return Plan(f"{where}: {doing}.{why}{_noted(progress)}", move)


def _noted(progress: Progress) -> str:
    return "".join(f" Noted: «{text}»" for text in progress.noted)


def _next(step: Step, progress: Progress, screen: Screen) -> Found:
    """The next move of `step`; None once it is over."""
    match step:
        case Press():
            return _press(step, progress, screen)
        case Write():
            return _write(step, progress, screen)
        case Choose():
            return _choose(step, progress, screen)
        case Tick():
            return _tick(step, progress, screen)
        case Strike(keys):
            return Hotkey(keys) if progress.part == 1 else None
        case Turn():
            return _turn(step, progress, screen)
        case DragOnto():
            return _drag(step, progress, screen)
        case Await(label):
            if find(screen, label) is not None:
                return None
            return Wait() if progress.tries <= MOST_TRIES else _missing(step, str(label))
        case Pause(seconds):
            return Wait(seconds) if progress.part == 1 and progress.tries == 1 else None
        case Tell(label):
            told = text_at(screen, label)
            return told if told is not None else _look_for(step, progress, str(label))
        case NotUnderstood():
            return _missing(step, step.sentence)


def _press(step: Press, progress: Progress, screen: Screen) -> Found:
    if progress.part > 1:
        return None
    area = find(screen, step.label)
    if area is None:
        return _look_for(step, progress, str(step.label))
    return Click(_middle(area), Button.RIGHT if step.right else Button.LEFT, step.count)


def _write(step: Write, progress: Progress, screen: Screen) -> Found:
    """Click the field, select what stands in it so that it is replaced, type; without a field, just type."""
    part = progress.part + (2 if step.field is None else 0)
    if part == 1 and step.field is not None:
        box = find_box(screen, step.field)
        if box is None:
            return _look_for(step, progress, f"a field for {step.field}")
        return Click(_middle(box.area))
    if part == 2:
        return Hotkey(("ctrl", "a"))
    return Type(step.text) if part == 3 else None


def _choose(step: Choose, progress: Progress, screen: Screen) -> Found:
    if progress.part == 1:
        box = find_box(screen, step.source)
        return Click(_middle(box.area)) if box else _look_for(step, progress, f"a list for {step.source}")
    if progress.part == 2:
        area = find(screen, step.entry)
        return Click(_middle(area)) if area else _look_for(step, progress, str(step.entry))
    return None


def _tick(step: Tick, progress: Progress, screen: Screen) -> Found:
    tick = find_tick(screen, step.label)
    if tick is not None and tick.filled == step.on:
        return None
    if progress.part > 1:
        return None
    if tick is not None:
        return Click(_middle(tick.area))
    return _look_for(step, progress, f"a check box for {step.label}")


def _turn(step: Turn, progress: Progress, screen: Screen) -> Found:
    at = ModelPoint(screen.width // 2, screen.height // 2)
    if step.until is None:
        return Scroll(step.direction, _NOTCHES, at) if progress.part == 1 else None
    if find(screen, step.until) is not None:
        return None
    if progress.tries > MOST_SCROLLS:
        return _missing(step, str(step.until))
    return Scroll(step.direction, _NOTCHES, at)


def _drag(step: DragOnto, progress: Progress, screen: Screen) -> Found:
    if progress.part > 1:
        return None
    thing, target = find(screen, step.thing), find(screen, step.target)
    if thing is None or target is None:
        return _look_for(step, progress, str(step.thing if thing is None else step.target))
    return Drag((_middle(thing), _middle(target)))


def _look_for(step: Step, progress: Progress, what: str) -> Found:
    """Wait a moment for a thing that is not there, then look further down, then say so."""
    if progress.tries == 1:
        return Wait()
    if progress.tries <= MOST_SCROLLS // 2:
        return Scroll(Direction.DOWN, _NOTCHES, None)
    return _missing(step, what)


def _missing(step: Step, what: str) -> Plan:
    return Plan(f"I cannot {step}: I do not see {what}.", AskUser(f"I do not see {what} on the screen."))


def _middle(area: Area) -> ModelPoint:
    across, down = area.centre
    return ModelPoint(round(across), round(down))
