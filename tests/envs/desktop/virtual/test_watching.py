"""Watching a virtual display in a browser tab through noVNC."""

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import urllib.error
import urllib.request
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import psutil
import pytest
from paths import STAGE
from processes import alive, name_of
from virtual_displays import virtual_display

from screenwright.envs.actions import Click, Hotkey, Type, Wait
from screenwright.envs.browser import BrowserEnv
from screenwright.envs.desktop import DesktopEnv, InterruptSettings, VirtualDisplay
from screenwright.envs.desktop.virtual import watching
from screenwright.envs.env import ActionRefused, EnvUnavailable
from screenwright.envs.geometry import ScreenPoint, Size
from screenwright.testing import eventually

pytestmark = pytest.mark.desktop

MAGENTA = (200, 30, 160)
PAINTED = ("xterm", "-bg", "rgb:c8/1e/a0", "-fg", "white", "-fullscreen", "-b", "0")


BUTTON, PAD = ScreenPoint(120, 65), ScreenPoint(240, 300)


def watched() -> DesktopEnv:
    return DesktopEnv(virtual=virtual_display(Size(640, 400), (PAINTED,), watch="view"))


@pytest.mark.browser
def test_a_tab_shows_the_display_and_its_changes(tmp_path: Path) -> None:
    with watched() as desktop:
        desktop.observe()
        with BrowserEnv(desktop.watch_url, viewport=Size(640, 430)) as tab:
            eventually(lambda: tab.observe().screenshot.image.getpixel((600, 380)), MAGENTA)
            before = tab.observe().screenshot
            desktop.execute(Type("echo watched"))
            eventually(lambda: tab.observe().screenshot != before, True)
            tab.observe().screenshot.image.save(tmp_path / "tab.png")


@pytest.mark.browser
@pytest.mark.parametrize(("watch", "arrives"), [("view", False), ("control", True)])
def test_a_watcher_can_control_the_display_only_if_allowed(
    watch: Literal["view", "control"], arrives: bool, tmp_path: Path
) -> None:
    log_file = tmp_path / "received.json"
    stage = ("/usr/bin/python3", str(STAGE), str(log_file))

    def received(name: str) -> object:
        return json.loads(log_file.read_text())[name]

    def clicked() -> bool:
        """Whether a click of the agent is performed; it is refused while the watcher is active."""
        desktop.observe()
        with suppress(ActionRefused):
            desktop.execute(Click(BUTTON))
            return True
        return False

    display = virtual_display(Size(640, 480), (stage,), watch=watch)
    with DesktopEnv(
        virtual=display, interrupts=InterruptSettings(quiet_s=1.0) if watch == "control" else None
    ) as desktop:
        desktop.observe()
        with BrowserEnv(desktop.watch_url, viewport=Size(640, 510)) as tab:
            eventually(lambda: tab.observe().screenshot.image.getpixel((240, 300)), (255, 255, 255))
            tab.execute(Click(PAD))
            tab.execute(Hotkey(("w",)))
            tab.execute(Click(BUTTON))
            if arrives:
                eventually(lambda: (received("presses"), received("keys")), (1, ["w"]))
            with pytest.raises(ActionRefused, match="the user took") if arrives else nullcontext():
                desktop.execute(Wait(0.0))
        eventually(clicked, True)
        eventually(lambda: received("presses"), 1 + arrives)
        assert received("keys") == ["w"] * arrives


def test_only_requests_with_the_secret_are_answered() -> None:
    with watched() as desktop:
        desktop.observe()
        url = desktop.watch_url
        with urllib.request.urlopen(url) as page:
            assert b"Screenwright" in page.read()
        host = url.rsplit("/", 2)[0]
        for path in ("/", "/screen", "/core/rfb.js", f"/{'a' * 24}/", f"{urlsplit(url).path}../core/rfb.js"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(host + path)
        for path in ("core/../../../../etc/passwd", "core/", "app/ui.js", "core/none.js"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(url + path)
        port = urlsplit(url).port
        assert port is not None
        upgrade = (
            f"GET /websockify?token={'a' * 24} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", port), 60) as guest:
            guest.sendall(upgrade.encode())
            assert b" 101 " not in guest.recv(4096)
        listening: set[str] = set()
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # websockify forks for each request
                connections = process.net_connections("tcp")
                listening |= {one.laddr.ip for one in connections if one.status == psutil.CONN_LISTEN}
        assert listening == {"127.0.0.1"}


def test_no_process_remains_when_the_owner_is_killed() -> None:
    program = textwrap.dedent("""
        import time
        from screenwright.envs.desktop import DesktopEnv, VirtualDisplay
        env = DesktopEnv(virtual=VirtualDisplay(watch="view"))
        env.observe()
        print(env.watch_url, flush=True)
        time.sleep(60)
    """)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        url = urlsplit(owner.stdout.readline().strip())
        started = psutil.Process(owner.pid).children(recursive=True)
        assert "X0tigervnc" in {name_of(process) for process in started}
        assert url.port is not None
        with socket.create_connection(("127.0.0.1", url.port), 60):
            os.kill(owner.pid, signal.SIGKILL)
    eventually(lambda: alive(started), [])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", url.port), 60)


def test_missing_programs_are_reported_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "_NOVNC", ())
    before = set(psutil.Process().children(recursive=True))
    env = DesktopEnv(virtual=VirtualDisplay(watch="view"))
    with pytest.raises(EnvUnavailable, match=r"apt-get install tigervnc-scraping-server novnc"):
        env.observe()
    assert not set(psutil.Process().children(recursive=True)) - before
