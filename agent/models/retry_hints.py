"""When to retry, according to a server: `Retry-After` (RFC 9110), its variants, rate limit headers, and error texts."""

import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_UNITS_S = {"ms": 0.001, "milli": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_AMOUNT = r"\d{1,15}(?:\.\d{1,9})?"
_DURATION = re.compile(rf"({_AMOUNT})\s*(ms|milli|min|[smhd]?)[a-z]*\s*")
_EPOCH_FROM_S, _EPOCH_FROM_MS = 1e9, 1e11
"""Larger numbers are points in time, in seconds or milliseconds since 1970."""

_IN_TEXT = re.compile(
    r"(?:retry[-_ ]?(?:after|delay|in)|again (?:in|after)|\bwait|ratelimit[-_]reset[-_\w]*)"
    r"(?:(?P<ms>[-_ ]?ms)|[-_ ]?sec(?:ond)?s)?[\"']?[:=\s]+[\"']?(?:for )?"
    rf"(?P<time>(?:{_AMOUNT}\s*[a-z]*\s*)+)",
    re.IGNORECASE,
)
_MAX_BODY = 10_000


def retry_after_s(headers: Mapping[str, str], body: str) -> float | None:
    """The seconds that the server asks to wait before a retry; None if it does not specify any.

    `Retry-After` takes precedence over a text in the body, and that over the times at which rate limits are reset.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    now = _timestamp(lower.get("date", "")) or time.time()
    explicit = [f"{lower[name]}ms" for name in ("retry-after-ms", "x-ms-retry-after-ms") if name in lower]
    explicit.append(lower.get("retry-after", ""))
    explicit += [found["time"] + ("ms" if found["ms"] else "") for found in _IN_TEXT.finditer(body[:_MAX_BODY])]
    waits = (wait_s for text in explicit if (wait_s := _seconds(text, now)) is not None)
    return next(waits, None) or max(_resets_s(lower, now), default=None)


def _resets_s(headers: Mapping[str, str], now: float) -> Iterator[float]:
    """The waits until the rate limits are reset; only of those that are used up, if the server reports which."""
    resets = [name for name in headers if "ratelimit" in name and "reset" in name]
    used_up = [name for name in resets if headers.get(name.replace("reset", "remaining"), "").strip() == "0"]
    for name in used_up or resets:
        if (wait_s := _seconds(headers[name], now)) is not None:
            yield wait_s


def _seconds(text: str, now: float) -> float | None:
    """The wait that `text` describes: a duration such as `20`, `1m30s` or `500ms`, a point in time, or a date."""
    parts = _DURATION.findall(text.strip().lower())
    if not parts or _DURATION.sub("", text.strip().lower()):
        moment = _timestamp(text.strip())
    else:
        wait_s = sum(float(amount) * _UNITS_S[unit] for amount, unit in parts)
        if wait_s < _EPOCH_FROM_S:
            return wait_s
        moment = wait_s / 1000 if wait_s >= _EPOCH_FROM_MS else wait_s
    return None if moment is None else max(0.0, moment - now)


def _timestamp(text: str) -> float | None:
    """The point in time of an HTTP or ISO date, in seconds since 1970; dates without a zone are in UTC."""
    for parse in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = parse(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    return None
