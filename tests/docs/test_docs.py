"""Every Python block of the docs runs, every command line is accepted by the real parser, and links exist."""

import http.server
import os
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from screenwright.cli.arguments import given_flags
from screenwright.cli.main import build_parser
from screenwright.cli.settings import TREES

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

EXAMPLE_PAGE = b"""<!doctype html><title>Example</title><body style="font: 20px DejaVu Sans; margin: 60px">
<h1>Example</h1><p>This page is for examples.</p><p><a href="/more">More information</a></p>"""


def blocks(language: str) -> list[tuple[str, str]]:
    return [
        (f"{page.relative_to(ROOT)}-{number}", code)
        for page in PAGES
        for number, (found, code) in enumerate(FENCE.findall(page.read_text()), start=1)
        if found == language
    ]


class Example(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(EXAMPLE_PAGE)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def example_site() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Example) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def example(name: str, code: str) -> object:
    needs = {"reader": '"reader"' in code, "browser": "BrowserEnv" in code or "miniwob" in code or "demo" in code}
    return pytest.param(name, code, marks=[getattr(pytest.mark, mark) for mark in needs if needs[mark]], id=name)


@pytest.mark.parametrize(("name", "code"), [example(*block) for block in blocks("python")])
def test_example_runs(name: str, code: str, example_site: str, tmp_path: Path) -> None:
    if "LocalModel(" in code:
        pytest.skip("needs a model's weights")
    if "read_run" in code:
        make = 'from screenwright import *\nAgent(ScriptedModel(["Action: finished()"]), dialect=UiTars15())'
        code = f'{make}.run("a task", FakeEnv(), out="runs/an-example")\n{code}'
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code.replace("https://example.org", example_site)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout, f"the example {name} prints nothing"


def commands() -> list[str]:
    text = "\n".join(page.read_text() for page in PAGES)
    joined = text.replace("\\\n", " ")
    fenced = [line for _, code in FENCE.findall(joined) for line in code.splitlines()]
    return [line for line in fenced if line.startswith("screenwright ") and "..." not in line]


@pytest.mark.parametrize("command", commands())
def test_command_line_is_accepted(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    taken: list[str] = []

    def take(given: argparse.Namespace) -> int:
        taken.append(given.command)
        return 0

    for name in COMMANDS:
        monkeypatch.setitem(COMMANDS, name, take)
    assert main(shlex.split(command)[1:]) == 0, capsys.readouterr().err
    assert taken


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_relative_links_exist(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
