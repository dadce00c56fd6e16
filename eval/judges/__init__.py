"""Judges that are models: what they are shown of a recorded run, and how their verdicts are read."""

from .asking import Asked, JudgePrompts, Verdict
from .evidence import Evidence, evidence_of
from .webjudge import WebJudge
from .webvoyager import WebVoyagerJudge

__all__ = ["Asked", "Evidence", "JudgePrompts", "Verdict", "WebJudge", "WebVoyagerJudge", "evidence_of"]
