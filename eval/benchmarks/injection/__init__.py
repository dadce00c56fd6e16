"""Prompt injection: pages, documents and windows with instructions aimed at the agent."""

from .benchmark import Injection, injection_control

__all__ = ["Injection", "injection_control"]
