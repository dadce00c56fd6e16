"""What the programs that a run starts find in their environment: no keys."""

import socket
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from adbutils import AdbClient
from processes import command_of, started_by

from screenwright import BrowserEnv, DesktopEnv
from screenwright.envs.android.phone import start_server
from screenwright.envs.browser import BrowserSettings
from screenwright.envs.browser.launch.chromium import find_chromium
from screenwright.envs.browser.window.env import BrowserWindowEnv
from screenwright.envs.desktop import GrantedFolder, Sandbox, VirtualDisplay
from screenwright.envs.environment import clean_environment
from screenwright.envs.geometry import Size
from screenwright.eval.benchmarks.infinity.benchmark import run_verifier
from screenwright.eval.benchmarks.subprocess_client import SubprocessClient

SECRET = "sk-canary"
KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "AWS_SECRET_ACCESS_KEY")
XTERM = VirtualDisplay(Size(320, 240), (("xterm",),))


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KEYS:
        monkeypatch.setenv(name, SECRET)


def environments(processes: list[psutil.Process]) -> dict[str, bytes]:
    """The environment that each process was started with, by its program; without those that have ended."""
    found: dict[str, bytes] = {}
    for process in processes:
        with suppress(OSError):
            environment = Path(f"/proc/{process.pid}/environ").read_bytes()
            if command := " ".join(command_of(process)).split():
                name = Path(command[0]).name
                found[name] = found.get(name, b"") + environment
    return found


def test_programs_get_what_they_need_and_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_TIME", "de_DE.UTF-8")
    monkeypatch.setenv("DISPLAY", ":7")
    environment = clean_environment(EXTRA="1")
    assert environment["DISPLAY"] == ":7"
    assert environment["LC_TIME"] == "de_DE.UTF-8"
    assert environment["EXTRA"] == "1"
    assert "PATH" in environment
    assert SECRET not in environment.values()


def test_named_variables_are_passed_on() -> None:
    assert clean_environment(["OPENAI_API_KEY", "NOT_SET"])["OPENAI_API_KEY"] == SECRET


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        ("http://user:sk-canary@proxy.example:3128", "http://proxy.example:3128"),
        ("user:sk-c@nary@proxy.example:3128", "proxy.example:3128"),
        ("socks5://proxy.example", "socks5://proxy.example"),
    ],
)
def test_a_proxy_is_passed_on_without_its_password(given: str, passed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", given)
    assert clean_environment()["https_proxy"] == passed


@pytest.fixture
def browser(tmp_path: Path) -> Path:
    """A browser that writes its environment to `seen` in the same folder: Chromium overwrites what /proc shows."""
    program = tmp_path / "browser"
    program.write_text(f'#!/bin/sh\nenv > {tmp_path}/seen\nexec {find_chromium(tmp_path / "none", None)} "$@"\n')
    program.chmod(0o755)
    return program


@pytest.mark.browser
def test_a_browser_and_its_driver_have_no_keys(browser: Path) -> None:
    with BrowserEnv("about:blank", settings=BrowserSettings(executable=str(browser))) as env:
        found = environments(started_by(env.observe))
    assert b"PATH=" in found["node"]
    assert SECRET not in str(found)
    seen = (browser.parent / "seen").read_text()
    assert "PATH=" in seen
    assert SECRET not in seen


@pytest.mark.browser
def test_a_browser_gets_a_variable_that_is_named(browser: Path) -> None:
    settings = BrowserSettings(executable=str(browser), pass_env=("OPENAI_API_KEY",))
    with BrowserEnv("about:blank", settings=settings) as env:
        found = environments(started_by(env.observe))
    assert SECRET not in str(found["node"])
    assert (browser.parent / "seen").read_text().count(SECRET) == 1


@pytest.mark.desktop
def test_programs_on_a_virtual_display_have_no_keys() -> None:
    with DesktopEnv(virtual=XTERM) as env:
        found = environments(started_by(env.observe))
    assert {"Xvfb", "openbox", "xterm"} <= found.keys()
    assert SECRET not in str(found)


@pytest.mark.desktop
def test_a_program_on_a_virtual_display_gets_a_variable_that_is_named() -> None:
    with DesktopEnv(virtual=XTERM, pass_env=("OPENAI_API_KEY",)) as env:
        found = environments(started_by(env.observe))
    assert f"OPENAI_API_KEY={SECRET}" in str(found["xterm"])
    assert SECRET not in str(found["Xvfb"])


@pytest.mark.browser
@pytest.mark.desktop
def test_a_browser_window_has_no_keys(browser: Path) -> None:
    settings = BrowserSettings(executable=str(browser))
    granted = Sandbox(folders=(GrantedFolder(browser.parent, writable=True),))
    with BrowserWindowEnv("about:blank", screen=Size(800, 600), settings=settings, sandbox=granted) as env:
        env.observe()
    seen = (browser.parent / "seen").read_text()
    assert "DISPLAY=" in seen
    assert SECRET not in seen


def test_a_driver_of_a_benchmark_has_no_keys_but_those_that_are_named(tmp_path: Path) -> None:
    script = tmp_path / "driver.py"
    script.write_text(
        "import json, os, sys\n"
        "print(json.dumps({'ready': True}), flush=True)\n"
        "for line in sys.stdin:\n"
        "    print(json.dumps(dict(os.environ)), flush=True)\n"
    )
    client = SubprocessClient(None, script, {}, "").configured(Path(sys.executable), {}, ("OPENAI_API_KEY",))
    answer = client.request({}, 10)
    client.close()
    assert [name for name, value in answer.items() if value == SECRET] == ["OPENAI_API_KEY"]


def test_a_verifier_of_a_benchmark_has_no_keys(tmp_path: Path) -> None:
    verifier = tmp_path / "verifier.py"
    verifier.write_text("import os\ndef verify(url):\n    return 'PATH' in os.environ, str(dict(os.environ))\n")
    has_path, environment = run_verifier(verifier, "http://127.0.0.1/")
    assert has_path
    assert SECRET not in environment


def test_an_adb_server_that_a_run_starts_has_no_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    adb = tmp_path / "adb"
    adb.write_text(f"#!/bin/sh\nenv > {tmp_path}/seen\n")
    adb.chmod(0o755)
    monkeypatch.setenv("ADBUTILS_ADB_PATH", str(adb))
    with socket.create_server(("127.0.0.1", 0)) as unused:
        address = unused.getsockname()
    client = AdbClient(*address)
    start_server(client)
    seen = (tmp_path / "seen").read_text()
    assert "PATH=" in seen
    assert SECRET not in seen
