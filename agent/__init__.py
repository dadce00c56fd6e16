"""Deciding: what to do next on a screen. Read `episode.py` first: look, decide, act."""
