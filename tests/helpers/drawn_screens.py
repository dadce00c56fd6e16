"""Screens as the reader sees them, drawn up from labels, buttons and fields."""

from screenwright.agent.core.decision import AskUser
from screenwright.agent.reader.instructions import read_instructions
from screenwright.agent.reader.planner import plan
from screenwright.agent.reader.progress import task_progress
from screenwright.agent.reader.step_actions import ScreenState
from screenwright.agent.reader.vision.screen import Area, ControlKind, Screen, ScreenControl, TextSegment, Word

Part = TextSegment | ScreenControl | tuple[TextSegment | ScreenControl, ...]


def segment(text: str, left: float, top: float, gap: float = 5) -> TextSegment:
    words, x = [], left
    for word in text.split():
        words.append(Word(word, Area(x, top, x + 8 * len(word), top + 16)))
        x += 8 * len(word) + gap
    return TextSegment(tuple(words))


def button(text: str, left: float, top: float, *, disabled: bool = False) -> tuple[TextSegment, ScreenControl]:
    label = segment(text, left + 10, top + 4)
    frame = Area(left, top, label.area.right + 10, top + 24)
    return label, ScreenControl(ControlKind.BUTTON, frame, text, disabled=disabled)


def screen(*parts: Part) -> Screen:
    flat = [each for part in parts for each in (part if isinstance(part, tuple) else (part,))]
    segments = tuple(part for part in flat if isinstance(part, TextSegment))
    return Screen(800, 600, segments, tuple(part for part in flat if isinstance(part, ScreenControl)))


def field(label: str, top: float, text: str = "", width: float = 220) -> tuple[TextSegment | ScreenControl, ...]:
    box = ScreenControl(ControlKind.FIELD, Area(100, top, 100 + width, top + 24), text)
    return (segment(label, 10, top + 4), box, *([segment(text, 106, top + 4)] if text else []))


def checkbox(label: str, top: float, *, checked: bool) -> tuple[TextSegment | ScreenControl, ...]:
    box = ScreenControl(ControlKind.CHECKBOX, Area(10, top, 26, top + 16), checked=checked)
    return box, segment(label, 34, top)


def actions(task: str, *states: ScreenState) -> list[object]:
    """The action on each screen in turn."""
    thoughts: list[str] = []
    found: list[object] = []
    for state in states:
        planned = plan(task_progress(read_instructions(task), thoughts), state)
        reply = "Action: call_user(content='?')" if isinstance(planned.action, AskUser) else ""
        thoughts.append(f"Thought: {planned.thought}\n{reply}")
        found.append(planned.action)
    return found
