"""Re-exports of the cassettes, which run the loop again on a recorded run."""

from ..agent.cassette.replay import Cassette, Replayed
from ..agent.cassette.tape import Diverged

__all__ = ["Cassette", "Diverged", "Replayed"]
