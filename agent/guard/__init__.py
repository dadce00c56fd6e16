"""Which actions may be performed."""
