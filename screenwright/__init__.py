"""Screenwright works a screen as a person does."""
