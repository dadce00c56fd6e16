"""The events that `scripts/` reports: UI that Chromium would draw outside the page."""

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from .overlay.panels import ListRow, Option, PickerType

MAX_TEXT = 2_000
"""Characters of a page's text that are shown."""


PERMISSIONS = {
    "geolocation": "Know your location",
    "notifications": "Show notifications",
    "camera": "Use your camera",
    "microphone": "Use your microphone",
    "clipboard-read": "See text and images copied to the clipboard",
}
"""What a page wants to do, for each permission. The text is not the page's, so that no prompt can say anything else."""

REFUSALS = {
    "passkey": "The page asked for a passkey. None is available here, so the request was refused.",
    "sign-in": "The page asked to sign in with an account of the browser. There is none, so the request was refused.",
    "screen sharing": "The page asked to share the screen. The request was refused.",
    "device": "The page asked to connect to a device. None is available here, so the request was refused.",
    "colour from the screen": "The page asked to pick a colour from the screen. The request was refused.",
    "payment": "The page asked to pay with the browser. No payment method is available here; the request was refused.",
    "sharing": "The page asked to share with another program. None is available here, so the request was refused.",
    "data window": "The page opened a window for a data: address, which browsers block. The new tab is empty.",
}
"""What is reported when a page asked for something that nothing here can answer."""


class _Event(BaseModel):
    """`id` is not 0 if the page waits for an answer."""

    model_config = ConfigDict(frozen=True)

    id: int = 0


class _ControlEvent(_Event):
    """An event at a control: its box in CSS pixels, relative to the viewport of its frame."""

    x: float
    y: float
    width: float
    height: float


class PickerEvent(_ControlEvent):
    """A date, time or colour picker opens."""

    event: Literal["picker"]
    type: PickerType
    value: str
    min: str
    max: str
    step: str


class SuggestionsEvent(_ControlEvent):
    """The suggestions of a text field open."""

    event: Literal["suggestions"]
    options: tuple[Option, ...]


class SuggestionsClosedEvent(_Event):
    """The suggestions close."""

    event: Literal["suggestions closed"]


class ListEvent(_ControlEvent):
    """The list of a `<select>` opens or changes; `selected` is a row, or -1. Its next state has another `number`.

    `text` is the size of its text, as a share of its width.
    """

    event: Literal["list"]
    number: int
    rows: tuple[ListRow, ...]
    selected: int
    text: float


class ListClosedEvent(_Event):
    """The page has closed the list of a `<select>`."""

    event: Literal["list closed"]


class TooltipEvent(_Event):
    """The pointer is over an element with the title `text`, or over none if it is empty."""

    event: Literal["tooltip"]
    text: str


class ValueScrolledEvent(_Event):
    """A wheel over a field changed its value."""

    event: Literal["value scrolled"]
    before: str
    after: str


class ContextMenuEvent(_Event):
    """The browser's context menu opens."""

    event: Literal["context menu"]
    link: str
    editable: bool
    selected: bool


class PermissionEvent(_Event):
    """A page requests the permission with DevTools name `name`."""

    event: Literal["permission"]
    name: Literal["geolocation", "notifications", "camera", "microphone", "clipboard-read"]


class SaveFileEvent(_Event):
    """A page asks where to save a file that it suggests to call `name`."""

    event: Literal["save file"]
    name: str


class PromptExpectedEvent(_Event):
    """Whether a page has caused a prompt that the browser opens a moment later, such as a file chooser."""

    event: Literal["prompt expected"]
    expected: bool


class ExternalLinkEvent(_Event):
    """A link such as `mailto:`, which a browser passes on to another program, was not followed."""

    event: Literal["external link"]
    url: str


class RefusedEvent(_Event):
    """A page asked for something that nothing here can answer, and was refused."""

    event: Literal["refused"]
    what: Literal[
        "passkey", "sign-in", "screen sharing", "device", "colour from the screen", "payment", "sharing", "data window"
    ]


class PersonEvent(_Event):
    """A person used mouse or keyboard, while a demonstration is recorded.

    The position is in the viewport of the frame, `time` in milliseconds since 1970. `hidden` if a character went into a
    field for a password; `dx` and `dy` are CSS pixels that a wheel scrolls.
    """

    event: Literal["person"]
    kind: Literal["press", "release", "move", "wheel", "key", "text"]
    time: float
    x: float
    y: float
    button: int = 0
    key: str = Field(default="", max_length=40)
    text: str = Field(default="", max_length=100_000)
    pressed: bool = False
    hidden: bool = False
    dx: float = 0.0
    dy: float = 0.0


PageEvent: TypeAlias = (
    PickerEvent
    | SuggestionsEvent
    | SuggestionsClosedEvent
    | ListEvent
    | ListClosedEvent
    | TooltipEvent
    | ValueScrolledEvent
    | ContextMenuEvent
    | PermissionEvent
    | SaveFileEvent
    | PromptExpectedEvent
    | ExternalLinkEvent
    | RefusedEvent
    | PersonEvent
)
PAGE_EVENT: TypeAdapter[PageEvent] = TypeAdapter(Annotated[PageEvent, Field(discriminator="event")])
