"""Finding, starting and attaching to a browser."""
