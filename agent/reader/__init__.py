"""A model without weights to fetch: reads the screen by OCR and follows literal instructions."""

from .model import ReaderModel
from .vision.perception import read_image as read_screen

__all__ = ["ReaderModel", "read_screen"]
