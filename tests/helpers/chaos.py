"""Faulty screens, in memory and as a page in Chromium, and scripted models with the failures of real ones.

A `Case` is one screen and one model; `play` runs it. The in-memory screen and `tests/agent/data/chaos.html` have the
same controls at the same positions, so that the same model can operate both.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from PIL import Image, ImageDraw, ImageFont

from screenwright import (
    Action,
    ActionResult,
    BrowserEnv,
    Click,
    Direction,
    Ended,
    Env,
    Episode,
    Escalated,
    Event,
    Hotkey,
    ImagePart,
    Limits,
    Message,
    ModelPolicy,
    Observation,
    ScreenPoint,
    Screenshot,
    ScriptedModel,
    Scroll,
    Size,
    Supervision,
    Type,
    UiTars15,
    Wait,
)
from screenwright.agent.core.coordinates import Frame, ModelPoint
from screenwright.agent.core.decision import Finish
from screenwright.envs.actions import ActionIn, map_points
from screenwright.envs.env import EnvInfo

SCREEN = Size(640, 480)
PAGE = Path(__file__).parents[1] / "agent" / "data" / "chaos.html"
BUTTON, FIELD, CLOSE, LIST = ScreenPoint(100, 80), ScreenPoint(170, 155), ScreenPoint(320, 290), ScreenPoint(300, 320)
NEXT_TO_THE_SLIVER = ScreenPoint(409, 90)
SLIVER_RED = (208, 0, 0)

# -- models


Answer = Callable[[Sequence[Message]], str]
_DIALECT = UiTars15()


def reply_for(action: Action | Finish, thought: str = "Next.") -> str:
    """The reply of UI-TARS-1.5 that requests `action`."""
    image = _DIALECT.image_rule.resize(SCREEN)
    frame = Frame(SCREEN, image, _DIALECT.space)
    if isinstance(action, Finish):
        return _DIALECT.format(thought, (action,))
    move: ActionIn[ModelPoint] = map_points(action, frame.to_model)
    return _DIALECT.format(thought, (move,))


def repeat_forever(*actions: Action) -> Answer:
    """A model that repeats the same actions in turn forever and ignores every message."""
    turn = iter(range(10_000))
    return lambda messages: reply_for(actions[next(turn) % len(actions)])


def repeat_until_warned(first: Action, *then: Action) -> Answer:
    """A model that repeats `first` until it is warned about a loop, then does `then` in turn, then finishes."""
    left = iter(then)

    def answer(messages: Sequence[Message]) -> str:
        warned = any("stuck in a loop" in message.text for message in messages if message.role == "user")
        return reply_for(next(left, Finish("done"))) if warned else reply_for(first)

    return answer


def in_order(*actions: Action) -> Answer:
    """A model that does `actions` in turn, then finishes."""
    left = iter(actions)
    return lambda messages: reply_for(next(left, Finish("done")))


def near_miss(messages: Sequence[Message]) -> str:
    """A model that clicks just next to the red sliver, but locates it exactly on a magnified crop; then finishes."""
    part = next(part for part in reversed(messages[-1].parts) if isinstance(part, ImagePart))
    magnified = any("magnified crop" in message.text for message in messages)
    image = part.load()
    if magnified:
        columns = [x for x in range(image.width) if _is_red(image, x, image.height // 2)]
        x = sum(columns) / len(columns)
        return _DIALECT.format("There.", (Click(ModelPoint(round(x), image.height // 2)),))
    if not re.search("changed nothing|not change|without changing", messages[-1].text) and len(messages) > 3:
        return reply_for(Finish("done"))
    return reply_for(Click(NEXT_TO_THE_SLIVER), "Click on the red line.")


def _is_red(image: Image.Image, x: int, y: int) -> bool:
    pixel = image.getpixel((x, y))
    return isinstance(pixel, tuple) and pixel[0] > 150 and pixel[1] < 110 and pixel[2] < 110


# -- screens


@dataclass(frozen=True)
class State:
    """The state of the in-memory screen."""

    presses: int = 0
    text: str = ""
    row: int = 0
    done: bool = False
    modal: bool = False
    covered: bool = True
    ticks: int = 0


class ChaosEnv:
    """The screen with one fault, in memory. Each observation advances its spinner and its slow page by one tick."""

    def __init__(self, fault: str) -> None:
        self.fault = fault
        self.state = State()

    def info(self) -> EnvInfo:
        return EnvInfo("chaos", self.fault)

    def observe(self) -> Observation:
        self.state = replace(self.state, ticks=self.state.ticks + 1)
        if self.fault == "slow" and self.state.ticks > 10:
            self.state = replace(self.state, done=True)
        return Observation(Screenshot(self._draw()))

    def execute(self, action: Action) -> ActionResult:
        self.state = self._after(action)
        return ActionResult(0.0)

    def release(self) -> None:
        pass

    def close(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        pass

    def _after(self, action: Action) -> State:
        state = self.state
        match action:
            case Click(at=at) if state.modal:
                return replace(state, modal=not _within(at, (270, 270, 370, 306)))
            case Click(at=at) if self.fault == "sliver" and _within(at, (400, 60, 403, 120)):
                return replace(state, done=True)
            case Click(at=at) if _within(at, (40, 60, 160, 100)):
                return self._pressed(replace(state, presses=state.presses + 1))
            case Hotkey(keys=("esc",)):
                return replace(state, covered=False)
            case Type(text=text) if self.fault != "field":
                return replace(state, text=state.text + text)
            case Scroll(direction=direction, amount=amount) if self.fault != "scroll":
                row = state.row + (amount if direction is Direction.DOWN else -amount)
                return replace(state, row=min(max(row, 0), 194))
            case _:
                return state

    def _pressed(self, state: State) -> State:
        match self.fault:
            case "third":
                return replace(state, done=state.presses >= 3)
            case "modal":
                return replace(state, modal=True)
            case "overlay":
                return replace(state, done=not state.covered)
            case _:
                return state

    def _draw(self) -> Image.Image:
        state = self.state
        image = Image.new("RGB", (SCREEN.width, SCREEN.height), "#fbfaf8")
        pen = ImageDraw.Draw(image)
        font = ImageFont.load_default(14)
        pen.rectangle((40, 60, 160, 100), fill="#e7e4de", outline="#888")
        pen.text((80, 72), "Press", fill="black", font=font)
        label = "Done" if state.done else str(state.presses) if self.fault == "counter" and state.presses else ""
        pen.text((300, 70), label, fill="black", font=font)
        pen.rectangle((40, 140, 300, 170), fill="white", outline="#888")
        pen.text((46, 146), state.text[-30:], fill="black", font=font)
        pen.rectangle((40, 200, 560, 440), fill="white", outline="#888")
        for line in range(6):
            pen.text((46, 206 + line * 40), f"Row {state.row + line}", fill="black", font=font)
        if self.fault == "sliver":
            pen.rectangle((400, 60, 402, 119), fill=SLIVER_RED)
        if self.fault in ("spinner", "dead-with-spinner"):
            pen.pieslice((560, 40, 600, 80), state.ticks * 37, state.ticks * 37 + 140, fill="#2f6fb0")
        if state.modal:
            pen.rectangle((180, 160, 460, 320), fill="white", outline="black", width=2)
            pen.rectangle((270, 270, 370, 306), fill="#e7e4de", outline="#888")
        return image


def _within(at: ScreenPoint, box: tuple[int, int, int, int]) -> bool:
    return box[0] <= at.x < box[2] and box[1] <= at.y < box[3]


# -- cases


@dataclass(frozen=True)
class Case:
    """A screen, a factory of models, and whether the run makes progress."""

    name: str
    fault: str
    model: Callable[[], Answer]
    progress: bool = False
    steps: int = 40


def _fill_fields() -> Answer:
    return in_order(*(action for text in ("Ada", "Byron", "London") for action in (Click(FIELD), Type(text))))


DOWN = Scroll(Direction.DOWN, 3, LIST)
CASES = (
    Case("a button that does nothing, fifteen clicks", "dead", lambda: in_order(*[Click(BUTTON)] * 15)),
    Case("a button that does nothing next to a spinner", "dead-with-spinner", lambda: repeat_forever(Click(BUTTON))),
    Case("a field that refuses text", "field", lambda: repeat_forever(Type("Ada"))),
    Case("a page that scrolls back", "scroll", lambda: repeat_forever(DOWN)),
    Case("a page scrolled past its end", "dead", lambda: repeat_forever(Scroll(Direction.DOWN, 70, LIST))),
    Case("a modal that returns", "modal", lambda: repeat_forever(Click(BUTTON), Click(CLOSE))),
    Case("two positions that do nothing, in turn", "dead", lambda: repeat_forever(Click(BUTTON), Click(FIELD))),
    Case("a spinner that never ends", "spinner", lambda: repeat_forever(Wait(0))),
    Case("an overlay, and a model that reacts to the warning", "overlay",
         lambda: repeat_until_warned(Click(BUTTON), Hotkey(("esc",)), Click(BUTTON))),
    Case("a target three pixels wide", "sliver", lambda: near_miss),
    Case("a button that works on the third press", "third", lambda: in_order(*[Click(BUTTON)] * 3), True),
    Case("a + button pressed twelve times", "counter", lambda: in_order(*[Click(BUTTON)] * 12), True),
    Case("a long page scrolled", "dead", lambda: in_order(*[DOWN] * 15), True),
    Case("fields filled one after another", "dead", _fill_fields, True),
    Case("a slow page", "slow", lambda: in_order(*[Wait(1)] * 9), True),
)  # fmt: skip


def in_memory(case: Case) -> Env:
    """The in-memory screen of a case."""
    return ChaosEnv(case.fault)


def in_chromium(case: Case) -> BrowserEnv:
    """The screen of a case as a page; the caller closes it."""
    return BrowserEnv(address_of(case), viewport=SCREEN)


def address_of(case: Case) -> str:
    """The page of a case."""
    return f"{PAGE.as_uri()}#{case.fault}"


def play(case: Case, env: Env, supervision: Supervision = Supervision()) -> tuple[list[Event], ScriptedModel]:
    """Run a case to its end."""
    model = ScriptedModel(case.model())
    policy = ModelPolicy(model, _DIALECT)
    episode = Episode("Get it done", env, policy, Limits(steps=case.steps), supervision=supervision)
    return list(episode.run()), model


def recovery_actions(events: Sequence[Event]) -> list[tuple[int, str]]:
    """The recovery actions with their steps."""
    return [(event.step, str(event.action)) for event in events if isinstance(event, Escalated)]


def ended(events: Sequence[Event]) -> Ended:
    """The last event, which is `Ended`."""
    last = events[-1]
    assert isinstance(last, Ended)
    return last
