"""A long session over MCP, with the client of the SDK and the command as it is installed.

    python tests/acceptance/mcp_session.py browser
    python tests/acceptance/mcp_session.py desktop

Makes 30 calls of tools in Chromium, or with a text editor on a virtual desktop, and checks what they did. Prints the
time of `look` as a multiple of `env.observe()` with its PNG on an equal screen (medians of 15), and how long a call
lives on after the client has cancelled it. Exits with 1 if a call fails, one lives on for more than half a second, or
`look` takes more than 1.3 times as long.
"""

import asyncio
import http.server
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from mcp import Client, StdioServerParameters, types

from screenwright import BrowserEnv, DesktopEnv, VirtualDisplay, read_run
from screenwright.envs.env import Env

PAGE = b"""<!doctype html><title>Names</title><style>* { font: 24px sans-serif }
li { list-style: none; line-height: 48px }</style>
<input id=name style="position: absolute; left: 40px; top: 40px; width: 300px; height: 40px">
<button style="position: absolute; left: 360px; top: 40px; width: 160px; height: 46px"
onclick="names.append(document.createElement('li')); names.lastChild.textContent = document.all.name.value">Add</button>
<ul id=names style="position: absolute; left: 40px; top: 120px"></ul>"""
RATIO, CANCEL_S = 1.3, 0.5
LOOKS = 15


class Calls:
    """Calls tools, and keeps how long each took."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.count = 0
        self.looks: list[float] = []

    async def __call__(self, tool: str, **arguments: Any) -> dict[str, Any]:
        started = time.perf_counter()
        result = await self.client.call_tool(tool, arguments)
        took = time.perf_counter() - started
        self.count += 1
        if tool == "look":
            self.looks.append(took)
        text = result.content[0]
        assert isinstance(text, types.TextContent)
        reply: dict[str, Any] = json.loads(text.text)
        assert not result.is_error, (tool, reply)
        return reply

    async def cancelled(self, tool: str, **arguments: Any) -> float:
        """Seconds from the cancellation of a call until the screen can be used again."""
        call = asyncio.create_task(self.client.call_tool(tool, arguments))
        await asyncio.sleep(2.0)
        started = time.perf_counter()
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        await self.client.call_tool("wait", {"seconds": 0})
        return time.perf_counter() - started


async def in_browser(call: Calls) -> None:
    """Add five names to a list, read them, and let the agent add one."""
    for name in ("Ada", "Grace", "Edsger", "Barbara", "Alan"):
        await call("click", at=[190, 60], count=3)
        await call("type", text=name)
        await call("click", at=[440, 63])
    seen = {line["text"] for line in (await call("read"))["lines"]}
    assert {"Ada", "Grace", "Edsger", "Barbara", "Alan"} <= seen, seen
    point = (await call("ground", text="the Add button"))["point"]
    assert abs(point[0] - 440) < 60, point
    assert abs(point[1] - 63) < 20, point
    await call("scroll", direction="down", amount=2, at=[600, 400])
    reply = await call("run_task", task='Click "Add".')
    assert reply["outcome"] == "finished", reply


async def on_desktop(call: Calls) -> None:
    """Write lines in a text editor, read them, and select all."""
    await call("click", at=[640, 360])
    for line in ("first line", "second line", "third line", "fourth line"):
        await call("type", text=line)
        await call("keys", keys=["enter"])
    await call("keys", keys=["ctrl", "home"])
    await call("drag", path=[[300, 300], [500, 300]])
    await call("scroll", direction="down", amount=2, at=[640, 360])
    await call("keys", keys=["ctrl", "a"])
    lines = {line["text"] for line in (await call("read"))["lines"]}
    assert any("second line" in line for line in lines), lines
    assert (await call("ground", text="File"))["point"] is not None


def observed_s(env: Env) -> float:
    """Seconds of `env.observe()` with the PNG of its screenshot: the median."""
    times: list[float] = []
    with env:
        env.observe()
        for _ in range(LOOKS):
            started = time.perf_counter()
            _ = env.observe().screenshot.png
            times.append(time.perf_counter() - started)
    return statistics.median(times)


async def session(flags: list[str], work: Callable[[Calls], Awaitable[None]], folder: Path, env: Env) -> bool:
    """Run the session, and print its figures; `env` is an equal screen."""
    arguments = ["-m", "screenwright", "mcp", *flags, "--out", "run"]
    parameters = StdioServerParameters(command=sys.executable, args=arguments, env=dict(os.environ), cwd=folder)
    async with Client(parameters) as client:
        call = Calls(client)
        started = time.perf_counter()
        await call("look")
        opened = time.perf_counter() - started
        call.looks.clear()
        await work(call)
        for _ in range(LOOKS):
            await call("look")
        while call.count < 30:
            await call("wait", seconds=0)
        waits = await call.cancelled("wait", seconds=600)
        tasks = await call.cancelled("run_task", task="Wait for 500 seconds.")
    run = read_run(folder / "run")
    looked = statistics.median(call.looks)
    observed = await asyncio.to_thread(observed_s, env)
    ratio = looked / observed
    print(f"{call.count} calls; the screen was open after {opened:.1f} s")
    print(f"look {looked * 1000:.0f} ms, {ratio:.2f} times the {observed * 1000:.0f} ms of observe()")
    print(f"cancelled within {waits * 1000:.0f} ms (wait), {tasks * 1000:.0f} ms (run_task)")
    return ratio <= RATIO and max(waits, tasks) <= CANCEL_S and run.ended is not None


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves the page."""

    def do_GET(self) -> None:
        """Send the page."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def main() -> int:
    """Run the session that is named."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        if sys.argv[1:] == ["browser"]:
            address = f"http://127.0.0.1:{server.server_port}/"
            done = session(["--url", address], in_browser, Path(folder), BrowserEnv(address))
        else:
            flags = ["--env", "desktop", "--virtual", "--program", "mousepad --disable-server"]
            env = DesktopEnv(virtual=VirtualDisplay(programs=(("mousepad", "--disable-server"),)))
            done = session(flags, on_desktop, Path(folder), env)
        return 0 if asyncio.run(done) else 1


if __name__ == "__main__":
    sys.exit(main())
