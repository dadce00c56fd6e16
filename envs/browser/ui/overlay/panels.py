"""The panels that lie over a page, as values. Lengths are CSS pixels of the whole screen."""

from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Field:
    """A line to type into; `secret` shows dots."""

    label: str
    value: str = ""
    secret: bool = False


@dataclass(frozen=True, slots=True)
class PanelButton:
    """What a dialog may be answered with; `value` is what `PanelAnswer` then says."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Dialog:
    """A question that nothing else can be done before: a message, lines to type into, things to choose, and buttons.

    Enter presses the first button, Escape the last. `check` is the label of a box to check, where there is one.
    """

    title: str
    message: str
    buttons: tuple[PanelButton, ...]
    fields: tuple[Field, ...] = ()
    choices: tuple[str, ...] = ()
    several: bool = False
    check: str = ""
    kind: Literal["dialog"] = "dialog"


@dataclass(frozen=True, slots=True)
class Anchor:
    """The box of the control that a panel belongs to."""

    x: float
    y: float
    width: float
    height: float


PickerType: TypeAlias = Literal["date", "time", "datetime-local", "month", "week", "color"]


@dataclass(frozen=True, slots=True)
class Picker:
    """A date, time or colour to pick; values, limits and `step` are as an `<input>` of that type writes them."""

    type: PickerType
    anchor: Anchor
    value: str = ""
    min: str = ""
    max: str = ""
    step: str = ""
    kind: Literal["picker"] = "picker"


@dataclass(frozen=True, slots=True)
class Option:
    """A suggestion for a text field; `label` is shown besides, where it differs."""

    value: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class ListOfOptions:
    """The suggestions of a field."""

    anchor: Anchor
    options: tuple[Option, ...]
    kind: Literal["list"] = "list"


@dataclass(frozen=True, slots=True)
class MenuItem:
    """An entry of a menu; one without a label is a line between groups."""

    label: str = ""
    value: str = ""
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Menu:
    """A menu that opens at a point."""

    x: float
    y: float
    items: tuple[MenuItem, ...]
    kind: Literal["menu"] = "menu"


@dataclass(frozen=True, slots=True)
class Tooltip:
    """A few words beside the pointer."""

    x: float
    y: float
    text: str
    kind: Literal["tooltip"] = "tooltip"


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab by its title."""

    title: str
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class Strip:
    """The tabs and the address, along the upper edge."""

    tabs: tuple[Tab, ...]
    address: str
    can_go_back: bool = False
    can_go_forward: bool = False
    kind: Literal["strip"] = "strip"


Panel: TypeAlias = Dialog | Picker | ListOfOptions | Menu | Tooltip | Strip


@dataclass(frozen=True, slots=True)
class PanelAnswer:
    """What was done to a panel: which button, day or entry, empty for none; what stands in its fields.

    `chosen` are the numbers of the choices that are selected, from 0.
    """

    value: str = ""
    fields: tuple[str, ...] = ()
    chosen: tuple[int, ...] = ()
    checked: bool = False
