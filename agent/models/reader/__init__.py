"""A model without weights to fetch: reads the screen by OCR and follows literal instructions."""

from .model import ReaderModel

__all__ = ["ReaderModel"]
