"""A browser window on an X display."""
