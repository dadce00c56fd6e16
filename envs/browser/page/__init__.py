"""Operating web pages: tabs, input, network traffic, settling."""
