"""The panels that the overlay can show. Lengths are CSS pixels of the whole screen."""

from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Field:
    """A text field; `secret` hides the text."""

    label: str
    value: str = ""
    secret: bool = False


@dataclass(frozen=True, slots=True)
class PanelButton:
    """A button; `value` is the `PanelAnswer.value` of a click on it."""

    label: str
    value: str


CANCEL = PanelButton("Cancel", "cancel")


@dataclass(frozen=True, slots=True)
class Dialog:
    """A modal dialog with a message, text fields, a list of choices and buttons.

    Enter presses the first button, Escape the last. `check` is the label of a checkbox, if there is one.
    """

    title: str
    message: str
    buttons: tuple[PanelButton, ...]
    fields: tuple[Field, ...] = ()
    choices: tuple[str, ...] = ()
    multiple: bool = False
    check: str = ""
    kind: Literal["dialog"] = "dialog"


@dataclass(frozen=True, slots=True)
class PanelAnchor:
    """The box of the control that a panel belongs to."""

    x: float
    y: float
    width: float
    height: float


PickerType: TypeAlias = Literal["date", "time", "datetime-local", "month", "week", "color"]


@dataclass(frozen=True, slots=True)
class Picker:
    """A date, time or colour picker; `value`, `min`, `max` and `step` are those of the `<input>`."""

    type: PickerType
    anchor: PanelAnchor
    value: str = ""
    min: str = ""
    max: str = ""
    step: str = ""
    kind: Literal["picker"] = "picker"


@dataclass(frozen=True, slots=True)
class Option:
    """A suggestion; `label` is shown too if it differs from `value`."""

    value: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Suggestions:
    """The suggestions of a text field."""

    anchor: PanelAnchor
    options: tuple[Option, ...]
    kind: Literal["suggestions"] = "suggestions"


RowKind: TypeAlias = Literal["entry", "off", "entry nested", "off nested", "group", "line"]


@dataclass(frozen=True, slots=True)
class ListRow:
    """A row of a list: an option, one that is disabled (`off`), the heading of a group, or a separator.

    `colour` is the CSS colour of an option that has one of its own.
    """

    label: str
    kind: RowKind = "entry"
    colour: str = ""


@dataclass(frozen=True, slots=True)
class SelectList:
    """The list of a `<select>`; `selected` is the index of a row, or -1. `text_size` is in pixels of the screen.

    The answer is the index of the chosen row, with ` tab` if Tab chose it; `escape`; or empty.
    """

    anchor: PanelAnchor
    rows: tuple[ListRow, ...]
    selected: int = -1
    text_size: float = 14.0
    kind: Literal["list"] = "list"


@dataclass(frozen=True, slots=True)
class MenuItem:
    """An entry of a menu; one without a label is a separator."""

    label: str = ""
    value: str = ""
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Menu:
    """A context menu."""

    x: float
    y: float
    items: tuple[MenuItem, ...]
    kind: Literal["menu"] = "menu"


@dataclass(frozen=True, slots=True)
class Tooltip:
    """A tooltip at the pointer."""

    x: float
    y: float
    text: str
    kind: Literal["tooltip"] = "tooltip"


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab of the tab strip."""

    title: str
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class TabStripPanel:
    """The tab strip and the address bar, at the top of the screen."""

    tabs: tuple[Tab, ...]
    address: str
    can_go_back: bool = False
    can_go_forward: bool = False
    kind: Literal["tab_strip"] = "tab_strip"


Panel: TypeAlias = Dialog | Picker | Suggestions | SelectList | Menu | Tooltip | TabStripPanel


@dataclass(frozen=True, slots=True)
class PanelAnswer:
    """The user's input to a panel: the value of the button, day or entry (empty if none), and the text fields.

    `chosen` has the indexes of the selected choices, from 0.
    """

    value: str = ""
    fields: tuple[str, ...] = ()
    chosen: tuple[int, ...] = ()
    checked: bool = False
