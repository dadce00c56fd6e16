"""Looking at a model and its server before an episode fails for reasons that have nothing to do with the task."""

from .calibration import CALIBRATION, Answer, Calibration, Fit, ask, calibrate
from .endpoint import REACHABLE, REPLY, check_endpoint, dialect_of
from .readings import Reading
from .verdicts import KeptVerdict, default_folder, keep, kept, refusal, refusal_of

__all__ = [
    "CALIBRATION",
    "REACHABLE",
    "REPLY",
    "Answer",
    "Calibration",
    "Fit",
    "KeptVerdict",
    "Reading",
    "ask",
    "calibrate",
    "check_endpoint",
    "default_folder",
    "dialect_of",
    "keep",
    "kept",
    "refusal",
    "refusal_of",
]
