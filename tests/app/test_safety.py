"""Who may ask the application for what: other programs, people and web pages are kept out."""

import asyncio
import json
import socket
from collections.abc import Generator
from pathlib import Path

import pytest
from app_server import Client, FakeFactory, serving
from starlette.responses import PlainTextResponse
from starlette.types import Message, Scope

from screenwright.app import api, safety
from screenwright.app import server as server_module
from screenwright.app.safety import HEADERS, MAX_BODY_BYTES, Access, Safe
from screenwright.testing import eventually

POSTS = [
    "/api/login",
    "/api/queue",
    "/api/queue/0/remove",
    "/api/runs/0/pause",
    "/api/runs/0/message",
    "/api/runs/0/answer",
    "/api/runs/0/act",
    "/api/runs/0/tags",
]
GETS = [
    "/api/options",
    "/api/queue",
    "/api/runs",
    "/api/changes",
    "/api/runs/0/events",
    "/api/runs/0/images/0.png",
    "/api/evaluations",
    "/api/evaluations/0/report",
    "/api/evaluations/0/episodes/a/0/view.html",
]
TASK = {"task": "Press Greet", "choices": {}}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Generator[Client]:
    with serving(tmp_path_factory.mktemp("app"), FakeFactory()) as client:
        yield client


@pytest.mark.parametrize("path", GETS)
def test_data_needs_the_cookie(client: Client, path: str) -> None:
    assert Client(client.server).get(path).status == 401
    name, _, value = client.cookie.partition("=")
    assert Client(client.server, f"{name}={value[:-1]}").get(path).status == 401
    assert Client(client.server, f"other={value}").get(path).status == 401


@pytest.mark.parametrize("path", POSTS[1:])
def test_a_change_needs_the_cookie(client: Client, path: str) -> None:
    assert Client(client.server).post(path, TASK).status == 401


@pytest.mark.parametrize("path", ["/", "/runs/0", "/compare"])
def test_a_page_without_the_cookie_only_asks_for_the_secret(client: Client, path: str) -> None:
    answer = Client(client.server).get(path)
    assert (answer.status, b"login.js" in answer.body) == (401, True)
    assert client.get(path).status == 200


def test_the_cookie_is_for_this_site_only_and_not_for_scripts(client: Client) -> None:
    answer = client.post("/api/login", {"secret": client.server.access.secret})
    parts = answer.headers["set-cookie"].split("; ")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(parts)
    assert client.server.access.secret not in answer.headers["set-cookie"]


def test_the_address_has_the_secret_where_browsers_keep_it_to_themselves(client: Client) -> None:
    page, _, secret = client.server.url.partition("#")
    assert page == f"{client.server.address}/"
    assert len(secret) >= 40


def test_guessing_the_secret_is_stopped(tmp_path: Path) -> None:
    with serving(tmp_path) as client:
        guesses = [client.post("/api/login", {"secret": f"guess {number}"}).status for number in range(12)]
        assert guesses == [401] * 10 + [429] * 2
        assert client.post("/api/login", {"secret": client.server.access.secret}).status == 429
        assert client.get("/api/queue").status == 200, "who has the cookie is not affected"


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.evil.example:1", "", "a, b", "[::1"],
)
def test_a_name_that_anyone_may_have_given_to_this_machine_is_refused(client: Client, host: str) -> None:
    for path in ("/", "/static/run.js", "/api/queue"):
        assert client.get(path, Host=host).status in (400, 421)
    origin = f"http://{host}"
    assert client.post("/api/queue", TASK, Host=host, Origin=origin).status in (400, 421)


def test_addresses_and_localhost_are_names_of_this_machine(client: Client) -> None:
    for host in ("localhost:1234", "localhost", "127.0.0.1", "[::1]:80", "[::1]"):
        assert client.get("/api/queue", Host=host).status == 200


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "http://127.0.0.1:1", "http://localhost"])
def test_a_change_from_another_origin_is_refused(client: Client, path: str, origin: str | None) -> None:
    assert client.post(path, TASK, Origin=origin).status == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_and_another_port_read_no_data(client: Client, site: str) -> None:
    for path in GETS:
        assert client.get(path, Sec_Fetch_Site=site).status == 403
    assert client.get("/api/queue", Sec_Fetch_Site="same-origin").status == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_body_that_a_form_can_send_is_refused(client: Client, kind: str) -> None:
    assert client.post("/api/queue", TASK, Content_Type=kind).status == 415


@pytest.mark.parametrize("path", POSTS)
def test_a_get_changes_nothing(client: Client, path: str) -> None:
    before = client.jobs()
    assert client.get(path).status in (200, 404, 405)
    assert client.jobs() == before


