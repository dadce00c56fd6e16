"""The templates, a module for each program."""
