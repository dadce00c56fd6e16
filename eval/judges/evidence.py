"""The evidence for a judge: screenshots, actions and answer of a run."""

from dataclasses import dataclass

from ...agent.core.describe import describe_action
from ...agent.core.messages import ImageFormat, ImagePart
from ...agent.loop.agent import Result
from ...agent.record.events import Acted, Observed
from ...agent.record.trajectory import RunError, read_run
from ...envs.screenshot import Screenshot
from ..core.task import TaskError


@dataclass(frozen=True, slots=True)
class Evidence:
    """A run as a judge sees it. `answer` is empty unless the agent finished with one."""

    task: str
    screenshots: tuple[Screenshot, ...]
    actions: tuple[str, ...]
    answer: str


def evidence_of(result: Result, task: str) -> Evidence:
    """The evidence in the recorded run of `result`. Refused actions are marked.

    Raises:
        TaskError: the run was not recorded, or cannot be read.
    """
    if result.run is None:
        raise TaskError("a judge needs a recorded run")
    try:
        events = read_run(result.run).events
    except RunError as error:
        raise TaskError(str(error)) from error
    return Evidence(
        task=task,
        screenshots=tuple(event.observation.screenshot for event in events if isinstance(event, Observed)),
        actions=tuple(
            describe_action(event.action) + (" (refused)" if event.refused else "")
            for event in events
            if isinstance(event, Acted)
        ),
        answer=result.answer if result.finished else "",
    )


def as_image(screenshot: Screenshot) -> ImagePart:
    """The screenshot as a JPEG in its original size."""
    return ImagePart.of(screenshot, screenshot.size, ImageFormat.JPEG)
