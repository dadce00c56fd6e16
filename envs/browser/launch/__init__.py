"""Finds, starts and attaches to browsers."""
