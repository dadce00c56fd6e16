"""Tiny models made on the spot, for tests that need torch."""

from collections.abc import Callable
from importlib import import_module


def tiny_model_maker() -> Callable[..., None]:
    """`make` of the script that `scripts/test-vllm` uses too; imports torch, so type checkers do not see the script."""
    make: Callable[..., None] = import_module("make_tiny_model").make
    return make
