"""An evaluation, or two side by side, as one HTML page."""

from .render import Entry, render_report

__all__ = ["Entry", "render_report"]
