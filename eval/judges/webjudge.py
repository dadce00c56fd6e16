"""WebJudge, Online-Mind2Web's judge, in three stages: key points, a score a screenshot, the verdict.

Source: OSU-NLP-Group/Online-Mind2Web (the paper is arXiv 2504.01382): screenshots scored 3 or more are shown in the
last stage, at most 50 of them; the history of actions goes without the final answer; the verdict is what follows
`Status:`. The figures that were published with it are of o4-mini.
"""

import re
from dataclasses import dataclass

from ...agent.core.messages import Message
from ...agent.core.model import Model
from ...envs.screenshot import Screenshot
from .asking import JudgeModel, JudgePrompts, JudgeScore
from .evidence import Evidence, as_image

NAMES = tuple(
    f"judge_webjudge_{stage}_{role}" for stage in ("points", "image", "verdict") for role in ("system", "user")
)
LEAST_SCORE = 3
MOST_IMAGES = 50

_SCORE = re.compile(r"score\W*([1-5])\b", re.IGNORECASE)
_REASONING = re.compile(r"^\W*(\d\W*)?reasoning\W*", re.IGNORECASE)
_LABEL_AT_END = re.compile(r"(\n\s*\d\.)?[\s*#]*$")
_STATUS = re.compile(r"status\W*(success|failure)", re.IGNORECASE)
_POINTS = re.compile(r"\*{0,2}key points\*{0,2}:?\*{0,2}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class WebJudge:
    """Judges by `model`."""

    model: Model
    prompts: JudgePrompts = JudgePrompts(NAMES)
    name: str = "WebJudge"

    def __call__(self, evidence: Evidence) -> JudgeScore:
        """The verdict on a run.

        Raises:
            TaskError: there is none.
        """
        asked = JudgeModel(self.model)
        points = self._points(asked, evidence)
        kept: list[tuple[Screenshot, str]] = []
        for shot in _distinct(evidence.screenshots):
            score, remark = self._score(asked, evidence, points, shot)
            if score >= LEAST_SCORE:
                kept.append((shot, remark))
        kept = kept[-MOST_IMAGES:]
        done = self._verdict(asked, evidence, points, kept)
        return asked.verdict(done, asked.replies[-1], len(kept))

    def _points(self, asked: JudgeModel, evidence: Evidence) -> str:
        message = Message.of("user", self.prompts.render("judge_webjudge_points_user", task=evidence.task))
        return asked.ask(self.prompts.render("judge_webjudge_points_system"), message, read_points)

    def _score(self, asked: JudgeModel, evidence: Evidence, points: str, shot: Screenshot) -> tuple[int, str]:
        said = self.prompts.render("judge_webjudge_image_user", task=evidence.task, points=points)
        system = self.prompts.render("judge_webjudge_image_system")
        return asked.ask(system, Message.of("user", said, as_image(shot)), read_score)

    def _verdict(self, asked: JudgeModel, evidence: Evidence, points: str, kept: list[tuple[Screenshot, str]]) -> bool:
        said = self.prompts.render(
            "judge_webjudge_verdict_user",
            task=evidence.task,
            points=points,
            actions=_numbered(evidence.actions),
            remarks=_numbered([remark for _, remark in kept]),
        )
        message = Message.of("user", said, *(as_image(shot) for shot, _ in kept))
        return asked.ask(self.prompts.render("judge_webjudge_verdict_system"), message, read_status)


def read_points(reply: str) -> str | None:
    """The key points as lines; None if there are none."""
    found = _POINTS.split(reply, maxsplit=1)[-1]
    lines = [line.strip() for line in found.splitlines() if line.strip()]
    return "\n".join(lines) or None


def read_score(reply: str) -> tuple[int, str] | None:
    """The last score in the reply, and the remark before it; None if there is no score."""
    scores = list(_SCORE.finditer(reply))
    if not scores:
        return None
    before = _LABEL_AT_END.sub("", reply[: scores[-1].start()])
    return int(scores[-1][1]), " ".join(_REASONING.sub("", before).split())


def read_status(reply: str) -> bool | None:
    """What the last `Status:` says; None if there is none."""
    found = _STATUS.findall(reply)
    return found[-1].lower() == "success" if found else None


def _distinct(screenshots: tuple[Screenshot, ...]) -> tuple[Screenshot, ...]:
    """Those that differ from the one before: a screen that did not change is scored once."""
    return tuple(
        shot for index, shot in enumerate(screenshots) if index == 0 or shot.sha256 != screenshots[index - 1].sha256
    )


def _numbered(lines: tuple[str, ...] | list[str]) -> str:
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, start=1)) or "none"
