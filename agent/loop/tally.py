"""What an episode has used so far, counted from its events."""

from dataclasses import dataclass

from ..core.model import Usage
from ..record.events import Critiqued, Event, ParseFailed, Replied


@dataclass(slots=True)
class Tally:
    """Tokens of all models, and replies that could not be parsed."""

    usage: Usage = Usage()
    parse_failures: int = 0

    def count(self, event: Event) -> None:
        """Add what `event` reports."""
        if isinstance(event, Replied | Critiqued):
            self.usage += event.usage
        elif isinstance(event, ParseFailed):
            self.parse_failures += 1
