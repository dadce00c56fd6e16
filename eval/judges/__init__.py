"""Judges that are models: what they are shown of a recorded run, and how their verdicts are read."""

from .asking import JudgeModel, JudgePrompts, JudgeScore
from .evidence import Evidence, evidence_of
from .webjudge import WebJudge
from .webvoyager import WebVoyagerJudge

__all__ = ["Evidence", "JudgeModel", "JudgePrompts", "JudgeScore", "WebJudge", "WebVoyagerJudge", "evidence_of"]
