"""Models as judges: what they see of a recorded run, and how their verdicts are parsed."""

from .evidence import Evidence, evidence_of
from .judge_model import JudgeModel, JudgePrompts, JudgeScore
from .webjudge import WebJudge
from .webvoyager import WebVoyagerJudge

__all__ = ["Evidence", "JudgeModel", "JudgePrompts", "JudgeScore", "WebJudge", "WebVoyagerJudge", "evidence_of"]
