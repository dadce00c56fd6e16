"""Web pages: tabs, input, network traffic, settling."""
