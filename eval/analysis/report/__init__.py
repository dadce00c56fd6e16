"""The HTML report of one evaluation, or of two side by side."""

from .render import Entry, evaluation_name, render_report

__all__ = ["Entry", "evaluation_name", "render_report"]
