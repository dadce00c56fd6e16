"""Grounding: locate an element on a screenshot, of published data sets or of generated pages."""

from .data_sets import osworld_g, screenspot, screenspot_pro
from .pages import PageGrounding

__all__ = ["PageGrounding", "osworld_g", "screenspot", "screenspot_pro"]
