"""A browser that hangs, crashes, ends or is interrupted; and what is left of it afterwards."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from screenwright import BrowserEnv, Click, EnvLost, EnvUnavailable, Hotkey, Navigate, ScreenPoint
from screenwright.envs.browser import BrowserSettings

pytestmark = pytest.mark.browser

BUTTON = ScreenPoint(100, 50)


def page(folder: Path, script: str) -> str:
    """The address of a page whose button runs `script`."""
    path = folder / "page.html"
    path.write_text(f'<button style="width:200px;height:100px" onclick="{script}">go</button>', encoding="utf-8")
    return path.as_uri()


def browsers_of(process: psutil.Process) -> list[psutil.Process]:
    return [child for child in process.children(recursive=True) if "chrom" in child.name()]


def test_a_killed_browser_is_lost_in_one_line() -> None:
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


def test_a_killed_browser_is_started_again_where_it_was(tmp_path: Path) -> None:
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
        assert env.observe().place == second.as_uri()
    with pytest.raises(EnvLost, match="closed"):
        env.restart()


def test_a_crashed_page_can_be_loaded_again_as_a_person_would(tmp_path: Path) -> None:
    address = page(tmp_path, "document.title = 'still here'")
    with BrowserEnv(address) as env:
        env.observe()
        env.execute(Navigate("chrome://crash"))
        assert "The page crashed." in env.observe().facts
        env.execute(Hotkey(("escape",)))
        env.execute(Navigate(address))
        assert env.observe().place == address


def test_a_page_that_hangs_holds_nothing_up_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("screenwright.envs.browser.session._ACT_S", 0.5)
    monkeypatch.setattr("screenwright.envs.browser.ui.compositor._CAPTURE_S", 0.5)
    with BrowserEnv(page(tmp_path, "for(;;){}"), settings=BrowserSettings(settle_limit_s=0.5)) as env:
        done = env.execute(Click(BUTTON))
        assert done.settled_by.startswith("limit: no answer")
        env.release()
        assert "The page does not respond." in env.observe().facts
        env.execute(Hotkey(("escape",)))
        assert env.observe().place == "about:blank"


def test_a_closed_browser_can_be_closed_from_another_thread() -> None:
    env = BrowserEnv()
    env.observe()
    thread = threading.Thread(target=env.close)
    thread.start()
    thread.join()
    with pytest.raises(EnvLost, match="closed"):
        env.execute(Hotkey(("a",)))


def test_a_program_that_is_no_browser_is_told_in_one_line() -> None:
    with (
        pytest.raises(EnvUnavailable, match="did not start") as told,
        BrowserEnv(settings=BrowserSettings(executable="false")) as env,
    ):
        env.observe()
    assert "\n" not in str(told.value)


PROGRAM = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job begins deaf to it
from screenwright import BrowserEnv, Wait
env = BrowserEnv()
env.observe()
print("up", flush=True)
try:
    {body}
except KeyboardInterrupt:
    print(env.observe().screenshot.size, flush=True)
    env.close()
"""


def start(body: str) -> subprocess.Popen[bytes]:
    """A program of its own, in a process group of its own, that looks at a page and then does `body`."""
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


def end(program: subprocess.Popen[bytes], how: signal.Signals | None) -> tuple[list[psutil.Process], bytes, bytes]:
    """Let the program end, by a signal (Ctrl-C reaches its group) or by itself: what is left, and what it printed."""
    children = psutil.Process(program.pid).children(recursive=True)
    assert any("chrom" in child.name() for child in children)
    if how is not None:
        time.sleep(0.3)  # it is waiting by now
        (os.killpg if how is signal.SIGINT else os.kill)(program.pid, how)
    said, complained = program.communicate(b"\n", timeout=30)
    _, alive = psutil.wait_procs(children, timeout=15)
    return alive, said, complained


def test_interrupting_the_group_wrecks_nothing_and_leaves_no_process() -> None:
    with start("env.execute(Wait(60))") as program:
        alive, said, complained = end(program, signal.SIGINT)
    assert (alive, said, complained) == ([], b"1280x720\n", b"")
    assert program.returncode == 0


@pytest.mark.parametrize(
    ("body", "how"),
    [("input(); env.close()", None), ("input()", None), ("input()", signal.SIGKILL), ("input()", signal.SIGTERM)],
    ids=["closed", "forgotten", "killed", "terminated"],
)
def test_no_process_is_left_over(body: str, how: signal.Signals | None) -> None:
    with start(body) as program:
        alive, _, complained = end(program, how)
    assert (alive, complained) == ([], b"")
