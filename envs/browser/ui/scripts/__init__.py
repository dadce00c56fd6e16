"""The script of each frame that reports UI which the browser draws outside the page; its parts share one object."""
