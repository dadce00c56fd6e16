"""Prompt templates, one text file each, and the function that renders them."""

from .render import prompt_sha256, render

__all__ = ["prompt_sha256", "render"]
