"""A rule-based model: reads the screen with OCR and follows literal instructions; downloads no weights.

`model.py` is the entry point. `instructions.py` parses a task into steps, `planner.py` chooses the next action, and
`matching.py` locates its target among the texts and controls that `vision/` finds on the screenshot.
"""

from .model import ReaderModel
from .vision.perception import read_image as read_screen

__all__ = ["ReaderModel", "read_screen"]
