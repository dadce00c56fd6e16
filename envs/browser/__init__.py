"""A browser page as a screen, through Playwright."""
