"""The identity, the display and the lifetime of a Chromium window."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from page_site import Site
from processes import alive, command_of, name_of, started_by

from screenwright import Click, EnvLost, EnvUnavailable, ScreenPoint, Size
from screenwright.agent.reader.vision.screen import Area
from screenwright.envs.browser import BrowserSettings
from screenwright.envs.browser.window.env import BrowserWindowEnv
from screenwright.envs.desktop import DesktopEnv, VirtualDisplay
from screenwright.eval.benchmarks.gallery import steps as gallery_steps
from screenwright.testing import eventually

pytestmark = [pytest.mark.browser, pytest.mark.desktop, pytest.mark.reader]

MAGENTA, GREEN = "#ff00ff", "#00ff00"
AT = "class=at style='left:60px;top:60px;width:200px;height:40px;background:#f0f'"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as site:
        site.add("/blank", "<title>Blank</title>")
        yield site


def coloured(env: BrowserWindowEnv, colour: str) -> Area:
    """The part of the screen with that colour; nothing of it before the page is painted."""
    try:
        return gallery_steps.find_colour(env.observe().screenshot.image, colour)
    except gallery_steps.TargetNotFound:
        return Area(0, 0, 0, 0)


@pytest.mark.parametrize("scale", [1.5, 2.0])
def test_click_hits_what_the_screenshot_shows_at_every_scale(site: Site, scale: float) -> None:
    url = site.add("/scaled", f"<div {AT} onclick=\"report('ratio',devicePixelRatio)\"></div>")
    with BrowserWindowEnv(url, screen=Size(1600, 1000), scale=scale) as env:
        assert env.observe().screenshot.size == Size(1600, 1000)
        eventually(lambda: coloured(env, MAGENTA).width, 200 * scale)
        area = coloured(env, MAGENTA)
        env.execute(Click(ScreenPoint(area.right - 1, area.bottom - 1)))
        eventually(lambda: site.reported.get("ratio"), scale)


def test_page_sees_the_requested_language_time_zone_and_colour_scheme(site: Site) -> None:
    script = """<script>report('zone', Intl.DateTimeFormat().resolvedOptions().timeZone);
      report('language', navigator.language);
      report('dark', matchMedia('(prefers-color-scheme: dark)').matches);
      report('driven', navigator.webdriver)</script>"""
    site.reported.clear()
    settings = BrowserSettings(locale="de-DE", timezone="Asia/Tokyo", dark=True)
    with BrowserWindowEnv(site.add("/who", script), settings=settings) as env:
        env.observe()
        wanted = {"zone": "Asia/Tokyo", "language": "de-DE", "dark": True, "driven": False}
        eventually(lambda: dict(site.reported), wanted)


def test_profile_keeps_its_cookies_and_is_locked(site: Site, tmp_path: Path) -> None:
    script = "<script>report('cookie', document.cookie); document.cookie = 'seen=yes; max-age=9999'</script>"
    url = site.add("/cookie", script)
    settings = BrowserSettings(profile=str(tmp_path))
    with BrowserWindowEnv(url, settings=settings) as env:
        env.observe()
        eventually(lambda: site.reported.get("cookie"), "")
        with pytest.raises(EnvUnavailable, match="another browser"), BrowserWindowEnv(url, settings=settings) as other:
            other.observe()
    with BrowserWindowEnv(url, settings=settings) as env:
        env.observe()
        eventually(lambda: site.reported.get("cookie"), "seen=yes")


def test_window_opens_on_an_existing_display(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with DesktopEnv(virtual=VirtualDisplay(Size(900, 600))) as desktop:
        desktop.observe()
        assert desktop.address is not None
        monkeypatch.setenv("XAUTHORITY", str(desktop.address.authority))
        url = site.add("/there", "<title>There</title><body style='background:#0f0'>")
        with BrowserWindowEnv(url, display=desktop.address.name) as env:
            assert env.is_real
            eventually(lambda: env.observe().location.startswith("There"), True)
            eventually(lambda: coloured(env, GREEN).width, 900)
        assert desktop.observe().screenshot.size == Size(900, 600)


def test_invalid_address_is_an_error_before_anything_is_opened() -> None:
    with BrowserWindowEnv("javascript:alert(1)") as env, pytest.raises(EnvUnavailable, match="not a valid address"):
        env.observe()


def folders_of(processes: list[psutil.Process]) -> list[Path]:
    reapers = [process for process in processes if any("reaper.py" in part for part in command_of(process))]
    return [Path(reaper.cmdline()[-1]) for reaper in reapers if "--inside" not in reaper.cmdline()]


def test_no_process_or_file_remains_after_an_exception(site: Site) -> None:
    env = BrowserWindowEnv(site.url + "/blank")
    started = started_by(env.observe)
    folders = folders_of(started)
    assert {"Xvfb", "openbox", "chromium"} <= {name_of(process) for process in started}
    assert len(folders) == 1
    with pytest.raises(KeyError), env:
        raise KeyError
    eventually(lambda: alive(started), [])
    eventually(lambda: [folder for folder in folders if folder.exists()], [])


def test_killed_browser_is_lost(site: Site) -> None:
    with BrowserWindowEnv(site.url + "/blank") as env:
        started = started_by(env.observe)
        browsers = [process for process in started if name_of(process) == "chromium"]
        browser = min(browsers, key=lambda process: (process.create_time(), process.pid))
        browser.kill()
        eventually(lambda: is_lost(env), True)


def is_lost(env: BrowserWindowEnv) -> bool:
    """Whether observing fails; a killed process exits only after its last thread."""
    try:
        env.observe()
    except EnvLost:
        return True
    return False


def test_no_process_or_file_remains_when_the_owner_is_killed() -> None:
    program = textwrap.dedent("""
        import time
        from screenwright.envs.browser.window.env import BrowserWindowEnv
        env = BrowserWindowEnv()
        env.observe()
        print("open", flush=True)
        time.sleep(60)
    """)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "open\n"
        started = psutil.Process(owner.pid).children(recursive=True)
        folders = folders_of(started)
        assert {"Xvfb", "openbox", "chromium"} <= {name_of(process) for process in started}
        os.kill(owner.pid, signal.SIGKILL)
    eventually(lambda: alive(started), [])
    eventually(lambda: [folder for folder in folders if folder.exists()], [])
