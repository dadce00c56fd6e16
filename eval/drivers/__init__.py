"""Scripts for Pythons of their own: one file a benchmark's own software, and the loop that they share.

They are started by their paths (`driven.py`) and never imported, since Screenwright is not installed there. This folder
comes first on their path, so nothing in it may have the name of a module that the software there imports.
"""
