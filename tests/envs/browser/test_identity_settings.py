"""What a browser may be asked to be, and what it is started with: nothing here needs a browser."""

import asyncio
import os
import re
import tomllib
from pathlib import Path
from typing import cast

import pytest
from playwright.async_api import BrowserContext, Error, async_playwright

from screenwright import BrowserEnv, EnvUnavailable, Size
from screenwright.cli.main import main
from screenwright.envs.browser import BrowserSettings
from screenwright.envs.browser.launch.chromium import overlay_page
from screenwright.envs.browser.launch.identity import (
    check_profile,
    check_window,
    proxy_of,
    read_place,
    read_proxy,
    without_password,
)
from screenwright.envs.browser.launch.settings import View

# -- what may be asked for

WRONG = [
    (BrowserSettings(locale="de_DE"), "'de_DE' is no locale: write one such as de-DE"),
    (BrowserSettings(timezone="Mars/Olympus"), "there is no time zone 'Mars/Olympus'"),
    (BrowserSettings(geolocation=(91, 0)), "91,0 is no place"),
    (BrowserSettings(geolocation=(float("nan"), 0)), "nan,0 is no place"),
    (BrowserSettings(user_agent="two\nlines"), "a user agent is one line"),
    (BrowserSettings(user_agent=""), "the user agent is empty"),
    (BrowserSettings(proxy="ftp://127.0.0.1:1"), "the proxy 'ftp://127.0.0.1:1' cannot be used"),
    (BrowserSettings(proxy="http://127.0.0.1:99999"), "the proxy's port is no number up to 65535"),
    (BrowserSettings(proxy="http://"), "the proxy 'http://' cannot be used"),
    (BrowserSettings(proxy="http://h:1/path"), "the proxy 'http://h:1/path' cannot be used"),
    (BrowserSettings(proxy="socks5://ada:secret@h:1"), "Chromium signs in to no SOCKS proxy"),
    (BrowserSettings(storage_state="/nowhere/state.json"), "/nowhere/state.json: No such file or directory"),
    (BrowserSettings(save_storage="/nowhere/state.json"), "/nowhere/state.json cannot be written"),
    (BrowserSettings(cdp="9222"), "'9222' is no address of a browser"),
    (BrowserSettings(cdp="http://127.0.0.1:9222", profile="p"), "leave out profile"),
    (BrowserSettings(cdp="http://127.0.0.1:9222", allow_hosts=("a.example",)), "leave out allow_hosts"),
    (BrowserSettings(engine="firefox", switches=("--x",)), "switches works with Chromium only"),
]


@pytest.mark.parametrize(("settings", "words"), WRONG, ids=[words for _, words in WRONG])
def test_what_no_browser_can_be_is_refused_in_one_line_before_one_is_started(
    settings: BrowserSettings, words: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(words)) as refused:
        BrowserEnv(settings=settings)
    assert "\n" not in str(refused.value)


def test_a_whole_browser_in_a_window_is_not_said_to_be_what_it_cannot() -> None:
    check_window(BrowserSettings(profile="p", locale="de-DE", timezone="Asia/Tokyo", dark=True))
    for settings in (BrowserSettings(proxy="h:1"), BrowserSettings(engine="webkit"), BrowserSettings(user_agent="a")):
        with pytest.raises(ValueError, match="cannot be set for a whole browser in a window"):
            check_window(settings)


def test_a_file_that_is_no_storage_state_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    for text in ("", "[]", '{"cookies": []}', '{"cookies": [{"name": "a"}], "origins": []}'):
        file.write_text(text)
        with pytest.raises(ValueError, match=r"state\.json is no storage state"):
            BrowserEnv(settings=BrowserSettings(storage_state=str(file)))
    file.write_text('{"cookies": [], "origins": []}')
    BrowserEnv(settings=BrowserSettings(storage_state=str(file)))


@pytest.mark.parametrize("text", ["", "here", "1", "1,2,3", "91,0", "0,181"])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no place"):
        read_place(text)


def test_a_place_is_read() -> None:
    assert read_place("-33.9, 18.4") == (-33.9, 18.4)


def test_a_proxy_is_read_with_its_login() -> None:
    assert read_proxy("proxy.example:3128") == {"server": "http://proxy.example:3128"}
    assert read_proxy("socks5://[::1]") == {"server": "socks5://[::1]:1080"}
    signed_in = read_proxy("https://ada:p%40ss@proxy.example")
    assert signed_in == {"server": "https://proxy.example:443", "username": "ada", "password": "p@ss"}


def test_the_passwords_of_a_proxy_are_never_shown() -> None:
    assert without_password("http://ada:secret@h:1") == "http://h:1"
    env = BrowserEnv(settings=BrowserSettings(proxy="ada:secret@h:1"))
    assert env.info().settings["proxy"] == "h:1"
    with pytest.raises(ValueError, match="proxy") as refused:
        read_proxy("ftp://ada:secret@h:1")
    assert "secret" not in str(refused.value)


