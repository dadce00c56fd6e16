"""The steps that an instruction can consist of; `str(step)` is the text for thoughts and messages."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from ...envs.actions import Direction, Hotkey, Navigate, Wait
from ..core.describe import describe_action


class ElementType(StrEnum):
    """The type of element that an instruction mentions."""

    BUTTON = "button"
    LINK = "link"
    TAB = "tab"
    FIELD = "field"
    CHECKBOX = "check box"
    LIST = "list"
    ICON = "icon"
    SECTION = "section"
    SUBMIT = "submit button"
    """The button that submits a form, whatever its label: `submit`, or `press login` without quotes or capitals."""


@dataclass(frozen=True, slots=True)
class Target:
    """A reference to an element by its visible text.

    `ordinal` selects among several matches: 1 is the first, -1 the last; with None there must be only one. `text` is
    empty if the instruction names only the type, as in "the second text field".
    """

    text: str
    ordinal: int | None = None
    element_type: ElementType | None = None

    def __str__(self) -> str:
        name = f"{self.text!r}" if self.text else f"the {self.element_type}"
        return name if self.ordinal is None else f"{name} number {self.ordinal}"


@dataclass(frozen=True, slots=True)
class ClickStep:
    """Click a target `count` times, or with the right button. With `select`, check its check box if it has one."""

    target: Target
    count: int = 1
    right: bool = False
    select: bool = False

    def __str__(self) -> str:
        if self.select:
            return f"select {self.target}"
        return f"{'right ' if self.right else 'double ' if self.count == 2 else ''}click {self.target}"


@dataclass(frozen=True, slots=True)
class TypeStep:
    """Type a text, into `field` if given."""

    text: str
    field: Target | None = None

    def __str__(self) -> str:
        return f"type {self.text!r}" + (f" into {self.field}" if self.field else "")


@dataclass(frozen=True, slots=True)
class ChooseStep:
    """Choose an entry from a list."""

    entry: Target
    source: Target

    def __str__(self) -> str:
        return f"choose {self.entry} from {self.source}"


@dataclass(frozen=True, slots=True)
class CheckStep:
    """Set a check box or radio button to a state."""

    target: Target
    on: bool = True

    def __str__(self) -> str:
        return f"{'check' if self.on else 'uncheck'} {self.target}"


@dataclass(frozen=True, slots=True)
class ActionStep:
    """Press keys, wait, or go to a URL."""

    action: Hotkey | Wait | Navigate

    def __str__(self) -> str:
        return describe_action(self.action)


@dataclass(frozen=True, slots=True)
class ScrollStep:
    """Scroll once, or until `until` is visible."""

    direction: Direction
    until: Target | None = None

    def __str__(self) -> str:
        return f"scroll {self.direction}" + (f" until {self.until} is visible" if self.until else "")


@dataclass(frozen=True, slots=True)
class DragStep:
    """Drag one element onto another."""

    source: Target
    destination: Target

    def __str__(self) -> str:
        return f"drag {self.source} onto {self.destination}"


@dataclass(frozen=True, slots=True)
class WaitForStep:
    """Wait until a target is visible."""

    target: Target

    def __str__(self) -> str:
        return f"wait for {self.target}"


@dataclass(frozen=True, slots=True)
class ReadStep:
    """Report the value next to a label."""

    target: Target

    def __str__(self) -> str:
        return f"read {self.target}"


@dataclass(frozen=True, slots=True)
class SearchInStep:
    """The target of the next step may be in a container that is not open: a tab, a collapsed section, a folder."""

    container: ElementType

    def __str__(self) -> str:
        return f"search each {self.container}"


@dataclass(frozen=True, slots=True)
class SkipUnlessVisible:
    """Skip the next `steps` steps unless `target` is visible; without a target, always skip them."""

    target: Target | None
    steps: int

    def __str__(self) -> str:
        return f"check whether {self.target} is visible" if self.target else "continue"


@dataclass(frozen=True, slots=True)
class UnparsedStep:
    """A sentence that no rule matches."""

    sentence: str

    def __str__(self) -> str:
        return f"cannot parse {self.sentence!r}"


Step: TypeAlias = (
    ActionStep
    | ClickStep
    | TypeStep
    | ChooseStep
    | CheckStep
    | ScrollStep
    | DragStep
    | WaitForStep
    | ReadStep
    | SearchInStep
    | SkipUnlessVisible
    | UnparsedStep
)
