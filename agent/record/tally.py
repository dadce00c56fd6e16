"""What an episode has used so far, counted from its events."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from ..core.model import Usage
from ..core.prices import Price
from .events import Critiqued, Event, ParseFailed, PolicyInfo, Replied


@dataclass(slots=True)
class Tally:
    """Tokens of all models and what they cost, and replies that could not be parsed.

    `unpriced` is why the cost is not known, empty if it is.
    """

    prices: Mapping[str, Price] = field(default_factory=dict[str, Price])
    model: str = ""
    grounder: str = ""
    critic: str = ""
    usage: Usage = Usage()
    parse_failures: int = 0
    unpriced: str = ""
    _cost: float = 0.0

    def __post_init__(self) -> None:
        if not self.prices:
            self.unpriced = "no prices are given"

    @property
    def cost(self) -> float | None:
        """The cost so far, in the currency of the prices; None if it is unknown."""
        return None if self.unpriced else self._cost

    def cost_problem(self, limit: float) -> str:
        """Why `limit`, in the currency of the prices, is reached or cannot be kept; empty if it is neither."""
        if self.unpriced:
            return f"the cost is unknown, so its limit cannot be kept: {self.unpriced}"
        return f"the cost is {self._cost:.4g}, and the limit {limit:g}" if self._cost >= limit else ""

    @classmethod
    def of(
        cls, policy: PolicyInfo, critic: str | None, prices: Mapping[str, Price], past: Iterable[Event] = ()
    ) -> Self:
        """The tally after the events `past`; `critic` is the name of the critic's model."""
        grounder = policy.grounder.name if policy.grounder is not None else ""
        tally = cls(prices, policy.model.name, grounder, critic or "")
        for event in past:
            tally.count(event)
        return tally

    def require_prices(self) -> None:
        """Check that each model has a price, without which a limit of the cost cannot be kept.

        Raises:
            ValueError: one has none.
        """
        for name in (self.model, self.grounder, self.critic):
            if name and name not in self.prices:
                raise ValueError(f"a limit of the cost needs the price of {name!r}: add it to the prices")

    def count(self, event: Event) -> None:
        """Add what `event` reports."""
        if isinstance(event, ParseFailed):
            self.parse_failures += 1
        elif isinstance(event, Replied):
            name = self.grounder if event.purpose == "ground" else self.model
            if event.text and not event.usage.total:
                self.unpriced = self.unpriced or f"{name} does not report its tokens"
            self._add(event.usage, name)
        elif isinstance(event, Critiqued):
            self._add(event.usage, self.critic)

    def _add(self, usage: Usage, name: str) -> None:
        self.usage += usage
        if not usage.total:
            return
        if name in self.prices:
            self._cost += self.prices[name].cost(usage)
        else:
            self.unpriced = self.unpriced or f"no price is given for {name or 'the critic'}"
