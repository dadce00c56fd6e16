"""What the homes of workbench tasks start with: prepared files, and web applications in browser windows."""

import json
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from screenwright import FakeEnv, VirtualDisplay
from screenwright.eval.benchmarks.local_ports import free_port
from screenwright.eval.benchmarks.workbench import desk
from screenwright.eval.benchmarks.workbench.apps.editor import APP
from screenwright.eval.benchmarks.workbench.apps.files import TASKS as FILES
from screenwright.eval.benchmarks.workbench.apps.pictures import APP as PICTURES
from screenwright.eval.benchmarks.workbench.benchmark import make_home
from screenwright.eval.benchmarks.workbench.prepared import PreparedFiles
from screenwright.eval.benchmarks.workbench.web.apps.lab import PROGRAM as LAB
from screenwright.eval.benchmarks.workbench.web.program import SITES, apps_folder

PAINT = replace(APP, name="paint", program=sys.executable, prepared=(".config/list", ".cache/paint"))


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return apps_folder()


def home_of(tmp_path: Path, text: str) -> Path:
    home = tmp_path / f"home of {text}"
    for name in (".config/list", ".cache/paint/a/one", ".cache/paint/.lock", "Documents/letter.txt"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    return home


def test_what_a_first_start_made_is_in_later_homes_and_nothing_else_is(tmp_path: Path) -> None:
    PreparedFiles().keep(PAINT, home_of(tmp_path, "first"))
    PreparedFiles().keep(PAINT, home_of(tmp_path, "second"))
    later = tmp_path / "later"
    later.mkdir()
    PreparedFiles().copy(PAINT, later)
    files = {str(file.relative_to(later)): file.read_text() for file in later.rglob("*") if file.is_file()}
    assert files == {".config/list": "first", ".cache/paint/a/one": "first"}


def test_an_incomplete_home_is_not_kept_and_other_versions_are_kept_apart(tmp_path: Path, cache: Path) -> None:
    home = home_of(tmp_path, "first")
    (home / ".config/list").unlink()
    PreparedFiles().keep(PAINT, home)
    assert not cache.exists()
    PreparedFiles().keep(PAINT, home_of(tmp_path, "second"))
    other, later = replace(PAINT, settings={"a": "b"}), tmp_path / "later"
    PreparedFiles().copy(other, later)
    assert not later.exists()
    assert len(list((cache / "prepared").iterdir())) == 1


def test_files_of_an_instance_have_the_same_times_whenever_it_is_set_up(tmp_path: Path) -> None:
    template = next(one for one in FILES.templates if one.name == "files-rename")
    before = make_home(tmp_path / "home", template, template.instance(0)[1], 0)
    assert len({(tmp_path / "home" / name).stat().st_mtime for name in before}) == 1
    assert time.time() - (tmp_path / "home" / next(iter(before))).stat().st_mtime > 24 * 3600


def test_programs_show_the_same_home_in_each_episode(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    displays: list[VirtualDisplay] = []

    @contextmanager
    def opened(virtual: VirtualDisplay) -> Generator[FakeEnv]:
        displays.append(virtual)
        yield FakeEnv()

    monkeypatch.setattr(desk, "DesktopEnv", opened)
    template = next(one for one in FILES.templates if one.name == "files-rename")
    for name, sandbox in (("first", "require"), ("second", "require"), ("third", "off")):
        with desk.open_desktop(tmp_path / name, template.instance(0)[1], sandbox):
            pass
    first, second, third = (display.programs for display in displays)
    assert first == second
    assert str(tmp_path / "third") in third[0][1]


def test_gimp_does_not_ask_its_plug_ins_at_each_start() -> None:
    assert PICTURES.prepared == (".config/GIMP/2.10/pluginrc",)


def test_jupyterlab_starts_without_the_module_that_compiles_a_grammar_and_without_language_servers(
    tmp_path: Path,
) -> None:
    path = LAB.filled(LAB.environment["PYTHONPATH"], tmp_path, 8000)
    command = [sys.executable, "-c", "import rfc3987_syntax"]
    ended = subprocess.run(command, env={"PYTHONPATH": path}, capture_output=True, text=True, check=False)
    assert ended.stderr.splitlines()[-1] == "ImportError"
    assert Path(path) == SITES
    LAB.prepare(tmp_path, apps_folder())
    settings = json.loads((tmp_path / ".jupyter/jupyter_server_config.json").read_text())
    assert settings["ServerApp"]["jpserver_extensions"]["jupyter_lsp"] is False


def open_window(serve: list[str], port: int) -> "subprocess.CompletedProcess[str]":
    """Start a server and what shows it."""
    url = f"http://127.0.0.1:{port}/"
    show = [sys.executable, "-c", f"import urllib.request as u; print(u.urlopen('{url}page.txt').read())"]
    start = {"serve": serve, "environment": {"PAGE": "page"}, "ready": url, "show": show}
    command = [sys.executable, str(SITES / "web_window.py"), json.dumps(start)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_a_web_application_answers_before_its_window_opens(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "page.txt").write_text("hello")
    code = (
        f"import http.server as h, os, threading; os.chdir({str(tmp_path)!r}); "
        f"s = h.HTTPServer(('127.0.0.1', {port}), h.SimpleHTTPRequestHandler); "
        "threading.Timer(20, os._exit, (0,)).start(); "
        "[s.handle_request() for _ in range(2)]; os._exit(0)"
    )
    assert open_window([sys.executable, "-c", code], port).stdout == "b'hello'\n"


def test_a_server_that_does_not_start_is_named(tmp_path: Path) -> None:
    ended = open_window([sys.executable, "-c", "raise SystemExit(1)"], free_port())
    assert ended.returncode == 1
    assert "the server of the application does not start" in ended.stderr
