"""Checks a model and its server before a run, so that episodes do not fail for reasons unrelated to the task."""

from .calibration import CALIBRATION, Calibration, CalibrationReply, HypothesisFit, calibrate
from .calibration_cache import (
    CachedCalibration,
    default_folder,
    load_calibration,
    refusal_of,
    save_calibration,
)
from .endpoint import REACHABLE, REPLY, check_endpoint, dialect_of
from .hypotheses import SpaceHypothesis

__all__ = [
    "CALIBRATION",
    "REACHABLE",
    "REPLY",
    "CachedCalibration",
    "Calibration",
    "CalibrationReply",
    "HypothesisFit",
    "SpaceHypothesis",
    "calibrate",
    "check_endpoint",
    "default_folder",
    "dialect_of",
    "load_calibration",
    "refusal_of",
    "save_calibration",
]
