"""Looking at a model and its server before an episode fails for reasons that have nothing to do with the task."""

from .calibration import CALIBRATION, Calibration, CalibrationReply, Fit, ask, calibrate
from .endpoint import REACHABLE, REPLY, check_endpoint, dialect_of
from .readings import Reading
from .verdicts import CachedCalibration, default_folder, load_calibration, refusal, refusal_of, save_calibration

__all__ = [
    "CALIBRATION",
    "REACHABLE",
    "REPLY",
    "CachedCalibration",
    "Calibration",
    "CalibrationReply",
    "Fit",
    "Reading",
    "ask",
    "calibrate",
    "check_endpoint",
    "default_folder",
    "dialect_of",
    "load_calibration",
    "refusal",
    "refusal_of",
    "save_calibration",
]
