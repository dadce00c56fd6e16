"""Turns an observation into a decision: the model policy, image history, summaries, zoom."""
