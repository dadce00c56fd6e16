"""A recorded run as one HTML page."""

from .render import render_page

__all__ = ["render_page"]
