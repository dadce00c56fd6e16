"""Validation of the identity settings, and the command line a browser is started with; most need no browser."""

import asyncio
import os
import re
import tomllib
from pathlib import Path
from typing import cast

import pytest
from playwright.async_api import BrowserContext, Error

from screenwright import BrowserEnv, EnvUnavailable, Size
from screenwright.cli.main import main
from screenwright.envs.browser import BrowserSettings
from screenwright.envs.browser.launch.engines import overlay_page
from screenwright.envs.browser.launch.environment import BrowserSurroundings
from screenwright.envs.browser.launch.identity import (
    check_profile,
    check_window,
    parse_geolocation,
    parse_proxy,
    proxy_of,
    without_password,
)
from screenwright.envs.browser.launch.view import View

# -- validation

WRONG = [
    (BrowserSettings(locale="de_DE"), "'de_DE' is not a locale: write one such as de-DE"),
    (BrowserSettings(timezone="Mars/Olympus"), "there is no time zone 'Mars/Olympus'"),
    (BrowserSettings(geolocation="91,0"), "91,0 is not a location"),
    (BrowserSettings(geolocation="nan,0"), "nan,0 is not a location"),
    (BrowserSettings(user_agent="two\nlines"), "the user agent must be one line"),
    (BrowserSettings(user_agent=""), "the user agent is empty"),
    (BrowserSettings(proxy="ftp://127.0.0.1:1"), "the proxy 'ftp://127.0.0.1:1' cannot be used"),
    (BrowserSettings(proxy="http://127.0.0.1:99999"), "the port of the proxy must be a number up to 65535"),
    (BrowserSettings(proxy="http://"), "the proxy 'http://' cannot be used"),
    (BrowserSettings(proxy="http://h:1/path"), "the proxy 'http://h:1/path' cannot be used"),
    (BrowserSettings(proxy="socks5://ada:secret@h:1"), "Chromium cannot sign in to a SOCKS proxy"),
    (BrowserSettings(storage_state="/nowhere/state.json"), "/nowhere/state.json: No such file or directory"),
    (BrowserSettings(save_storage="/nowhere/state.json"), "/nowhere/state.json cannot be written"),
    (BrowserSettings(har="/nowhere/traffic.har"), "/nowhere/traffic.har cannot be written"),
    (BrowserSettings(har="/"), "/ cannot be written: name a file in an existing, writable folder"),
    (BrowserSettings(upload_from=("/nowhere",)), "the upload folder /nowhere does not exist"),
    (BrowserSettings(cdp="9222"), "'9222' is not the address of a browser"),
    (BrowserSettings(cdp="http://127.0.0.1:9222", profile="p"), "profile cannot be changed in a running browser"),
    (
        BrowserSettings(cdp="http://127.0.0.1:9222", allow_hosts=("a.example",)),
        "allow_hosts cannot be changed",
    ),
    (BrowserSettings(engine="firefox", switches=("--x",)), "switches works with Chromium only"),
]


@pytest.mark.parametrize(("settings", "message"), WRONG, ids=[message for _, message in WRONG])
def test_invalid_settings_are_one_line_errors_before_a_browser_starts(settings: BrowserSettings, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)) as refused:
        BrowserEnv(settings=settings)
    assert "\n" not in str(refused.value)


def test_settings_that_need_devtools_are_rejected_for_a_browser_window() -> None:
    check_window(BrowserSettings(profile="p", locale="de-DE", timezone="Asia/Tokyo", dark=True))
    for settings in (BrowserSettings(proxy="h:1"), BrowserSettings(engine="webkit"), BrowserSettings(user_agent="a")):
        with pytest.raises(ValueError, match="cannot be set for a browser window"):
            check_window(settings)


def test_file_that_is_not_a_storage_state_is_rejected(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    for text in ("", "[]", '{"cookies": []}', '{"cookies": [{"name": "a"}], "origins": []}'):
        file.write_text(text)
        with pytest.raises(ValueError, match=r"state\.json is not a storage state"):
            BrowserEnv(settings=BrowserSettings(storage_state=str(file)))
    file.write_text('{"cookies": [], "origins": []}')
    BrowserEnv(settings=BrowserSettings(storage_state=str(file)))


@pytest.mark.parametrize("text", ["", "here", "1", "1,2,3", "91,0", "0,181"])
def test_invalid_geolocation_is_rejected(text: str) -> None:
    with pytest.raises(ValueError, match="is not a location"):
        parse_geolocation(text)


def test_geolocation_is_parsed() -> None:
    assert parse_geolocation("-33.9, 18.4") == (-33.9, 18.4)


def test_proxy_is_parsed_with_its_credentials() -> None:
    assert parse_proxy("proxy.example:3128") == {"server": "http://proxy.example:3128"}
    assert parse_proxy("socks5://[::1]") == {"server": "socks5://[::1]:1080"}
    signed_in = parse_proxy("https://ada:p%40ss@proxy.example")
    assert signed_in == {"server": "https://proxy.example:443", "username": "ada", "password": "p@ss"}


def test_proxy_passwords_are_never_shown() -> None:
    assert without_password("http://ada:secret@h:1") == "http://h:1"
    env = BrowserEnv(settings=BrowserSettings(proxy="ada:secret@h:1"))
    assert env.info().settings["proxy"] == "h:1"
    with pytest.raises(ValueError, match="proxy") as refused:
        parse_proxy("ftp://ada:secret@h:1")
    assert "secret" not in str(refused.value)


def test_browser_behind_a_firewall_does_not_use_the_proxy_itself() -> None:
    assert proxy_of(BrowserSettings(proxy="h:1", allow_hosts=("a.example",))) is None


def test_identity_is_recorded() -> None:
    settings = BrowserSettings(locale="de-DE", dark=True, geolocation="1.5,2", user_agent="Ada")
    recorded = BrowserEnv(settings=settings).info().settings
    wanted = {"locale": "de-DE", "dark": "true", "geolocation": "1.5,2", "user agent": "Ada"}
    assert wanted.items() <= recorded.items()


# -- profiles


def test_profile_in_use_on_another_machine_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "SingletonLock").symlink_to("elsewhere-17")
    with pytest.raises(EnvUnavailable, match="in use by a browser on elsewhere"):
        check_profile(tmp_path)


