"""The input of a policy: the task and the history of the episode."""

from dataclasses import dataclass

from screenwright._text import printable, without_tokens

from ...envs.geometry import DeviceTransform, ScreenPoint
from ...envs.screenshot import Screenshot


@dataclass(frozen=True, slots=True)
class HistoryStep:
    """One step: the screenshot, the notes that the model was shown with it, and its reply.

    `change` is the share of pixels that differ from the screenshot before. With `replan`, a new plan starts here and
    earlier steps are no longer shown to the model. `location` is the page or window of the screenshot, for APIs that
    require it. No note contains control characters or anything that reads as a special token of a chat template.
    `refused` is the index of the action that was not carried out, and why; `acknowledged` if the user or
    the guard allowed what a safety check of the model's API asked about.
    """

    screenshot: Screenshot
    notes: tuple[str, ...] = ()
    reply: str | None = None
    change: float = 0.0
    replan: bool = False
    location: str = ""
    refused: tuple[int, str] | None = None
    acknowledged: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "notes", tuple(without_tokens(printable(note)) for note in self.notes))


@dataclass(frozen=True, slots=True)
class DecisionContext:
    """What a policy decides from: the task and all steps so far; the last one has no reply yet.

    The task is the user's and stays as it is, except for what reads as a special token of a chat template: `<|im_end|>`
    becomes `< |im_end|>`.
    `raise_temperature` asks for a reply sampled at a higher temperature. If the next action targets `zoom_at`, its
    point is refined on a magnified crop of the screen.
    """

    task: str
    step: int
    history: tuple[HistoryStep, ...]
    device: DeviceTransform = DeviceTransform()
    raise_temperature: bool = False
    zoom_at: ScreenPoint | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "task", without_tokens(self.task))

    @property
    def plan_start(self) -> int:
        """The index of the step at which the newest plan started."""
        return max((index for index, step in enumerate(self.history) if step.replan), default=0)

    @property
    def current_plan(self) -> tuple[HistoryStep, ...]:
        """The steps since the newest plan started."""
        return self.history[self.plan_start :]
