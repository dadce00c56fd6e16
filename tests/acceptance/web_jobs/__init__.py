"""Real web applications, and the jobs that are done in them."""
