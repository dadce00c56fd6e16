"""X11: capture, input, clipboard and windows."""
