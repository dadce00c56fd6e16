"""Checks a model and its server before a run, so that episodes do not fail for reasons unrelated to the task."""

from .calibration import CALIBRATION, WELL_KNOWN, Calibration, CalibrationReply, HypothesisFit, calibrate
from .calibration_cache import (
    CachedCalibration,
    default_folder,
    load_calibration,
    save_calibration,
)
from .endpoint import NAME, REACHABLE, REPLY, check_endpoint, dialect_of
from .first_contact import FirstContact, candidates_for, first_contact, fitting_dialect
from .hypotheses import SpaceHypothesis

__all__ = [
    "CALIBRATION",
    "NAME",
    "REACHABLE",
    "REPLY",
    "WELL_KNOWN",
    "CachedCalibration",
    "Calibration",
    "CalibrationReply",
    "FirstContact",
    "HypothesisFit",
    "SpaceHypothesis",
    "calibrate",
    "candidates_for",
    "check_endpoint",
    "default_folder",
    "dialect_of",
    "first_contact",
    "fitting_dialect",
    "load_calibration",
    "save_calibration",
]
