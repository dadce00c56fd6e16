"""The result of one diagnostic check, as `screenwright doctor` prints it."""

from dataclasses import dataclass
from enum import StrEnum


class CheckStatus(StrEnum):
    """The outcome of a check. `SKIPPED`: it did not run, because an earlier check failed or it is optional."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """One check: `what` was checked, such as `display`; `found`, the result in one line; `fix`, what to do about it."""

    what: str
    status: CheckStatus
    found: str
    fix: str = ""
