"""The gallery: pages of which each is a trap for whoever sees pixels only, asked in words."""

from .benchmark import Gallery, GalleryScene, GalleryTask

__all__ = ["Gallery", "GalleryScene", "GalleryTask"]
