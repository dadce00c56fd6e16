"""Web applications with their tasks."""
