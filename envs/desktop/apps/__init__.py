"""Programs on a desktop: which are installed, starting them, and whether they are busy."""
