"""In place of a module that compiles a grammar whenever it is imported, which was half of JupyterLab's start.

Only `jsonschema` imports it, for a format that nothing here has, and does without it if it is missing.
"""

raise ImportError
