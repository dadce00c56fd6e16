"""Grounding: locate an element on a screenshot, of published data sets or of generated pages."""

from .data_sets import mmbench_gui, osworld_g, screenspot, screenspot_pro, ui_vision
from .pages import PageGrounding

__all__ = ["PageGrounding", "mmbench_gui", "osworld_g", "screenspot", "screenspot_pro", "ui_vision"]
