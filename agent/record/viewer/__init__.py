"""A recorded run as one HTML page."""

from .render import TargetReader, render_page
from .share import LineReader, mask_events

__all__ = ["LineReader", "TargetReader", "mask_events", "render_page"]
