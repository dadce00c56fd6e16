"""Prompt texts that model makers publish: where each one is, and the text itself if it is available here."""

from .declaration import LoadedPrompt, OfficialPrompt, OfficialText, fill
from .store import AddedText, AddedTexts, add_from, load_official, prompts_folder, remove_texts

__all__ = [
    "AddedText",
    "AddedTexts",
    "LoadedPrompt",
    "OfficialPrompt",
    "OfficialText",
    "add_from",
    "fill",
    "load_official",
    "prompts_folder",
    "remove_texts",
]
