"""The gallery: web pages that are hard for an agent that only sees pixels, such as native pickers and dialogs."""

from .benchmark import Gallery, GalleryInstance, GalleryTask

__all__ = ["Gallery", "GalleryInstance", "GalleryTask"]
