"""Local files, the browser's own pages and link-local addresses are refused unless granted."""

import socket
from pathlib import Path
from typing import Any

import pytest

from screenwright.envs.browser.firewall.fence import Fence

METADATA = (
    "http://169.254.169.254/latest/meta-data/",
    "http://169.254.0.1:8080/",
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://0251.0376.0251.0376/",
    "http://169.254.43518/",
    "https://[fe80::1]/",
    "http://[febf::1]/",
    "http://[::ffff:169.254.169.254]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[64:ff9b::169.254.169.254]/",
    "http://[2002:a9fe:a9fe::1]/",
    "http://[fd00:ec2::254]/",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://METADATA.google.internal./",
    "ws://169.254.169.254/",
)
ORDINARY = (
    "https://example.org/",
    "http://127.0.0.1:8080/",
    "http://localhost/",
    "http://10.0.0.5/",
    "http://169.253.1.1/",
    "http://[fec0::1]/",
    "http://fe80.example/",
    "data:text/html,hello",
    "blob:https://example.org/1",
    "about:blank",
    "about:srcdoc",
    "chrome-error://chromewebdata/",
)
OWN_PAGES = (
    "chrome://version",
    "CHROME://settings/passwords",
    "chrome-untrusted://terminal/",
    "devtools://devtools/bundled/inspector.html",
    "view-source:https://example.org/",
    "about:version",
    " chrome://version",
)


@pytest.mark.parametrize("url", METADATA)
def test_link_local_and_metadata_addresses_are_refused_in_every_form(url: str) -> None:
    assert Fence().refusal(url) == (
        "link-local and cloud metadata addresses are blocked; the user can grant them with --grant link-local"
    )
    assert Fence(("link-local",)).refusal(url) is None
    assert Fence(start=url).refusal(url) is None


@pytest.mark.parametrize("url", OWN_PAGES)
def test_pages_of_the_browser_itself_are_refused(url: str) -> None:
    assert "addresses are blocked; the user can grant them with --grant browser-pages" in (Fence().refusal(url) or "")
    assert Fence(("browser-pages",)).refusal(url) is None


@pytest.mark.parametrize("url", ["file:///etc/passwd", "FILE:/etc/passwd", "file://host/share", r"file:\\\etc\passwd"])
def test_local_files_are_refused(url: str) -> None:
    assert Fence().refusal(url) == "file: addresses are blocked; the user can grant them with --grant file"
    assert Fence(("browser-pages", "link-local")).refusal(url) is not None
    assert Fence(("file",)).refusal(url) is None


@pytest.mark.parametrize("url", ORDINARY)
def test_other_addresses_are_not_refused(url: str) -> None:
    assert Fence().refusal(url) is None


def test_scripts_as_addresses_are_refused_whatever_is_granted() -> None:
    assert Fence(("file", "browser-pages", "link-local")).refusal("javascript:alert(1)") is not None


def test_a_start_page_in_a_file_grants_its_folder(tmp_path: Path) -> None:
    inside, outside = tmp_path / "site", tmp_path / "site2"
    for folder in (inside / "pages", outside):
        folder.mkdir(parents=True)
    (inside / "link.html").symlink_to(outside / "secret.html")
    start = (inside / "start.html").as_uri()
    for fence in (Fence(start=f"{start}?case=1#top"), Fence(start=f"{inside.as_uri()}/")):
        assert fence.refusal((inside / "pages" / "a b.html").as_uri()) is None
        assert fence.refusal(f"{start}#other") is None
        for other in (
            (outside / "secret.html").as_uri(),
            f"{inside.as_uri()}/../site2/secret.html",
            f"{inside.as_uri()}/%2e%2e/site2/secret.html",
            (inside / "link.html").as_uri(),
            "file:///etc/passwd",
        ):
            assert fence.refusal(other) is not None, other


def test_a_start_page_of_the_browser_grants_only_itself() -> None:
    fence = Fence(start="chrome://version")
    assert fence.refusal("chrome://version") is None
    assert fence.refusal("chrome://settings") is not None
    assert fence.refusal("file:///etc/passwd") is not None


@pytest.mark.parametrize("address", ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1%eth0", "100.100.100.200"])
def test_a_name_that_resolves_to_a_link_local_address_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(host: str, *_: Any, **__: Any) -> list[Any]:
        if host == "nowhere.example":
            raise socket.gaierror
        return [(0, 0, 0, "", (address if host == "evil.example" else "192.0.2.7", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert Fence().check("https://evil.example/") is not None
    assert Fence(("link-local",)).check("https://evil.example/") is None
    assert Fence().check("https://good.example/") is None
    assert Fence().check("https://nowhere.example/") is None
    assert Fence().blocks_address("https://evil.example/", address)
    assert not Fence().blocks_address("https://good.example/", "192.0.2.7")


def test_a_window_gets_the_same_rules_as_lists_of_chromium() -> None:
    assert Fence().blocklist()["url_blocklist"] == [
        "file://*", "chrome://*", "chrome-untrusted://*", "devtools://*", "view-source:*",
    ]  # fmt: skip
    assert Fence(("file", "browser-pages")).blocklist()["url_blocklist"] == []
    assert "file:///site/" in Fence(start="file:///site/start.html").blocklist()["url_allowlist"]


def test_chromium_resolves_no_link_local_address_unless_granted() -> None:
    (switch,) = Fence().switches()
    assert "MAP 169.254.*.* ~NOTFOUND" in switch
    assert "MAP metadata.google.internal ~NOTFOUND" in switch
    assert Fence(("link-local",)).switches() == ()
