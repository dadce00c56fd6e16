"""Restricts the hosts that a browser can reach."""
