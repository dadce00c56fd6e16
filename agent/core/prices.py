"""Prices of tokens, as the user gives them."""

from dataclasses import dataclass

from .model import Usage


@dataclass(frozen=True, slots=True)
class Price:
    """The price of a million tokens of prompts, of replies, and of prompts that came from the prefix cache.

    Without a price of its own, a cached token costs as much as another one of the prompt. The currency is the user's.
    """

    input: float
    output: float
    cached: float | None = None

    def __post_init__(self) -> None:
        for name in ("input", "output", "cached"):
            value = getattr(self, name)
            if value is not None and not value >= 0:  # nan is no price either
                raise ValueError(f"the price of {name} tokens must not be negative: {value}")

    @classmethod
    def parse(cls, text: str) -> "Price":
        """Parse `IN:OUT[:CACHED]`."""
        return cls(*(float(part) for part in text.split(":")))

    def cost(self, usage: Usage) -> float:
        """The price of `usage`."""
        cached = self.input if self.cached is None else self.cached
        cost = (usage.prompt - usage.cached) * self.input + usage.cached * cached + usage.completion * self.output
        return cost / 1_000_000
