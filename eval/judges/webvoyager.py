"""WebVoyager's judge: one call with the task, the answer and the last screenshots.

Source: MinorJerry/WebVoyager, evaluation/auto_eval.py: up to 15 screenshots, temperature 0, seed 42. An episode without
an answer fails without a call. `NOT SUCCESS` anywhere in the reply means failure, else `SUCCESS` anywhere means
success, else there is no verdict.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ...agent.core.messages import Message
from ...agent.core.model import Model
from .evidence import Evidence, as_image
from .judge_model import JudgeModel, JudgePrompts, JudgeScore

NAMES = ("judge_webvoyager_system", "judge_webvoyager_user", "judge_webvoyager_end")
SCREENSHOTS = 15


@dataclass(frozen=True, slots=True)
class WebVoyagerJudge:
    """The judge with `model`; files in `prompt_folder` replace our prompts."""

    name: ClassVar[str] = "webvoyager judge"

    model: Model
    prompt_folder: Path | None = None

    @property
    def prompts(self) -> JudgePrompts:
        """All its prompts."""
        return JudgePrompts(NAMES, self.prompt_folder)

    def __call__(self, evidence: Evidence) -> JudgeScore:
        """Judge a run.

        Raises:
            TaskError: there is no verdict.
        """
        if not evidence.answer.strip():
            return JudgeScore(False, "no answer was given")
        shown = evidence.screenshots[-SCREENSHOTS:]
        text = self.prompts.render(
            "judge_webvoyager_user", task=evidence.task, answer=evidence.answer, count=str(len(shown))
        )
        end = self.prompts.render("judge_webvoyager_end")
        judge = JudgeModel(self.model)
        message = Message.of("user", text, *map(as_image, shown), end)
        done = judge.ask(self.prompts.render("judge_webvoyager_system"), message, parse_verdict)
        return judge.verdict(done, judge.replies[-1], len(shown))


def parse_verdict(reply: str) -> bool | None:
    """The verdict in the reply; None without one."""
    if "NOT SUCCESS" in reply:
        return False
    return True if "SUCCESS" in reply else None