def test_stale_lock_of_a_killed_browser_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "SingletonLock").symlink_to(f"{os.uname().nodename}-1")
    (tmp_path / "SingletonSocket").symlink_to(tmp_path / "gone")
    check_profile(tmp_path)


def test_profile_that_is_not_a_folder_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EnvUnavailable, match="cannot be used as a profile"):
        check_profile(tmp_path / "file")


# -- the sandbox


@pytest.fixture
def recording_browser(tmp_path: Path) -> Path:
    """A program that only records its command-line switches."""
    program = tmp_path / "browser"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> {tmp_path}/switches\nexit 1\n')
    program.chmod(0o755)
    return program


def seen_switches(program: Path) -> list[str]:
    return (program.parent / "switches").read_text().splitlines()


@pytest.mark.parametrize("has_profile", [False, True])
def test_sandbox_is_on_for_a_user_other_than_root(
    recording_browser: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_profile: bool
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    profile = str(tmp_path / "profile") if has_profile else None
    settings = BrowserSettings(executable=str(recording_browser), profile=profile)
    with BrowserEnv(settings=settings) as env:
        with pytest.raises(EnvUnavailable):
            env.observe()
        assert env.info().settings["sandbox"] == "on"
    passed = seen_switches(recording_browser)
    assert "--headless" in passed or "--headless=new" in passed
    assert not [switch for switch in passed if "sandbox" in switch.partition("=")[0]]


def test_sandbox_is_on_for_the_overlay_browser_too(recording_browser: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    class Windowed:
        browser = None

    async def draw() -> None:
        settings = BrowserSettings(executable=str(recording_browser))
        surroundings = BrowserSurroundings(settings)
        playwright = await surroundings.start_playwright()
        try:
            context = cast("BrowserContext", Windowed())
            await overlay_page(playwright, context, View(Size(100, 100), headless=False), settings, surroundings)
        finally:
            await playwright.stop()
            surroundings.close()

    with pytest.raises(Error):
        asyncio.run(draw())
    assert not [switch for switch in seen_switches(recording_browser) if "sandbox" in switch.partition("=")[0]]


def test_sandbox_that_a_switch_disables_is_recorded_as_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    env = BrowserEnv(settings=BrowserSettings(switches=("--no-sandbox",)))
    assert env.info().settings["sandbox"] == "off: --no-sandbox"


# -- the command line


@pytest.mark.parametrize(
    ("flag", "value", "message"),
    [
        ("--locale", "German", "'German' is not a locale"),
        ("--timezone", "Nowhere", "there is no time zone 'Nowhere'"),
        ("--geolocation", "Berlin", "'Berlin' is not a location"),
        ("--proxy", "ftp://h", "cannot be used"),
        ("--user-agent", "", "--user-agent is empty"),
        ("--storage-state", "nowhere.json", "nowhere.json: No such file or directory"),
        ("--save-storage", "nowhere/state.json", "nowhere/state.json cannot be written"),
        ("--cdp", "localhost", "is not the address of a browser"),
        ("--browser", "lynx", "--browser is 'lynx', but should be 'chromium', 'firefox' or 'webkit'"),
    ],
)
def test_invalid_flag_is_a_one_line_error_and_creates_no_run(
    flag: str,
    value: str,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["run", "Click OK.", flag, value]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.browser
def test_run_takes_its_identity_from_flags_and_stores_no_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    page = "data:text/html,<html><style>@media (prefers-color-scheme: dark) {html {background: black}}</style>"
    flags = ["--locale", "de-DE", "--timezone", "Asia/Tokyo", "--dark", "--geolocation=-33.9,18.4"]
    rest = ["--proxy", "ada:passw0rd@127.0.0.1:9", "--user-agent", "Ada", "--save-storage", "state.json"]
    main(["run", "Wait 0.1 seconds.", "--url", page, "--out", "out", "--steps", "1", *flags, *rest])
    saved = (tmp_path / "out" / "settings.toml").read_text()
    assert "passw0rd" not in saved + capsys.readouterr().err
    assert tomllib.loads(saved)["timezone"] == "Asia/Tokyo"
    recorded = "".join(path.read_text() for path in (tmp_path / "out").glob("*.jsonl"))
    assert "Asia/Tokyo" in recorded
    assert "passw0rd" not in recorded
    assert (tmp_path / "state.json").exists()
