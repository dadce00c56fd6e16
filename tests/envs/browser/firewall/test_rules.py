"""Which hosts a firewall allows, however they are spelled; and what may not be allowed at all."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screenwright.envs.browser.firewall.hosts import Host, HostError, is_public, read_host, url_host
from screenwright.envs.browser.firewall.rules import Firewall, FirewallError, Rule

LABEL = st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
NAME = st.lists(LABEL, min_size=1, max_size=4).map(".".join)
IPV4 = st.ip_addresses(v=4).map(lambda address: IPv4Address(int(address)))


def firewall(*hosts: str) -> Firewall:
    return Firewall.parse(hosts)


@given(NAME)
def test_a_rule_allows_its_name_and_all_names_below_it(below: str) -> None:
    assert firewall("example.org").allows("example.org", 443)
    assert firewall("example.org").allows(f"{below}.example.org", 443)


@given(NAME)
def test_a_name_that_only_looks_like_the_allowed_one_stays_closed(name: str) -> None:
    closed = firewall("example.org")
    assert closed.allows(name, 443) == (name == "example.org" or name.endswith(".example.org"))
    assert not closed.allows(f"{name}example.org", 443)
    assert not closed.allows(f"example.org.{name}", 443)
    assert not closed.allows(f"example.org-{name}", 443)


@given(NAME, st.integers(1, 65535), st.integers(1, 65535))
def test_a_port_that_is_named_is_the_only_one(name: str, named: int, asked: int) -> None:
    rule = Rule(name, named)
    assert rule.covers(name, asked) == (named == asked)
    assert Rule(name).covers(name, asked)


@given(IPV4, st.data())
def test_every_spelling_of_an_address_is_that_address(address: IPv4Address, data: st.DataObject) -> None:
    parts = list(address.packed)
    count = data.draw(st.integers(1, 4))
    last = int.from_bytes(bytes(parts[count - 1 :]), "big")
    form = st.sampled_from(["{}", "0{:o}", "0x{:x}", "0X{:X}"])
    spelled = ".".join(data.draw(form).format(part) for part in (*parts[: count - 1], last))
    assert read_host(spelled) == address
    assert read_host(spelled + ".") == address


@given(st.ip_addresses())
def test_an_address_is_read_back_from_how_it_stands_in_a_url(address: IPv4Address | IPv6Address) -> None:
    assert read_host(url_host(address)) == address


@given(st.text(max_size=30))
def test_reading_a_host_ends_in_a_host_or_in_one_line(text: str) -> None:
    try:
        host = read_host(text)
    except HostError as error:
        told = str(error)
    else:
        assert read_host(url_host(host)) == host
        told = ""
    assert "\n" not in told


@given(st.text(max_size=30))
def test_reading_a_rule_ends_in_a_rule_that_reads_back_or_in_one_line(text: str) -> None:
    try:
        rule = Rule.parse(text)
    except FirewallError as error:
        told = str(error)
    else:
        assert Rule.parse(str(rule)) == rule
        told = ""
    assert "\n" not in told


@given(st.text(max_size=40))
def test_whatever_is_gone_to_is_refused_in_words_unless_it_is_allowed(text: str) -> None:
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
def test_a_host_has_one_form(spelled: str, host: Host) -> None:
    assert read_host(spelled) == host


@pytest.mark.parametrize(
    "text",
    ["", ".", "a b", "a..b", "-a.org", "1.2.3.4.5", "256.1.1.1", "0x.09.1.1", "[::1", "[fe80::1%eth0]", "a%62.org"],
)
def test_what_a_browser_would_not_go_to_is_no_host(text: str) -> None:
    with pytest.raises(HostError):
        read_host(text)


@pytest.mark.parametrize("suffix", ["com", "co.uk", "github.io", "kawasaki.jp", "COM.", "xn--p1ai", "рф"])
def test_a_suffix_that_anyone_can_register_under_is_an_error(suffix: str) -> None:
    with pytest.raises(FirewallError, match="anyone can register"):
        Rule.parse(suffix)


@pytest.mark.parametrize("name", ["example.co.uk", "me.github.io", "city.kawasaki.jp", "intranet", "localhost"])
def test_a_name_of_somebody_can_be_allowed(name: str) -> None:
    assert str(Rule.parse(name)) == name


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
def test_what_cannot_be_allowed_is_told_with_what_to_write(text: str, hint: str) -> None:
    with pytest.raises(FirewallError, match=hint):
        Rule.parse(text)


def test_a_network_allows_the_addresses_in_it() -> None:
    closed = firewall("10.0.0.0/8", "[::1]:8080")
    assert closed.allows(ip_address("10.1.2.3"), 80)
    assert closed.allows(ip_address("::ffff:10.1.2.3"), 80)
    assert not closed.allows(ip_address("11.1.2.3"), 80)
    assert closed.allows(ip_address("::1"), 8080)
    assert not closed.allows(ip_address("::1"), 80)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::", "::1", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::127.0.0.1",
        "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b:1::1", "2001:db8::1",
    ],
)  # fmt: skip
def test_private_addresses_are_known_in_every_disguise(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(ip_address(address))


@given(st.ip_addresses(network=ip_network("10.0.0.0/8")), st.ip_addresses(network=ip_network("192.168.0.0/16")))
def test_an_allowed_name_leads_to_a_private_address_only_if_that_is_allowed_too(
    named: IPv4Address, other: IPv4Address
) -> None:
    closed = firewall("intranet.example", str(named))
    assert closed.admits("intranet.example", named, 80)
    assert not closed.admits("intranet.example", other, 80)
    assert closed.admits("intranet.example", ip_address("8.8.8.8"), 80)


def test_localhost_leads_to_this_machine_and_nowhere_else() -> None:
    closed = firewall("localhost")
    assert closed.admits("localhost", ip_address("127.0.0.1"), 80)
    assert not closed.admits("localhost", ip_address("8.8.8.8"), 80)
    assert not closed.allows(ip_address("127.0.0.1"), 80)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org", "http://EXAMPLE.ORG.:8080/", "https://a.b.example.org/x?y#z", "about:blank",
        "https://user:secret@example.org/", "https://example.org\\@elsewhere.example/",
    ],
)  # fmt: skip
def test_an_allowed_address_is_gone_to(url: str) -> None:
    assert firewall("example.org").refusal(url) is None


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://example.org@elsewhere.example/", "elsewhere.example is outside the allowed hosts"),
        ("http://2130706433:8080/", "127.0.0.1:8080 is outside the allowed hosts"),
        ("http://[::1]/", r"\[::1\] is outside the allowed hosts"),
        ("file:///etc/passwd", "file addresses are closed here"),
        ("data:text/html,hello", "data addresses are closed here"),
        ("chrome://settings", "chrome addresses are closed here"),
        ("view-source:https://example.org/", "view-source addresses are closed here"),
        ("blob:https://example.org/1", "blob addresses are closed here"),
        ("about:settings", "about addresses are closed here"),
        ("http://", "not an address"),
        ("http://example.org:x/", "not an address"),
    ],
)
def test_any_other_address_is_refused_with_the_reason(url: str, why: str) -> None:
    refusal = firewall("example.org").refusal(url)
    assert refusal is not None
    assert re.search(why, refusal)
