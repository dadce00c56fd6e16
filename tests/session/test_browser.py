"""A session in Chromium, by its commands."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from processes import alive

from screenwright import Screenshot, Size, read_run
from screenwright.cli.main import main
from screenwright.eval.core.local_server import HttpRequest, HttpResponse, LocalServer
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
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The temporary folder, with a path that is short enough for a socket, which is also the current one."""
    folder = Path(tempfile.mkdtemp(prefix="sw-"))
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.chdir(folder)
    yield folder
    shutil.rmtree(folder)


def test_commands_fill_in_a_form_and_end_leaves_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def run(tool: str, *flags: str, code: int = 0, **arguments: Any) -> dict[str, Any]:
        given = [json.dumps(arguments)] if arguments else []
        assert main(["session", tool, *given, *flags]) == code
        loaded: dict[str, Any] = json.loads(capsys.readouterr().out)
        return loaded

    guests = Guests()
    with LocalServer(guests.respond) as server:
        command = [sys.executable, "-m", "screenwright", "session", "start", "--url", server.url, "--screen", "400x300"]
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        # Returns only when no process of the session has these pipes any more, neither the browser.
        started = subprocess.run([*command, "--out", "run"], env=environ, capture_output=True, text=True, check=True)
        assert json.loads(started.stdout)["run"] == str(folder.resolve() / "run")
        process = psutil.Process(run("list")["sessions"][0]["pid"])
        children = process.children(recursive=True)
        shown = run("look", "--out", "look.png")
        assert Screenshot.decoded(Path(shown["image"]).read_bytes()).size == Size(400, 300)
        assert shown["location"].startswith(server.url)
        assert run("click", at=[120, 40]) == {"done": True}
        assert run("type", text="ada") == {"done": True}
        assert run("click", at=[290, 43]) == {"done": True}
        eventually(lambda: guests.names, ["ada"])
        assert run("navigate", url=f"{server.url}/other", look=True)["location"].endswith("/other")
        assert run("navigate", url="http://169.254.169.254/", code=2)["done"] is False
        run("end")
        process.wait(60)
        eventually(lambda: alive(children), [])
    assert read_run(folder / "run").ended is not None
    assert sorted(one.name for one in folder.iterdir()) == ["look.png", "run"]
