"""Files as values: each can be written, and compared with what is found, with libraries made for its format."""

from .document import Document, Folder, Gone, Text, first_difference

__all__ = ["Document", "Folder", "Gone", "Text", "first_difference"]
