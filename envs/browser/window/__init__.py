"""A whole browser window on an X display."""
