"""Firewall rules: which hosts they allow, however those are spelled, and which rules are invalid."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screenwright.envs.browser.firewall.hosts import Host, HostError, is_public, read_host, url_host
from screenwright.envs.browser.firewall.rules import Firewall, FirewallError, FirewallRule

LABEL = st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
NAME = st.lists(LABEL, min_size=1, max_size=4).map(".".join)
IPV4 = st.ip_addresses(v=4).map(lambda address: IPv4Address(int(address)))


def firewall(*hosts: str) -> Firewall:
    return Firewall.parse(hosts)


@given(NAME)
def test_rule_allows_its_name_and_all_subdomains(subdomain: str) -> None:
    assert firewall("example.org").allows("example.org", 443)
    assert firewall("example.org").allows(f"{subdomain}.example.org", 443)


@given(NAME)
def test_name_that_only_resembles_the_allowed_one_is_blocked(name: str) -> None:
    rules = firewall("example.org")
    assert rules.allows(name, 443) == (name == "example.org" or name.endswith(".example.org"))
    assert not rules.allows(f"{name}example.org", 443)
    assert not rules.allows(f"example.org.{name}", 443)
    assert not rules.allows(f"example.org-{name}", 443)


@given(NAME, st.integers(1, 65535), st.integers(1, 65535))
def test_rule_with_a_port_allows_only_that_port(name: str, port: int, requested: int) -> None:
    rule = FirewallRule(name, port)
    assert rule.covers(name, requested) == (port == requested)
    assert FirewallRule(name).covers(name, requested)


@given(IPV4, st.data())
def test_every_spelling_of_an_address_is_parsed_to_it(address: IPv4Address, data: st.DataObject) -> None:
    parts = list(address.packed)
    count = data.draw(st.integers(1, 4))
    last = int.from_bytes(bytes(parts[count - 1 :]), "big")
    form = st.sampled_from(["{}", "0{:o}", "0x{:x}", "0X{:X}"])
    spelled = ".".join(data.draw(form).format(part) for part in (*parts[: count - 1], last))
    assert read_host(spelled) == address
    assert read_host(spelled + ".") == address


@given(st.ip_addresses())
def test_address_survives_the_round_trip_through_a_url(address: IPv4Address | IPv6Address) -> None:
    assert read_host(url_host(address)) == address


@given(st.text(max_size=30))
def test_any_text_is_a_host_or_a_one_line_error(text: str) -> None:
    try:
        host = read_host(text)
    except HostError as error:
        message = str(error)
    else:
        assert read_host(url_host(host)) == host
        message = ""
    assert "\n" not in message


@given(st.text(max_size=30))
def test_any_text_is_a_rule_that_round_trips_or_a_one_line_error(text: str) -> None:
    try:
        rule = FirewallRule.parse(text)
    except FirewallError as error:
        message = str(error)
    else:
        assert FirewallRule.parse(str(rule)) == rule
        message = ""
    assert "\n" not in message


@given(st.text(max_size=40))
def test_any_other_url_is_refused_with_a_reason(text: str) -> None:
    assert firewall("example.org").refusal(text)
    assert firewall("example.org").refusal("http://" + text)


@pytest.mark.parametrize(
    ("spelled", "host"),
    [
        ("EXAMPLE.org.", "example.org"),
        ("straße.example", "xn--strae-oqa.example"),
        ("\uff45xample.org", "example.org"),
        ("example。org", "example.org"),
        ("2130706433", IPv4Address("127.0.0.1")),
        ("0x7f.1", IPv4Address("127.0.0.1")),
        ("0177.0.0.1", IPv4Address("127.0.0.1")),
        ("[::FFFF:127.0.0.1]", IPv6Address("::ffff:127.0.0.1")),
    ],
)
def test_host_is_canonicalized(spelled: str, host: Host) -> None:
    assert read_host(spelled) == host


@pytest.mark.parametrize(
    "text",
    ["", ".", "a b", "a..b", "-a.org", "1.2.3.4.5", "256.1.1.1", "0x.09.1.1", "[::1", "[fe80::1%eth0]", "a%62.org"],
)
def test_text_that_a_browser_rejects_is_not_a_host(text: str) -> None:
    with pytest.raises(HostError):
        read_host(text)


@pytest.mark.parametrize("suffix", ["com", "co.uk", "github.io", "kawasaki.jp", "COM.", "xn--p1ai", "рф"])
def test_public_suffix_is_an_error(suffix: str) -> None:
    with pytest.raises(FirewallError, match="anyone can register"):
        FirewallRule.parse(suffix)


@pytest.mark.parametrize("name", ["example.co.uk", "me.github.io", "city.kawasaki.jp", "intranet", "localhost"])
def test_registered_name_can_be_allowed(name: str) -> None:
    assert str(FirewallRule.parse(name)) == name


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("https://example.org/path", "write example.org"),
        ("*.example.org", "write example.org"),
        ("example.org/path", "write example.org"),
        ("me@example.org", "write example.org"),
        ("8080", "write the address as 0.0.31.144"),
        ("0x7f.1:80", "write the address as 127.0.0.1"),
        ("10.0.0.1/8", "not a network"),
        ("example.org:0", "there is no port 0"),
        ("example.org:99999", "there is no port 99999"),
        ("", "a host is missing"),
        ("*", "not a host"),
    ],
)
def test_error_of_an_invalid_rule_says_what_to_write(text: str, hint: str) -> None:
    with pytest.raises(FirewallError, match=hint):
        FirewallRule.parse(text)


def test_network_allows_the_addresses_in_it() -> None:
    rules = firewall("10.0.0.0/8", "[::1]:8080")
    assert rules.allows(ip_address("10.1.2.3"), 80)
    assert rules.allows(ip_address("::ffff:10.1.2.3"), 80)
    assert not rules.allows(ip_address("11.1.2.3"), 80)
    assert rules.allows(ip_address("::1"), 8080)
    assert not rules.allows(ip_address("::1"), 80)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::", "::1", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::127.0.0.1",
        "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b:1::1", "2001:db8::1",
    ],
)  # fmt: skip
def test_private_addresses_are_recognized_in_every_form(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_internet_addresses_are_public(address: str) -> None:
    assert is_public(ip_address(address))


@given(st.ip_addresses(network=ip_network("10.0.0.0/8")), st.ip_addresses(network=ip_network("192.168.0.0/16")))
def test_allowed_name_may_resolve_to_a_private_address_only_if_that_is_allowed_too(
    named: IPv4Address, other: IPv4Address
) -> None:
    rules = firewall("intranet.example", str(named))
    assert rules.allows_address("intranet.example", named, 80)
    assert not rules.allows_address("intranet.example", other, 80)
    assert rules.allows_address("intranet.example", ip_address("8.8.8.8"), 80)


def test_localhost_is_only_this_machine() -> None:
    rules = firewall("localhost")
    assert rules.allows_address("localhost", ip_address("127.0.0.1"), 80)
    assert not rules.allows_address("localhost", ip_address("8.8.8.8"), 80)
    assert not rules.allows(ip_address("127.0.0.1"), 80)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org", "http://EXAMPLE.ORG.:8080/", "https://a.b.example.org/x?y#z", "about:blank",
        "https://user:secret@example.org/", "https://example.org\\@elsewhere.example/",
    ],
)  # fmt: skip
def test_allowed_url_is_not_refused(url: str) -> None:
    assert firewall("example.org").refusal(url) is None


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://example.org@elsewhere.example/", "elsewhere.example is outside the allowed hosts"),
        ("http://2130706433:8080/", "127.0.0.1:8080 is outside the allowed hosts"),
        ("http://[::1]/", r"\[::1\] is outside the allowed hosts"),
        ("file:///etc/passwd", "file addresses are blocked"),
        ("data:text/html,hello", "data addresses are blocked"),
        ("chrome://settings", "chrome addresses are blocked"),
        ("view-source:https://example.org/", "view-source addresses are blocked"),
        ("blob:https://example.org/1", "blob addresses are blocked"),
        ("about:settings", "about addresses are blocked"),
        ("http://", "not a valid address"),
        ("http://example.org:x/", "not a valid address"),
    ],
)
def test_refusal_gives_the_reason(url: str, why: str) -> None:
    refusal = firewall("example.org").refusal(url)
    assert refusal is not None
    assert re.search(why, refusal)
