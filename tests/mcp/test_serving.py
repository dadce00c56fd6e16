"""The MCP server over HTTP and over standard streams, and what it refuses."""

import asyncio
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from screenwright import read_run
from screenwright.cli.main import main
from screenwright.mcp import serving
from screenwright.mcp.server import ScreenServer
from screenwright.mcp.serving import PATH, McpHttpServer
from screenwright.session.held import HeldSession
from screenwright.session.holder import SessionHolder
from screenwright.testing import FakeEnv

ACME = Path(__file__).parents[1] / "helpers" / "acme"
KEY = "correct horse"
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[ScreenServer]:
    holder = SessionHolder(lambda: HeldSession(FakeEnv(), tmp_path / "run"), 100)
    yield ScreenServer(holder, "fake", tmp_path)
    holder.close()


@pytest.fixture
def server(screen: ScreenServer) -> Iterator[McpHttpServer]:
    with McpHttpServer(screen, key=KEY) as server:
        yield server


def post(server: McpHttpServer, **headers: str) -> int:
    """The status of a request with these headers instead of the usual ones."""
    address = urlsplit(server.url)
    usual = {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "Authorization": f"Bearer {KEY}",
    }
    connection = http.client.HTTPConnection(address.netloc, timeout=30)
    try:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("POST", PATH, json.dumps(INITIALIZE), {**usual, **given})
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_the_client_of_the_sdk_works_over_http(server: McpHttpServer, mode: str) -> None:
    async def use() -> None:
        async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {KEY}"}, trust_env=False) as web:
            transport = streamable_http_client(server.url, http_client=web)
            async with Client(transport, mode=mode) as client:
                assert not (await client.call_tool("look")).is_error
                greet = FakeEnv().where("Greet")
                assert not (await client.call_tool("click", {"at": [greet.x, greet.y]})).is_error

    asyncio.run(use())


def test_the_usual_request_is_accepted(server: McpHttpServer) -> None:
    assert post(server) == 200


@pytest.mark.parametrize("sent", ["", "Bearer", "Bearer wrong", f"Basic {KEY}", KEY])
def test_without_the_key_everything_is_refused(server: McpHttpServer, sent: str) -> None:
    assert post(server, Authorization=sent) == 401


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", ""])
def test_a_name_that_a_page_gave_this_machine_is_refused(server: McpHttpServer, host: str) -> None:
    assert post(server, Host=host) == 400


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:3000", "null", "http://127.0.0.1"])
def test_requests_of_other_pages_are_refused(server: McpHttpServer, origin: str) -> None:
    assert post(server, Origin=origin) == 403
    assert post(server, Sec_Fetch_Site="cross-site") == 403


def test_a_body_of_another_type_is_refused(server: McpHttpServer) -> None:
    assert post(server, Content_Type="text/plain") == 400


def test_a_huge_body_is_refused(server: McpHttpServer) -> None:
    assert post(server, Content_Length=str(10**9)) == 413


def test_beyond_this_machine_a_key_is_required(screen: ScreenServer) -> None:
    with pytest.raises(ValueError, match="set MCP_API_KEY"):
        McpHttpServer(screen, host="0.0.0.0")


# -- the command


def command(*flags: str) -> list[str]:
    return ["-W", "error", "-m", "screenwright", "mcp", "--env", "acme", "--policy", "acme", *flags]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ACME), *sys.path])}


@pytest.mark.slow
def test_a_client_that_starts_the_command_operates_the_screen(tmp_path: Path) -> None:
    async def use() -> dict[str, Any]:
        parameters = StdioServerParameters(
            command=sys.executable, args=command("--out", "run"), env=environment(), cwd=tmp_path
        )
        async with Client(parameters) as client:
            await client.call_tool("look")
            result = await client.call_tool("run_task", {"task": "Press Greet"})
        assert isinstance(result.structured_content, dict)
        return result.structured_content

    answer = asyncio.run(use())
    assert (answer["outcome"], answer["answer"]) == ("finished", "greeted")
    assert read_run(tmp_path / "run").ended is not None, "the session was closed when the client closed its streams"
    assert answer["recording"] == str(tmp_path / "run-task-1")


@pytest.mark.slow
def test_a_signal_ends_the_command_although_it_reads_its_input(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, *command("--out", "run")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(),
        cwd=tmp_path,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(INITIALIZE).encode() + b"\n")
        process.stdin.flush()
        assert b"serverInfo" in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 130


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (["--port", "1"], "--port applies to HTTP: add --http"),
        (["--http", "--host", "0.0.0.0"], "set MCP_API_KEY to a key"),
        (["--env", "desktop"], "this takes over"),
        (["--rules", "nonsense"], "nonsense"),
        (["--http", "--port", "65536"], "'65536' should be a port from 0 to 65535"),
    ],
)
def test_wrong_uses_are_one_line(
    flags: list[str], problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["mcp", *flags]) == 2
    error = capsys.readouterr().err
    assert problem in error
    assert error.count("\n") == 1


def test_without_the_extra_the_command_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in sys.modules if name.startswith("screenwright.mcp.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mcp", None)
    assert main(["mcp"]) == 2
    assert "pip install 'screenwright[mcp]'" in capsys.readouterr().err


def test_a_body_that_does_not_arrive_ends_its_request(server: McpHttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "_BODY_S", 0.05)
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        head = f"POST {PATH} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {KEY}\r\n"
        head += "Accept: application/json, text/event-stream\r\n"
        connection.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{".encode())
        assert connection.recv(12) == b"HTTP/1.1 408"


@pytest.mark.slow
def test_the_http_server_runs_until_a_signal(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, *command("--http", "--port", "0")],
        stderr=subprocess.PIPE,
        env=environment(),
        cwd=tmp_path,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert "the screen is served at http://127.0.0.1:" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
