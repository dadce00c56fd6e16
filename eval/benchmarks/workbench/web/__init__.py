"""Tasks in web applications on loopback, each with its own server and data, worked in a browser page."""
