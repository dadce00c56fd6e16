"""The loopback server of benchmark pages."""

import http.client
import json
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from screenwright.eval.core.local_server import HttpRequest, HttpResponse, LocalServer, file_response
from screenwright.testing import eventually


def echo(request: HttpRequest) -> HttpResponse | None:
    if request.path == "/drop":
        return None
    if request.method == "POST":
        return HttpResponse.of_json(request.json(), 201)
    return HttpResponse(f"{request.path} {request.query} {request.headers['x-name']}".encode(), headers={"X-Is": "1"})


def test_requests_reach_the_handler_and_responses_reach_the_client() -> None:
    with LocalServer(echo) as server:
        assert server.url == f"http://127.0.0.1:{server.port}"
        with urlopen(Request(f"{server.url}/a?b=c", headers={"X-Name": "Ann"}), timeout=60) as answer:
            assert answer.read() == b"/a b=c Ann"
            assert answer.headers["X-Is"] == "1"
        with urlopen(Request(server.url, data=json.dumps({"n": 1}).encode()), timeout=60) as answer:
            assert (answer.status, json.load(answer)) == (201, {"n": 1})


def test_one_connection_carries_many_requests_until_the_server_closes() -> None:
    with LocalServer(echo) as server:
        client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        for _ in range(2):
            client.request("GET", "/a")
            assert client.getresponse().read().startswith(b"/a")
    client.request("GET", "/a")
    with pytest.raises(http.client.RemoteDisconnected):
        client.getresponse()
    client.close()


def test_none_drops_the_connection() -> None:
    with LocalServer(echo) as server, pytest.raises(http.client.RemoteDisconnected):
        urlopen(f"{server.url}/drop", timeout=60)


@pytest.mark.parametrize("length", ["99999999", "-1", "1_0", "0x3"])
def test_a_body_of_too_much_or_unknown_length_is_refused(length: str) -> None:
    with LocalServer(echo) as server, pytest.raises(HTTPError, match="413") as raised:
        urlopen(Request(server.url, data=b"", headers={"Content-Length": length}), timeout=60)
    raised.value.close()


def test_connections_beyond_the_limit_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("screenwright.eval.core.local_server._MAX_CONNECTIONS", 1)
    with LocalServer(echo) as server:
        first = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        first.request("GET", "/a")
        assert first.getresponse().read().startswith(b"/a")
        assert not is_answered(server)
        first.close()
        eventually(lambda: is_answered(server), True)


def is_answered(server: LocalServer) -> bool:
    try:
        with urlopen(server.url, timeout=30) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_only_files_below_the_root_are_served(tmp_path: Path) -> None:
    (tmp_path / "secret").touch()
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.css").write_text("b{}")
    file = file_response(root, "/a.css", {"X-Is": "1"})
    assert file is not None
    assert (file.body, file.kind, file.headers) == (b"b{}", "text/css", {"X-Is": "1"})
    assert file_response(root, "/../secret", {}) is None
    assert file_response(root, "/", {}) is None
