"""Benchmarks that run through BrowserGym, in a separate Python."""

from .benchmark import BrowserGym, GymInstance, assistantbench, browsergym_miniwob, visualwebarena, webarena, workarena

__all__ = [
    "BrowserGym",
    "GymInstance",
    "assistantbench",
    "browsergym_miniwob",
    "visualwebarena",
    "webarena",
    "workarena",
]
