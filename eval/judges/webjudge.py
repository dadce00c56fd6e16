"""WebJudge, the judge of Online-Mind2Web, in three stages: key points, a score per screenshot, the verdict.

Source: OSU-NLP-Group/Online-Mind2Web (arXiv 2504.01382). The last stage sees the screenshots with a score of 3 or more,
at most 50, and the actions without the final answer; the verdict follows `Status:`. Published results use o4-mini.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ...agent.core.messages import Message
from ...agent.core.model import Model
from ...envs.screenshot import Screenshot
from .evidence import Evidence, as_image
from .judge_model import JudgeModel, JudgePrompts, JudgeScore

NAMES = tuple(
    f"judge_webjudge_{stage}_{role}" for stage in ("points", "image", "verdict") for role in ("system", "user")
)
MIN_SCORE = 3
MAX_IMAGES = 50

_SCORE = re.compile(r"score\W*([1-5])\b", re.IGNORECASE)
_REASONING = re.compile(r"^\W*(\d\W*)?reasoning\W*", re.IGNORECASE)
_LABEL_AT_END = re.compile(r"(\n\s*\d\.)?[\s*#]*$")
_STATUS = re.compile(r"status\W*(success|failure)", re.IGNORECASE)
_POINTS = re.compile(r"\*{0,2}key points\*{0,2}:?\*{0,2}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class WebJudge:
    """The judge with `model`; files in `prompt_folder` replace our prompts."""

    name: ClassVar[str] = "WebJudge"

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
        judge = JudgeModel(self.model)
        points = self._points(judge, evidence)
        kept: list[tuple[Screenshot, str]] = []
        for shot in _distinct(evidence.screenshots):
            score, remark = self._score(judge, evidence, points, shot)
            if score >= MIN_SCORE:
                kept.append((shot, remark))
        kept = kept[-MAX_IMAGES:]
        done = self._verdict(judge, evidence, points, kept)
        return judge.verdict(done, judge.replies[-1], len(kept))

    def _points(self, judge: JudgeModel, evidence: Evidence) -> str:
        message = Message.of("user", self.prompts.render("judge_webjudge_points_user", task=evidence.task))
        return judge.ask(self.prompts.render("judge_webjudge_points_system"), message, parse_points)

    def _score(self, judge: JudgeModel, evidence: Evidence, points: str, shot: Screenshot) -> tuple[int, str]:
        text = self.prompts.render("judge_webjudge_image_user", task=evidence.task, points=points)
        system = self.prompts.render("judge_webjudge_image_system")
        return judge.ask(system, Message.of("user", text, as_image(shot)), parse_score)

    def _verdict(self, judge: JudgeModel, evidence: Evidence, points: str, kept: list[tuple[Screenshot, str]]) -> bool:
        text = self.prompts.render(
            "judge_webjudge_verdict_user",
            task=evidence.task,
            points=points,
            actions=_numbered(evidence.actions),
            remarks=_numbered([remark for _, remark in kept]),
        )
        message = Message.of("user", text, *(as_image(shot) for shot, _ in kept))
        return judge.ask(self.prompts.render("judge_webjudge_verdict_system"), message, parse_status)


def parse_points(reply: str) -> str | None:
    """The key points, one per line; None if there are none."""
    found = _POINTS.split(reply, maxsplit=1)[-1]
    lines = [line.strip() for line in found.splitlines() if line.strip()]
    return "\n".join(lines) or None


def parse_score(reply: str) -> tuple[int, str] | None:
    """The last score in the reply and the remark before it; None without a score."""
    scores = list(_SCORE.finditer(reply))
    if not scores:
        return None
    before = _LABEL_AT_END.sub("", reply[: scores[-1].start()])
    return int(scores[-1][1]), " ".join(_REASONING.sub("", before).split())


def parse_status(reply: str) -> bool | None:
    """Whether the last `Status:` is success; None without a status."""
    found = _STATUS.findall(reply)
    return found[-1].lower() == "success" if found else None


def _distinct(screenshots: tuple[Screenshot, ...]) -> tuple[Screenshot, ...]:
    """The screenshots without consecutive duplicates, so that an unchanged screen is scored once."""
    return tuple(
        shot for index, shot in enumerate(screenshots) if index == 0 or shot.sha256 != screenshots[index - 1].sha256
    )


def _numbered(lines: tuple[str, ...] | list[str]) -> str:
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, start=1)) or "none"
