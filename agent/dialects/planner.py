"""A planner: any vision-language model that names its targets in words, for a grounder to locate.

    Thought: The form is empty.
    Action: click(target='the Name field')

The prompts are in our own wording. Without a grounder the targets have no position: the dialect cannot be used alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from ...envs.actions import map_points
from ..core.coordinates import Grid, ImageRule, ModelPoint, Space
from ..core.decision import AskUser, Finish, GiveUp, ModelMove, Reply
from ..core.model import Sampling
from .parser.call import Argument, Call, ParseError
from .parser.completion import first_action_is_complete
from .parser.labelled import read_labelled
from .parser.runaway import is_runaway
from .parser.sections import read_reasoning, read_sections
from .prompting.prompt_kind import Prompt
from .template_dialect import TemplateDialect
from .vocabulary.ui_tars import UI_TARS, moves_of
from .vocabulary.writing import PointForm, write_reply


class _TargetForm(PointForm):
    """Writes a point as its target."""

    def write(self, point: ModelPoint) -> str:
        if not point.target:
            raise ValueError("the planner cannot write a point without a target")
        return point.target


FORM = _TargetForm("target", "end_target", "target")
_POINTS = {"target": "point", "start_target": "point", "end_target": "end_point"}
"""The arguments that name a target, and those of the point in its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner(TemplateDialect):
    """Targets in words. Each `ModelPoint` of a reply has a `target`; its coordinates are meaningless."""

    templates: ClassVar = {
        Prompt.COMPUTER: "planner_computer",
        Prompt.BROWSER: "planner_browser",
        Prompt.MOBILE: "planner_mobile",
    }
    closing: ClassVar = r"\)"

    name: str = "planner"
    served_as: str = ""
    space: Space = Grid(1000)
    image_rule: ImageRule = ImageRule(28, 56 * 56, 2560 * 28 * 28)
    sampling: Sampling = Sampling(temperature=0.0, max_tokens=1500)

    def read(self, text: str) -> Reply:
        """See `TemplateDialect`."""
        reasoning, start = read_reasoning(text)
        calls, end = read_labelled(text, start, UI_TARS)
        moves = tuple(move for call in calls for move in _moves(call))
        thought, reflection = read_sections(text[start:end])
        return Reply(moves, thought, reflection, reasoning)

    def is_complete(self, text: str) -> bool:
        """See `Dialect`."""
        return is_runaway(text) if self.several_actions else first_action_is_complete(text)

    def format(self, thought: str | None, moves: Sequence[ModelMove]) -> str:
        """See `TemplateDialect`."""
        return write_reply(thought, moves, FORM)


def _moves(call: Call) -> tuple[ModelMove, ...]:
    """The moves of `call`, whose points have a target each instead of coordinates."""
    targets: dict[ModelPoint, str] = {}
    arguments: list[Argument] = []
    for argument in call.arguments:
        if argument.name in _POINTS:
            if not isinstance(argument.value, str) or not argument.value.strip():
                raise ParseError("bad_argument", argument.position, f"{argument.name} must name an element in words")
            key = (len(targets), 0)
            targets[ModelPoint(float(key[0]), 0.0)] = argument.value.strip()
            arguments.append(replace(argument, name=_POINTS[argument.name], value=key))
        else:
            arguments.append(argument)

    def named(point: ModelPoint) -> ModelPoint:
        if point not in targets:
            raise ParseError("bad_point", call.position, f"{call.name} needs a target in words, not coordinates")
        return replace(point, target=targets[point])

    moves = moves_of((replace(call, arguments=tuple(arguments)),), UI_TARS)
    return tuple(move if isinstance(move, Finish | AskUser | GiveUp) else map_points(move, named) for move in moves)
