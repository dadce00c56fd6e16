"""A recorded run as one HTML page."""

from .render import TargetReader, render_page

__all__ = ["TargetReader", "render_page"]
