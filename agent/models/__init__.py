"""Implementations of `core.model.Model`: served over HTTP, local with transformers, scripted for tests."""
