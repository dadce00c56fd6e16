"""Prompts and reply formats: one file per model family; `dialect.py` is the interface."""
