"""Training data from recorded runs."""
