"""The HTML report of one evaluation, or of two side by side."""

from .render import Entry, render_report

__all__ = ["Entry", "render_report"]
