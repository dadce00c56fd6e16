"""Measuring: tasks, scores, and what a step costs."""
