"""Performs a recorded run again without a model: finds each target on the new screen by its pixels and its text.

`anchors.py` locates a target, `policy.py` performs the steps, and `recipe.py` is their form on disk.
"""
