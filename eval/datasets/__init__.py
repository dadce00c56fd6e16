"""Recorded runs as training data."""
