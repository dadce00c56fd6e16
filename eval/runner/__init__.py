"""Running the episodes of an evaluation in worker processes."""
