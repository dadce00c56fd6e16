"""The applications, each with its jobs as `APP`."""
