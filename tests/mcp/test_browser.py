"""A session over MCP in Chromium."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, types

from screenwright import read_run
from screenwright.eval.core.local_server import HttpRequest, HttpResponse, LocalServer
from screenwright.mcp.server import ScreenServer
from screenwright.session.config import SessionConfig
from screenwright.session.holder import SessionHolder
from screenwright.testing import eventually

pytestmark = pytest.mark.browser

PAGE = b"""<!doctype html><title>Guests</title>
<input id="name" style="position: absolute; left: 20px; top: 20px; width: 200px; height: 40px">
<button style="position: absolute; left: 240px; top: 20px; width: 100px; height: 46px"
onclick="fetch('/add/' + document.all.name.value)">Add</button>"""


class Guests:
    """Serves the page, and keeps the names that it sends."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def respond(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/add/"):
            self.names.append(request.path.removeprefix("/add/"))
        return HttpResponse(PAGE)


@pytest.fixture
def guests() -> Iterator[tuple[Guests, str]]:
    guests = Guests()
    with LocalServer(guests.respond) as server:
        yield guests, server.url


def test_an_agent_fills_in_a_form_and_navigates(guests: tuple[Guests, str], tmp_path: Path) -> None:
    config = SessionConfig.of(url=guests[1], screen="400x300")
    holder = SessionHolder(lambda: config.build_session(tmp_path / "run"), config.idle_timeout)
    server = ScreenServer(holder, "browser", tmp_path)

    async def use() -> None:
        async with Client(server.protocol) as client:

            async def call(tool: str, **arguments: Any) -> dict[str, Any]:
                result = await client.call_tool(tool, arguments)
                text = result.content[0]
                assert isinstance(text, types.TextContent)
                loaded: dict[str, Any] = json.loads(text.text)
                return loaded

            shown = await call("look")
            assert (shown["width"], shown["height"]) == (400, 300)
            assert shown["location"].startswith(guests[1])
            assert await call("click", at=[120, 40]) == {"done": True}
            assert await call("type", text="ada") == {"done": True}
            assert await call("click", at=[290, 43]) == {"done": True}
            await asyncio.to_thread(eventually, lambda: guests[0].names, ["ada"])
            there = await call("navigate", url=f"{guests[1]}/other", look=True)
            assert there["location"].endswith("/other")
            refused = await call("navigate", url="http://169.254.169.254/")
            assert refused["done"] is False

    try:
        asyncio.run(asyncio.wait_for(use(), 120))
    finally:
        holder.close()
    assert read_run(tmp_path / "run").ended is not None
