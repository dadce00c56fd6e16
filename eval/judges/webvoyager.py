"""WebVoyager's judge: one call with the task, the answer and the last screenshots.

Source: MinorJerry/WebVoyager, evaluation/auto_eval.py: up to 15 screenshots, temperature 0, seed 42; no answer is a
failure without a call; `NOT SUCCESS` anywhere in the reply is a failure, else `SUCCESS` anywhere a success, else there
is no verdict.
"""

from dataclasses import dataclass

from ...agent.core.messages import Message
from ...agent.core.model import Model
from .asking import JudgeModel, JudgePrompts, JudgeScore
from .evidence import Evidence, as_image

NAMES = ("judge_webvoyager_system", "judge_webvoyager_user", "judge_webvoyager_end")
SCREENSHOTS = 15


@dataclass(frozen=True, slots=True)
class WebVoyagerJudge:
    """Judges by `model`."""

    model: Model
    prompts: JudgePrompts = JudgePrompts(NAMES)
    screenshots: int = SCREENSHOTS
    name: str = "webvoyager judge"

    def __call__(self, evidence: Evidence) -> JudgeScore:
        """The verdict on a run.

        Raises:
            TaskError: there is none.
        """
        if not evidence.answer.strip():
            return JudgeScore(False, "no answer was given")
        shown = evidence.screenshots[-self.screenshots :]
        said = self.prompts.render(
            "judge_webvoyager_user", task=evidence.task, answer=evidence.answer, count=str(len(shown))
        )
        end = self.prompts.render("judge_webvoyager_end")
        asked = JudgeModel(self.model)
        message = Message.of("user", said, *map(as_image, shown), end)
        done = asked.ask(self.prompts.render("judge_webvoyager_system"), message, read_verdict)
        return asked.verdict(done, asked.replies[-1], len(shown))


def read_verdict(reply: str) -> bool | None:
    """What the reply says; None if nothing."""
    if "NOT SUCCESS" in reply:
        return False
    return True if "SUCCESS" in reply else None
