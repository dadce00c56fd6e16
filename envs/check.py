"""One line of a diagnosis: what was looked at, what was found, and how to mend it."""

from dataclasses import dataclass
from enum import StrEnum


class CheckStatus(StrEnum):
    """How a check came out. `SKIPPED`: it could not be looked at, because something before it failed."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """`what` was looked at, such as `display`; `found` is one line; `mend` says what to do, where there is anything."""

    what: str
    verdict: CheckStatus
    found: str
    mend: str = ""
