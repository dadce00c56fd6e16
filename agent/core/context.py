"""What a decision rests on: the task, and every look at the screen so far with what followed."""

from dataclasses import dataclass

from ...envs.geometry import DeviceTransform, ScreenPoint
from ...envs.screenshot import Screenshot


@dataclass(frozen=True, slots=True)
class HistoryStep:
    """One look at the screen and what followed: the notes that the model was shown with it, and its reply.

    `change` is the share of pixels that differ from the look before. With `fresh` a new plan begins here: what went
    before is not shown any more.
    """

    screenshot: Screenshot
    notes: tuple[str, ...] = ()
    reply: str | None = None
    change: float = 0.0
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class DecisionContext:
    """All that a decision rests on: the task and every look so far, the last of which has no reply yet.

    `hotter` asks for a reply drawn at a higher temperature. An action at the place `closer` is to be aimed again, on an
    enlarged part of the screen.
    """

    task: str
    step: int
    history: tuple[HistoryStep, ...]
    device: DeviceTransform = DeviceTransform()
    hotter: bool = False
    closer: ScreenPoint | None = None

    @property
    def begun(self) -> int:
        """The look with which the newest plan began."""
        return max((index for index, look in enumerate(self.history) if look.fresh), default=0)

    @property
    def shown(self) -> tuple[HistoryStep, ...]:
        """The looks since the newest fresh plan."""
        return self.history[self.begun :]
