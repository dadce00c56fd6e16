"""What a literal instruction can ask for, one value a step; in words they say what they are."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from ...envs.actions import Direction


class Thing(StrEnum):
    """What sort of thing a name is said to be the name of."""

    BUTTON = "button"
    LINK = "link"
    TAB = "tab"
    FIELD = "field"
    TICK = "check box"
    LIST = "list"
    ICON = "icon"
    SECTION = "section"


@dataclass(frozen=True, slots=True)
class Label:
    """How a thing on the screen is called; `ordinal` says which, from 1 or from the end, where several are called so.

    `text` may be empty where only the sort of thing was named, as in "the second text field".
    """

    text: str
    ordinal: int = 1
    thing: Thing | None = None

    def __str__(self) -> str:
        name = f"{self.text!r}" if self.text else f"the {self.thing}"
        return name if self.ordinal == 1 else f"{name} number {self.ordinal}"


@dataclass(frozen=True, slots=True)
class Press:
    """Click on something: `count` times, or with the right button."""

    label: Label
    count: int = 1
    right: bool = False

    def __str__(self) -> str:
        return f"{'right ' if self.right else 'double ' if self.count == 2 else ''}click {self.label}"


@dataclass(frozen=True, slots=True)
class Write:
    """Type a text, into a field if one is named."""

    text: str
    field: Label | None = None

    def __str__(self) -> str:
        return f"type {self.text!r}" + (f" into {self.field}" if self.field else "")


@dataclass(frozen=True, slots=True)
class Choose:
    """Choose an entry of a list."""

    entry: Label
    source: Label

    def __str__(self) -> str:
        return f"choose {self.entry} from {self.source}"


@dataclass(frozen=True, slots=True)
class Pick:
    """Select something: tick the box beside it if it has one, else click on it."""

    label: Label

    def __str__(self) -> str:
        return f"select {self.label}"


@dataclass(frozen=True, slots=True)
class Tick:
    """Bring a check box or radio button into a state."""

    label: Label
    on: bool = True

    def __str__(self) -> str:
        return f"{'check' if self.on else 'uncheck'} {self.label}"


@dataclass(frozen=True, slots=True)
class Strike:
    """Press keys together."""

    keys: tuple[str, ...]

    def __str__(self) -> str:
        return f"press {'+'.join(self.keys)}"


@dataclass(frozen=True, slots=True)
class Rotate:
    """Scroll, until something is seen if `until` is given."""

    direction: Direction
    until: Label | None = None

    def __str__(self) -> str:
        return f"scroll {self.direction}" + (f" until {self.until} is seen" if self.until else "")


@dataclass(frozen=True, slots=True)
class DragOnto:
    """Drag one thing onto another."""

    thing: Label
    target: Label

    def __str__(self) -> str:
        return f"drag {self.thing} onto {self.target}"


@dataclass(frozen=True, slots=True)
class GoTo:
    """Go to an address."""

    address: str

    def __str__(self) -> str:
        return f"go to {self.address}"


@dataclass(frozen=True, slots=True)
class Await:
    """Wait until something is seen."""

    label: Label

    def __str__(self) -> str:
        return f"wait for {self.label}"


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait for so many seconds."""

    seconds: float

    def __str__(self) -> str:
        return f"wait {self.seconds:g} s"


@dataclass(frozen=True, slots=True)
class Tell:
    """Say what stands at a label."""

    label: Label

    def __str__(self) -> str:
        return f"tell {self.label}"


@dataclass(frozen=True, slots=True)
class LookIn:
    """What the next step names may be hidden: behind another tab, in a section that is closed, in a folder."""

    place: Thing

    def __str__(self) -> str:
        return f"look into each {self.place}"


@dataclass(frozen=True, slots=True)
class SkipUnless:
    """Leave out the next `steps` steps unless `label` is seen now; without a label, leave them out."""

    label: Label | None
    steps: int

    def __str__(self) -> str:
        return f"see whether {self.label} is there" if self.label else "go on"


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """A sentence that is none of the above."""

    sentence: str

    def __str__(self) -> str:
        return f"not understood: {self.sentence!r}"


Step: TypeAlias = (
    Press
    | Write
    | Choose
    | Pick
    | Tick
    | Strike
    | Rotate
    | DragOnto
    | GoTo
    | Await
    | Pause
    | Tell
    | LookIn
    | SkipUnless
    | NotUnderstood
)
