"""The fence in a real browser: what the model, pages and frames ask for."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from page_site import Site

from screenwright import ActionRefused, BrowserEnv, Button, Click, Hotkey, Navigate, ScreenPoint, Type
from screenwright.envs.browser.window.env import BrowserWindowEnv
from screenwright.testing import eventually

pytestmark = pytest.mark.browser

MIDDLE = ScreenPoint(640, 360)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


@pytest.fixture(scope="module")
def env(site: Site) -> Iterator[BrowserEnv]:
    with BrowserEnv(site.add("/", "")) as env:
        env.observe()
        yield env


@pytest.mark.parametrize(
    "url", ["file:///etc/hostname", "chrome://version", "http://169.254.169.254/", "about:version"]
)
def test_the_model_cannot_leave_the_web(env: BrowserEnv, url: str) -> None:
    with pytest.raises(ActionRefused, match="blocked; the user can grant them with --grant"):
        env.execute(Navigate(url))


def test_a_link_to_a_local_file_is_not_opened_by_the_context_menu(env: BrowserEnv, site: Site) -> None:
    address = site.add("/link", '<a href="file:///etc/hostname" style="position:fixed;inset:0">go</a>')
    env.execute(Navigate(address))
    env.execute(Click(MIDDLE, Button.RIGHT))
    env.execute(Hotkey(("down",)))
    env.execute(Hotkey(("enter",)))
    seen = env.observe()
    assert seen.location == address
    assert any("file: addresses are blocked" in str(fact) for fact in seen.facts), seen.facts


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "[::ffff:169.254.169.254]", "[fe80::1]", "metadata.google.internal"]
)
def test_a_page_reaches_no_link_local_address(env: BrowserEnv, site: Site, host: str) -> None:
    site.reported.clear()
    script = f"fetch('http://{host}/').then(() => report('answer', 'some'), () => report('answer', 'none'))"
    env.execute(Navigate(site.add("/fetch", f"<script>{script}</script>")))
    eventually(lambda: site.reported.get("answer"), "none")


def test_a_page_gets_no_local_address_by_webrtc_and_so_causes_no_mdns(env: BrowserEnv, site: Site) -> None:
    script = """
        const peer = new RTCPeerConnection(), found = []; peer.createDataChannel("a");
        peer.onicecandidate = ({candidate}) => candidate ? found.push(candidate.candidate) : report("local", found);
        peer.createOffer().then(offer => peer.setLocalDescription(offer));"""
    env.execute(Navigate(site.add("/webrtc", f"<script>{script}</script>")))
    eventually(lambda: site.reported.get("local"), [])


def test_a_start_page_in_a_file_opens_with_its_folder_only(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    secret = tmp_path / "secret.html"
    secret.write_text("<title>Secret</title>secret")
    other = tmp_path / "site" / "other.html"
    other.write_text("<title>Other</title>")
    start = tmp_path / "site" / "start.html"
    start.write_text(f"<title>Start</title><iframe src='{secret.as_uri()}'></iframe>")
    with BrowserEnv(start.as_uri()) as env:
        seen = env.observe()
        assert seen.location == start.as_uri()
        assert any("was not opened: file: addresses are blocked" in str(fact) for fact in seen.facts), seen.facts
        env.execute(Navigate(other.as_uri()))
        assert env.observe().location == other.as_uri()
        with pytest.raises(ActionRefused, match="file: addresses are blocked"):
            env.execute(Navigate(secret.as_uri()))


def test_a_whole_window_opens_no_other_file_either(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    secret = tmp_path / "secret.html"
    secret.write_text("<title>Secret</title>secret")
    start = tmp_path / "site" / "start.html"
    start.write_text("<title>Start</title>")
    with BrowserWindowEnv(start.as_uri()) as env:
        assert env.observe().location.startswith("Start")
        with pytest.raises(ActionRefused, match="file: addresses are blocked"):
            env.execute(Navigate(secret.as_uri()))
        env.execute(Hotkey(("ctrl", "l")))
        env.execute(Type(secret.as_uri(), submit=True))
        title = env.observe().location
        assert not title.startswith(("Start", "Secret")), title
