"""A browser that hangs, crashes, exits or is interrupted, and the processes that remain."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from processes import name_of

from screenwright import BrowserEnv, Click, EnvLost, EnvUnavailable, Hotkey, Navigate, ScreenPoint
from screenwright.envs.browser import BrowserSettings
from screenwright.envs.env import Fact
from screenwright.eval.core.local_server import HttpRequest, HttpResponse, LocalServer

pytestmark = pytest.mark.browser

BUTTON = ScreenPoint(100, 50)


def page(folder: Path, script: str) -> str:
    """The address of a page whose button runs `script`."""
    path = folder / "page.html"
    path.write_text(f'<button style="width:200px;height:100px" onclick="{script}">go</button>', encoding="utf-8")
    return path.as_uri()


def browsers_of(process: psutil.Process) -> list[psutil.Process]:
    return [child for child in process.children(recursive=True) if "chrom" in name_of(child)]


def test_killed_browser_is_lost_with_a_one_line_error() -> None:
    with BrowserEnv() as env:
        before = browsers_of(psutil.Process())
        env.observe()
        for process in set(browsers_of(psutil.Process())) - set(before):
            process.kill()
        with pytest.raises(EnvLost) as lost:
            env.observe()
        with pytest.raises(EnvLost):
            env.execute(Click(BUTTON))
    assert "\n" not in str(lost.value)


def test_killed_browser_is_restarted_at_the_same_page(tmp_path: Path) -> None:
    first, second = tmp_path / "first.html", tmp_path / "second.html"
    for file in (first, second):
        file.write_text(f"<h1>{file.stem}</h1>", encoding="utf-8")
    with BrowserEnv(first.as_uri()) as env:
        before = browsers_of(psutil.Process())
        env.execute(Navigate(second.as_uri()))
        env.observe()
        for process in set(browsers_of(psutil.Process())) - set(before):
            process.kill()
        with pytest.raises(EnvLost):
            env.observe()
        assert second.as_uri() in env.restart()
        assert env.observe().location == second.as_uri()
    with pytest.raises(EnvLost, match="closed"):
        env.restart()


def test_crashed_page_can_be_reloaded(tmp_path: Path) -> None:
    address = page(tmp_path, "document.title = 'still here'")
    with BrowserEnv(address, settings=BrowserSettings(grants=("browser-pages",))) as env:
        env.observe()
        env.execute(Navigate("chrome://crash"))
        assert Fact("The page crashed.") in env.observe().facts
        env.execute(Hotkey(("escape",)))
        env.execute(Navigate(address))
        assert env.observe().location == address


def test_hanging_page_does_not_block_forever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("screenwright.envs.browser.session.ACT_S", 0.5)
    monkeypatch.setattr("screenwright.envs.browser.page.limits.ACT_S", 0.5)
    monkeypatch.setattr("screenwright.envs.browser.ui.compositor._CAPTURE_S", 0.5)
    with BrowserEnv(page(tmp_path, "for(;;){}"), settings=BrowserSettings(settle_limit_s=0.5)) as env:
        done = env.execute(Click(BUTTON))
        assert done.settled_by.startswith("limit: no response")
        env.release()
        assert Fact("The page is not responding.") in env.observe().facts
        env.execute(Hotkey(("escape",)))
        assert env.observe().location == "about:blank"


def test_browser_can_be_closed_from_another_thread() -> None:
    env = BrowserEnv()
    env.observe()
    thread = threading.Thread(target=env.close)
    thread.start()
    thread.join()
    with pytest.raises(EnvLost, match="closed"):
        env.execute(Hotkey(("a",)))


def test_program_that_is_not_a_browser_is_a_one_line_error() -> None:
    with (
        pytest.raises(EnvUnavailable, match="did not start") as refused,
        BrowserEnv(settings=BrowserSettings(executable="false")) as env,
    ):
        env.observe()
    assert "\n" not in str(refused.value)


PROGRAM = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in background jobs of a shell
from screenwright import BrowserEnv, Wait
env = BrowserEnv()
env.observe()
try:
    print("up", flush=True)
    {body}
except KeyboardInterrupt:
    print(env.observe().screenshot.size, flush=True)
    env.close()
"""


def start(body: str) -> subprocess.Popen[bytes]:
    """Start a program in its own process group that observes a page and then runs `body`."""
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(body=body)],
        env={**os.environ, "PYTHONPATH": ":".join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert program.stdout is not None
    assert program.stdout.readline() == b"up\n"
    return program


def end(program: subprocess.Popen[bytes], number: signal.Signals | None) -> tuple[list[psutil.Process], bytes, bytes]:
    """End the program, by a signal (Ctrl-C reaches its group) or by itself; returns remaining processes and output."""
    children = psutil.Process(program.pid).children(recursive=True)
    assert any("chrom" in name_of(child) for child in children)
    if number is not None:
        time.sleep(0.3)  # until it waits
        (os.killpg if number is signal.SIGINT else os.kill)(program.pid, number)
    output, errors = program.communicate(b"\n", timeout=60)
    _, alive = psutil.wait_procs(children, timeout=60)
    return alive, output, errors


def test_interrupt_of_the_group_keeps_the_browser_usable_and_leaves_no_process() -> None:
    with start("env.execute(Wait(60))") as program:
        alive, output, errors = end(program, signal.SIGINT)
    assert (alive, output, errors) == ([], b"1280x720\n", b"")
    assert program.returncode == 0


@pytest.mark.parametrize(
    ("body", "number"),
    [("input(); env.close()", None), ("input()", None), ("input()", signal.SIGKILL), ("input()", signal.SIGTERM)],
    ids=["closed", "forgotten", "killed", "terminated"],
)
def test_no_process_remains(body: str, number: signal.Signals | None) -> None:
    with start(body) as program:
        alive, _, errors = end(program, number)
    assert (alive, errors) == ([], b"")


def test_an_http_error_of_a_page_is_a_fact() -> None:
    def respond(request: HttpRequest) -> HttpResponse:
        return HttpResponse(b"<h1>Nothing here</h1>", status=404 if request.path == "/missing" else 200)

    with LocalServer(respond) as server, BrowserEnv(server.url + "/missing") as env:
        (fact,) = env.observe().facts
        assert str(fact) == f'The server answered with the HTTP error "404 Not Found" for "{server.url}/missing".'
        env.execute(Navigate(server.url))
        assert env.observe().facts == ()


def test_an_http_error_without_a_page_is_named() -> None:
    with (
        LocalServer(lambda _request: HttpResponse(status=500)) as server,
        BrowserEnv(server.url) as env,
        pytest.raises(EnvUnavailable, match="the server answered with an HTTP error and no page"),
    ):
        env.observe()
