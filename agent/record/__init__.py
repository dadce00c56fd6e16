"""The events of an episode, and recorded runs on disk."""
