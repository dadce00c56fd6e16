"""Only reports with the secret of the session are read, and no more than a rate."""

import json
import re

import pytest

from screenwright.envs.browser.ui.page_channel import BURST, MAX_CHARACTERS, PER_SECOND, PageChannel
from screenwright.envs.browser.ui.page_events import PermissionEvent, RefusedEvent

REFUSED = json.dumps({"event": "refused", "what": "payment"})


def secret_of(channel: PageChannel) -> str:
    found = re.search(r'SECRET = "(\w{32})"', channel.script())
    assert found is not None
    return found[1]


def test_a_report_with_the_secret_is_read() -> None:
    channel = PageChannel()
    assert channel.read(secret_of(channel) + REFUSED) == RefusedEvent(event="refused", what="payment")


@pytest.mark.parametrize(
    "report",
    [
        REFUSED,
        {"event": "refused", "what": "payment"},
        None,
        "",
        "x" * 32 + REFUSED,
        "\u20ac" * 32,
        "x" * MAX_CHARACTERS * 2,
    ],
)
def test_other_calls_are_dropped(report: object) -> None:
    assert PageChannel().read(report) is None


def test_each_session_has_its_own_secret() -> None:
    first, second = PageChannel(), PageChannel()
    assert second.read(secret_of(first) + REFUSED) is None


def test_a_page_does_not_write_the_text_of_a_permission_prompt() -> None:
    channel = PageChannel()
    asked = json.dumps({"event": "permission", "name": "camera", "description": "continue to the page"})
    assert channel.read(secret_of(channel) + asked) == PermissionEvent(event="permission", name="camera")


def test_reports_beyond_the_rate_are_dropped() -> None:
    time_s = 0.0
    channel = PageChannel(lambda: time_s)
    report = secret_of(channel) + REFUSED
    assert sum(channel.read(report) is not None for _ in range(5 * BURST)) == BURST
    time_s = 1.0
    assert sum(channel.read(report) is not None for _ in range(5 * BURST)) == PER_SECOND
