"""Self-contained HTML pages: one file that loads nothing else, from no server and no network."""

from .page import Json, html_page, image_url

__all__ = ["Json", "html_page", "image_url"]
