"""An episode in Chromium with the real SDK of each vendor: a form on a screen twice as dense as what is sent."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from page_site import Site
from vendor_server import (
    KEY,
    Json,
    anthropic_function,
    anthropic_reply,
    computer_call,
    gemini_call,
    gemini_reply,
    member,
    openai_function,
    openai_message,
    openai_reply,
    thinking,
    vendor_server,
)

from screenwright import Agent, BrowserEnv, Decided, Ended, Size, StopReason, open_model
from screenwright.agent.policy.policy import PolicySettings
from screenwright.agent.vendors.model import VendorModel
from screenwright.testing import eventually

pytestmark = pytest.mark.browser

FORM = """
<title>Form</title>
<style>* { position: absolute; margin: 0 } input, button { width: 200px; height: 40px; left: 100px }</style>
<input name="name" style="top: 60px"><input type="checkbox" name="gift" style="top: 120px">
<button style="top: 180px" onclick="
  const [name, gift] = document.querySelectorAll('input')
  report('sent', name.value + (gift.checked ? ' as a gift' : ''))
  document.title = 'Sent'">Send</button>
"""
NAME, GIFT, SEND = (200, 80), (200, 140), (200, 200)
"""Centres in CSS pixels of a viewport of 640x400, which is captured as 1280x800 and sent as 640x400."""


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


def openai_replies(url: str) -> list[Json]:
    def click(at: tuple[int, int]) -> Json:
        return {"type": "click", "button": "left", "x": at[0], "y": at[1]}

    return [
        openai_reply(1, openai_function(1, "navigate", url=url)),
        openai_reply(2, computer_call(2, click(NAME), {"type": "type", "text": "Ada"}, click(GIFT))),
        openai_reply(3, computer_call(3, {"type": "screenshot"})),
        openai_reply(4, computer_call(4, click(SEND))),
        openai_reply(5, openai_message("It was sent.")),
    ]


def anthropic_replies(url: str) -> list[Json]:
    return [
        anthropic_reply(thinking("Open it."), anthropic_function(1, "navigate", url=url)),
        anthropic_reply(
            member(2, "left_click", coordinate=[*NAME]),
            member(3, "type", text="Ada"),
            member(4, "left_click", coordinate=[*GIFT]),
        ),
        anthropic_reply(member(5, "zoom", region=[100, 60, 300, 180])),
        anthropic_reply(member(6, "left_click", coordinate=[*SEND])),
        anthropic_reply({"type": "text", "text": "It was sent."}, stop="end_turn"),
    ]


def gemini_replies(url: str) -> list[Json]:
    def click(at: tuple[int, int]) -> Json:
        return gemini_call("click", x=round(at[0] / 640 * 1000), y=round(at[1] / 400 * 1000), intent="Click.")

    return [
        gemini_reply(gemini_call("navigate", url=url, signature="c2lnbmVk")),
        gemini_reply(click(NAME), gemini_call("type", text="Ada"), click(GIFT)),
        gemini_reply(gemini_call("take_screenshot")),
        gemini_reply(click(SEND)),
        gemini_reply({"text": "It was sent."}),
    ]


@pytest.mark.parametrize(
    ("address", "key", "url_variable", "path", "replies"),
    [
        ("openai:gpt-5.4", "OPENAI_API_KEY", "OPENAI_BASE_URL", "/v1", openai_replies),
        ("anthropic:claude-opus-5", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "", anthropic_replies),
        ("gemini:gemini-3.5-flash", "GEMINI_API_KEY", "GOOGLE_GEMINI_BASE_URL", "", gemini_replies),
    ],
)
def test_a_form_is_filled_in_and_sent(
    address: str,
    key: str,
    url_variable: str,
    path: str,
    replies: Any,
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = site.add("/form", FORM)
    with vendor_server(*replies(page)) as server:
        monkeypatch.setenv(key, KEY)
        monkeypatch.setenv(url_variable, server.url + path)
        model = open_model(address)
        assert isinstance(model, VendorModel)
        agent = Agent(policy=model.policy(PolicySettings(long_edge=640)))
        with BrowserEnv(viewport=Size(640, 400), scale=2.0) as env:
            events = list(agent.stream("Send the form", env))
        agent.close()
    end = events[-1]
    assert isinstance(end, Ended)
    assert (end.stop, end.answer, end.steps) == (StopReason.FINISHED, "It was sent.", 5)
    eventually(lambda: site.reported, {"sent": "Ada as a gift"})
    assert len(server.requests) == 5
    batch = [event for event in events if isinstance(event, Decided)][1]
    assert len(batch.actions) == 3
    assert (batch.traces[0].screen.x, batch.traces[0].screen.y) == pytest.approx((400, 160), abs=1)
    assert KEY not in json.dumps(server.requests)
