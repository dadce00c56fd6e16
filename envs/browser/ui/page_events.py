"""What `browser_ui.js` tells of: the things that a browser draws outside its pages."""

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from .overlay.panels import PickerType

LONGEST = 2_000
"""Characters of a text that is shown; a page may say anything."""


class _News(BaseModel):
    model_config = ConfigDict(frozen=True)


class _AtControl(_News):
    """A control's box, in CSS pixels; `dx` and `dy` are where its top left corner is, seen from the pointer."""

    dx: float
    dy: float
    width: float
    height: float


class PickerNews(_AtControl):
    """A date, time or colour is to be picked."""

    news: Literal["picker"]
    type: PickerType
    value: str
    min: str
    max: str
    step: str


class OptionNews(_News):
    """A suggestion."""

    value: str
    label: str


class ListNews(_AtControl):
    """A text field has suggestions."""

    news: Literal["list"]
    options: tuple[OptionNews, ...]


class CloseNews(_News):
    """The suggestions are no longer wanted."""

    news: Literal["close"]


class TitleNews(_News):
    """The pointer is over something with a title, or no longer, if the text is empty."""

    news: Literal["title"]
    text: str


class MenuNews(_News):
    """The right button was pressed where the page has no menu of its own."""

    news: Literal["menu"]
    link: str
    editable: bool
    selected: bool


class PermissionNews(_News):
    """A page asks for a permission, which DevTools and the page call `name`; `wanted` says it in words."""

    news: Literal["permission"]
    name: Literal["geolocation", "notifications", "camera", "microphone", "clipboard-read"]
    wanted: str


News: TypeAlias = PickerNews | ListNews | CloseNews | TitleNews | MenuNews | PermissionNews
READ_NEWS: TypeAdapter[News] = TypeAdapter(Annotated[News, Field(discriminator="news")])
