"""Models as judges: the evidence from a recorded run, the prompts, and the parsing of verdicts."""

from .evidence import Evidence, evidence_of
from .judge_model import JudgeModel, JudgePrompts, JudgeScore
from .webjudge import WebJudge
from .webvoyager import WebVoyagerJudge

__all__ = ["Evidence", "JudgeModel", "JudgePrompts", "JudgeScore", "WebJudge", "WebVoyagerJudge", "evidence_of"]
