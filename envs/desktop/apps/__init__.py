"""Programs on a desktop: finding, starting, and detecting busy ones."""
