"""The rarer settings of a browser."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BrowserSettings:
    """What is rarely set. `None` leaves a thing as Chromium has it.

    `executable` is the Chromium to start; `profile` a folder that keeps cookies and logins from run to run;
    `switches` are added to Chromium's command line. Settling gives up after `settle_limit_s`, after going to another
    page `load_limit_s`.
    """

    executable: str | None = None
    profile: str | None = None
    locale: str | None = None
    timezone: str | None = None
    dark: bool = False
    switches: tuple[str, ...] = ()
    settle_limit_s: float = 5.0
    load_limit_s: float = 15.0