def test_behind_a_firewall_the_browser_knows_no_other_proxy() -> None:
    assert proxy_of(BrowserSettings(proxy="h:1", allow_hosts=("a.example",))) is None


def test_the_identity_is_recorded() -> None:
    settings = BrowserSettings(locale="de-DE", dark=True, geolocation=(1.5, 2), user_agent="Ada")
    recorded = BrowserEnv(settings=settings).info().settings
    wanted = {"locale": "de-DE", "dark": "true", "geolocation": "1.5,2", "user agent": "Ada"}
    assert wanted.items() <= recorded.items()


# -- profiles


def test_a_profile_that_a_browser_on_another_machine_works_with_is_refused(tmp_path: Path) -> None:
    (tmp_path / "SingletonLock").symlink_to("elsewhere-17")
    with pytest.raises(EnvUnavailable, match="in use by a browser on elsewhere"):
        check_profile(tmp_path)


def test_a_lock_that_a_killed_browser_left_behind_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / "SingletonLock").symlink_to(f"{os.uname().nodename}-1")
    (tmp_path / "SingletonSocket").symlink_to(tmp_path / "gone")
    check_profile(tmp_path)


def test_a_profile_where_no_folder_can_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EnvUnavailable, match="cannot be a profile"):
        check_profile(tmp_path / "file")


# -- the sandbox


@pytest.fixture
def browser_that_notes(tmp_path: Path) -> Path:
    """A program that writes down what it was started with, and is no browser."""
    program = tmp_path / "browser"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> {tmp_path}/switches\nexit 1\n')
    program.chmod(0o755)
    return program


def seen_switches(program: Path) -> list[str]:
    return (program.parent / "switches").read_text().splitlines()


@pytest.mark.parametrize("keeps_a_profile", [False, True])
def test_a_user_other_than_root_keeps_the_sandbox(
    browser_that_notes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keeps_a_profile: bool
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    profile = str(tmp_path / "profile") if keeps_a_profile else None
    settings = BrowserSettings(executable=str(browser_that_notes), profile=profile)
    with BrowserEnv(settings=settings) as env:
        with pytest.raises(EnvUnavailable):
            env.observe()
        assert env.info().settings["sandbox"] == "on"
    given = seen_switches(browser_that_notes)
    assert "--headless" in given or "--headless=new" in given
    assert not [switch for switch in given if "sandbox" in switch]


def test_so_does_the_browser_that_dialogs_are_drawn_in(
    browser_that_notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    class Windowed:
        browser = None

    async def draw() -> None:
        settings = BrowserSettings(executable=str(browser_that_notes))
        async with async_playwright() as playwright:
            context = cast("BrowserContext", Windowed())
            await overlay_page(playwright, context, View(Size(100, 100), headless=False), settings)

    with pytest.raises(Error):
        asyncio.run(draw())
    assert not [switch for switch in seen_switches(browser_that_notes) if "sandbox" in switch]


def test_a_sandbox_that_a_switch_takes_away_is_said_to_be_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    env = BrowserEnv(settings=BrowserSettings(switches=("--no-sandbox",)))
    assert env.info().settings["sandbox"] == "off, by a switch"


# -- the command line


@pytest.mark.parametrize(
    ("flag", "value", "words"),
    [
        ("--locale", "German", "'German' is no locale"),
        ("--timezone", "Nowhere", "there is no time zone 'Nowhere'"),
        ("--geolocation", "Berlin", "'Berlin' is no place"),
        ("--proxy", "ftp://h", "cannot be used"),
        ("--user-agent", "", "the user agent is empty"),
        ("--storage-state", "nowhere.json", "nowhere.json: No such file or directory"),
        ("--save-storage", "nowhere/state.json", "nowhere/state.json cannot be written"),
        ("--cdp", "localhost", "is no address of a browser"),
        ("--browser", "lynx", "--browser is 'lynx', but should be 'chromium', 'firefox' or 'webkit'"),
    ],
)
def test_a_wrong_flag_is_one_line_and_leaves_no_run(
    flag: str,
    value: str,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["run", "Click OK.", flag, value]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.browser
def test_a_run_takes_its_identity_from_flags_and_keeps_no_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    page = "data:text/html,<html><style>@media (prefers-color-scheme: dark) {html {background: black}}</style>"
    flags = ["--locale", "de-DE", "--timezone", "Asia/Tokyo", "--dark", "--geolocation=-33.9,18.4"]
    rest = ["--proxy", "ada:secret@127.0.0.1:9", "--user-agent", "Ada", "--save-storage", "state.json"]
    main(["run", "Wait 0.1 seconds.", "--url", page, "--out", "out", "--steps", "1", *flags, *rest])
    kept = (tmp_path / "out" / "settings.toml").read_text()
    assert "secret" not in kept + capsys.readouterr().err
    assert tomllib.loads(kept)["timezone"] == "Asia/Tokyo"
    recorded = "".join(path.read_text() for path in (tmp_path / "out").glob("*.jsonl"))
    assert "Asia/Tokyo" in recorded
    assert "secret" not in recorded
    assert (tmp_path / "state.json").exists()
