"""The conversation with a vendor's API, and its replies, independent of the wire format."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from ...envs.actions import Wait
from ...envs.env import EnvInfo
from ...envs.geometry import Size
from ...envs.screenshot import Screenshot
from ..core.coordinates import Frame
from ..core.decision import AskUser, Finish, GiveUp, ModelMove, Reply
from ..core.messages import ImageFormat, ImagePart
from ..core.model import Usage

Json: TypeAlias = dict[str, Any]
"""A JSON object of a vendor's wire format."""

NOT_EXECUTED = "Not executed: an earlier action of the same reply failed."


class ScreenKind(StrEnum):
    """What the model operates; decides which tools it is offered."""

    PAGE = "page"
    BROWSER_WINDOW = "browser_window"
    DESKTOP = "desktop"
    PHONE = "phone"

    @classmethod
    def of(cls, env: EnvInfo) -> "ScreenKind":
        """The kind of the screen that `env` describes."""
        if env.kind == "browser":
            return cls.BROWSER_WINDOW if "window" in env.settings else cls.PAGE
        return cls.PHONE if env.kind == "android" else cls.DESKTOP


@dataclass(frozen=True, slots=True)
class Exchange:
    """What the model was shown in a step, and its reply as the API's JSON object; None if it has not replied yet.

    `image` is the screenshot as it is sent, None if the history drops it; `region` are its parts that the model asked
    to see enlarged. `refused` and `acknowledged` are the outcome of the reply's actions, see `HistoryStep`.
    """

    screenshot: Screenshot
    image: ImagePart | None
    notes: tuple[str, ...] = ()
    location: str = ""
    reply: Json | None = None
    refused: tuple[int, str] | None = None
    acknowledged: bool = False


@dataclass(frozen=True, slots=True)
class VendorConversation:
    """Everything that a request is built from; the last exchange has no reply.

    `attended` if the user can answer questions, and `chained` if the API still has all but the newest exchange and is
    sent only that.
    """

    task: str
    system: str
    screen: ScreenKind
    exchanges: tuple[Exchange, ...]
    attended: bool = False
    chained: bool = False
    max_tokens: int | None = None
    sampling: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class VendorCall:
    """A call of a tool. `error` if it cannot be carried out; `region` is a part of the screenshot to show enlarged.

    `data` is the call as the API sent it.
    """

    call_id: str
    name: str
    moves: tuple[ModelMove, ...] = ()
    error: str = ""
    region: tuple[float, float, float, float] | None = None
    data: Json = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class VendorReply:
    """A reply. `safety_checks` are the API's questions about it; `withheld` is why it has no content.

    `complete` is False if it was cut off at the maximum number of tokens, and `malformed` says what else is wrong.
    """

    calls: tuple[VendorCall, ...] = ()
    text: str = ""
    reasoning: str = ""
    usage: Usage = Usage()
    complete: bool = True
    safety_checks: tuple[str, ...] = ()
    withheld: str = ""
    malformed: str = ""

    @property
    def problem(self) -> str:
        """Why nothing of the reply can be carried out; empty if something can."""
        if not self.complete:
            return "the reply was cut off at the maximum number of tokens"
        if self.malformed:
            return self.malformed
        if not self.calls:
            return "" if self.text.strip() else "the reply is empty"
        return self.calls[0].error

    def parsed(self) -> Reply:
        """The moves up to the first call that cannot be carried out; a reply without calls finishes the task.

        A reply that only asks for a screenshot waits for zero seconds.
        """
        thought, reasoning = self.text.strip() or None, self.reasoning.strip() or None
        if not self.calls:
            return Reply((Finish(self.text.strip()),), reasoning=reasoning)
        moves: list[ModelMove] = []
        for call in self.calls:
            if call.error:
                break
            moves.extend(call.moves)
        return Reply(tuple(moves) or (Wait(0.0),), thought, reasoning=reasoning)

    def outcomes(self, exchange: Exchange) -> tuple[str, ...]:
        """For each call, why it was not carried out, or an empty text."""
        failure, texts, index = "", list[str](), 0
        denied = bool(self.safety_checks) and not exchange.acknowledged
        for call in self.calls:
            end = index + sum(not isinstance(move, Finish | AskUser | GiveUp) for move in call.moves)
            if failure:
                texts.append(NOT_EXECUTED)
                continue
            if denied:
                failure = f"The user did not allow this: {exchange.refused[1] if exchange.refused else 'denied'}"
            elif call.error:
                failure = call.error
            elif exchange.refused is not None and index <= exchange.refused[0] < end:
                failure = exchange.refused[1]
            texts.append(failure)
            index = end
        return tuple(texts)


def fitted(screen: Size, long_edge: int) -> Size:
    """`screen` scaled down so that its longer side has at most `long_edge` pixels, with the same shape."""
    scale = long_edge / max(screen.width, screen.height)
    if scale >= 1:
        return screen
    return Size(max(1, round(screen.width * scale)), max(1, round(screen.height * scale)))


def enlarged(screenshot: Screenshot, region: Sequence[float], frame: Frame, image_format: ImageFormat) -> ImagePart:
    """The part `region` of a screenshot (x0, y0, x1, y1 in the model's space), as large as the whole is sent."""
    from ..core.coordinates import ModelPoint

    first, last = (frame.trace(ModelPoint(x, y)).screen for x, y in (region[:2], region[2:]))
    left, right = sorted((round(first.x), round(last.x)))
    top, bottom = sorted((round(first.y), round(last.y)))
    crop = Screenshot(screenshot.image.crop((left, top, max(right, left + 1), max(bottom, top + 1))))
    scale = min(frame.image.width / crop.size.width, frame.image.height / crop.size.height)
    size = Size(max(1, round(crop.size.width * scale)), max(1, round(crop.size.height * scale)))
    return ImagePart.of(crop, size, image_format)