def test_every_response_forbids_inline_scripts_framing_and_other_servers(client: Client) -> None:
    for path in ("/", "/runs/0", "/static/app.css", "/api/queue", "/api/nothing"):
        found = client.get(path).headers
        assert {name.lower(): value for name, value in HEADERS.items()}.items() <= found.items()
        assert "access-control-allow-origin" not in found
    policy = HEADERS["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


def test_no_page_has_an_inline_script_or_loads_from_elsewhere() -> None:
    static = Path(server_module.__file__).parent / "static"
    for page in static.glob("*.html"):
        text = page.read_text()
        assert "<style" not in text
        assert text.count("<script") == text.count('<script type="module" src="/static/') + text.count(
            '<script src="/static/'
        )
        assert 'style="' not in text
        assert "onclick" not in text
    for file in static.iterdir():
        for address in ("https://", "http://", "//cdn"):
            text = file.read_text().replace("http://www.w3.org/2000/svg", "").replace("https://example.org", "")
            assert address not in text, file.name


@pytest.mark.parametrize("length", [str(MAX_BODY_BYTES + 1), "9" * 30, "-1", "x", "٣", None])
def test_a_huge_or_unknown_length_is_refused_before_the_body_is_read(client: Client, length: str | None) -> None:
    host, port = client.server.address.removeprefix("http://").split(":")
    head = f"POST /api/queue HTTP/1.1\r\nHost: {host}:{port}\r\nOrigin: {client.server.address}\r\n"
    head += f"Cookie: {client.cookie}\r\nContent-Type: application/json\r\nConnection: close\r\n"
    head += "Transfer-Encoding: chunked\r\n" if length is None else f"Content-Length: {length}\r\n"
    with socket.create_connection((host, int(port)), 20) as connection:
        connection.sendall(f"{head}\r\n".encode())
        status = connection.recv(100).split()[1]
    assert status in (b"413", b"411", b"400")


@pytest.mark.parametrize(
    "body",
    ["[]", "{", '{"task": 3, "choices": {}}', '{"task": "x"}', '{"task": "x", "choices": {}, "more": 1}', "[" * 90000],
)
def test_a_body_that_is_not_what_is_expected_is_refused(client: Client, body: str) -> None:
    answer = client.ask("POST", "/api/queue", body.encode())
    assert answer.status == 400
    assert "\n" not in answer.json["error"]


def test_a_client_that_sends_no_request_is_disconnected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(tmp_path) as client:
        monkeypatch.setattr(server_module, "_HEAD_S", 0.05)
        host, port = client.server.address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), 20) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: ")
            assert connection.recv(1000) == b""


def test_a_body_that_does_not_arrive_is_not_waited_for(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safety, "_BODY_S", 0.05)
    host, port = client.server.address.removeprefix("http://").split(":")
    head = f"POST /api/login HTTP/1.1\r\nHost: {host}:{port}\r\nOrigin: {client.server.address}\r\n"
    head += "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    with socket.create_connection((host, int(port)), 20) as connection:
        connection.sendall(head.encode())
        assert connection.recv(100).split()[1] == b"408"


def test_a_client_that_does_not_read_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safety, "_SEND_S", 0.05)
    access = Access(80)
    scope: Scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"host", b"localhost")]}

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def stuck(_: Message) -> None:
        await asyncio.Event().wait()

    asyncio.run(asyncio.wait_for(Safe(PlainTextResponse("a picture"), access)(scope, receive, stuck), 20))


def test_the_number_of_viewers_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "MAX_STREAMS", 1)
    with serving(tmp_path, FakeFactory(rules="confirm")) as client:
        client.add()
        eventually(lambda: client.jobs()[0]["state"], "waiting for you")
        run = client.jobs()[0]["run"]
        with client.events(run) as messages:
            next(messages)
            assert client.get(f"/api/runs/{run}/events").status == 503
        client.post(f"/api/runs/{run}/stop")
        eventually(lambda: client.get(f"/api/runs/{run}/events").status, 200)


@pytest.mark.parametrize(
    "path",
    [
        "/static/../server.py",
        "/static/%2e%2e/server.py",
        "/static/..%2fserver.py",
        "/static/index.html",
        "/static//etc/passwd",
        "/api/runs/..%2f..%2fetc/images/passwd.png",
        "/api/runs/%2e%2e/images/" + "0" * 64 + ".png",
        "/api/runs/{run}/images/..%2f..%2fsettings.toml",
        "/api/runs/{run}/images/" + "0" * 64 + ".png",
        "/api/runs/{run}/images/" + "A" * 64 + ".png",
        "/api/runs/{run}/events.jsonl/x.png",
        "/api/runs/{run}/.lock",
        "/etc/passwd",
    ],
)
def test_nothing_but_known_pictures_of_known_runs_can_be_read(client: Client, path: str) -> None:
    if not client.runs():
        client.add()
        eventually(lambda: [run["stop"] for run in client.runs()], ["finished"])
    assert client.get(path.replace("{run}", client.runs()[0]["id"])).status in (400, 404, 405)


def test_a_symbolic_link_in_a_run_is_not_followed(tmp_path: Path) -> None:
    with serving(tmp_path) as client:
        client.add()
        eventually(client.jobs, [])
        run = client.runs()[0]
        image = next((tmp_path / "runs").glob(f"*/images/{run['image']}.png"))
        outside = tmp_path / "outside.png"
        image.rename(outside)
        image.symlink_to(outside)
        assert client.get(f"/api/runs/{run['id']}/images/{run['image']}.png").status == 404
        log = next((tmp_path / "runs").glob("*/events.jsonl"))
        log.rename(tmp_path / "log")
        log.symlink_to(tmp_path / "log")
        assert client.get(f"/api/runs/{run['id']}/events").status == 404


def test_a_foreign_text_stays_text(client: Client) -> None:
    hostile = "</script><img src=x onerror=alert(1)>"
    assert json.loads(client.post("/api/queue", {"task": "x", "choices": {"model": hostile}}).body)
    assert client.get("/api/queue").headers["content-type"] == "application/json"
