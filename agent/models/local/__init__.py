"""A model in this process with `transformers`."""
