"""Secrets: handles in texts, where a secret may be typed, and what is kept out of records."""

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pyotp import random_base32
from pyotp.totp import TOTP

from screenwright import Click, Fact, Observation, ScreenPoint, Screenshot, Secret, Type
from screenwright.agent.record.events import Acted, Note
from screenwright.envs.secrets import SecretVault

VALUE = "hun\"ter'2 <&é\\/😀"
BANK = Secret("bank", VALUE, "bank.example")


def test_the_value_is_not_in_the_representation() -> None:
    shown = f"{BANK!r} {BANK} {BANK.value!r} {BANK.value} {SecretVault([BANK]).secrets}"
    assert "hun" not in shown


@pytest.mark.parametrize(
    ("name", "value", "place", "problem"),
    [
        ("1st", "value", "", "cannot name a secret"),
        ("{{a}}", "value", "", "cannot name a secret"),
        ("pin", "123", "", "shorter than 4"),
        ("a", "value", "https://bank.example/login", "not a host"),
        ("a", "value", "program:", "without a name"),
    ],
)
def test_a_secret_that_cannot_be_kept_is_refused_without_its_value(
    name: str, value: str, place: str, problem: str
) -> None:
    with pytest.raises(ValueError, match=problem) as refused:
        Secret(name, value, place)
    assert value not in str(refused.value)


@pytest.mark.parametrize(
    ("bound_to", "origin", "allowed"),
    [
        ("bank.example", "https://bank.example", True),
        ("bank.example", "https://bank.example:8443", True),
        ("Bank.Example", "https://bank.example", True),
        ("bücher.example", "https://xn--bcher-kva.example", True),
        ("bank.example", "https://www.bank.example", False),
        ("bank.example", "https://bank.example.evil.example", False),
        ("bank.example", "https://evilbank.example", False),
        ("bank.example", "http://bank.example", False),
        ("bank.example", "null", False),
        ("bank.example", "", False),
        ("bank.example", "https://[", False),
        ("*.bank.example", "https://login.bank.example", True),
        ("*.bank.example", "https://bank.example", True),
        ("*.bank.example", "https://evilbank.example", False),
        ("localhost", "http://localhost:8000", True),
        ("127.0.0.1", "http://127.0.0.1:8000", True),
        ("http://intranet:8080", "http://intranet:8080", True),
        ("http://intranet", "http://intranet:80/login", True),
        ("http://intranet:8080", "http://intranet:8081", False),
        ("https://bank.example", "http://bank.example", False),
        ("", "https://bank.example", False),
        ("program:xterm", "https://bank.example", False),
    ],
)
def test_a_secret_is_typed_only_into_an_encrypted_page_of_its_host(bound_to: str, origin: str, allowed: bool) -> None:
    refusal = Secret("bank", VALUE, bound_to).refusal_at(origin)
    assert (refusal == "") == allowed
    assert "hun" not in refusal


@pytest.mark.parametrize(
    "form",
    [
        VALUE,
        quote(VALUE),
        quote(VALUE, safe=""),
        quote(quote(VALUE)),
        quote_plus(VALUE),
        html.escape(VALUE),
        json.dumps(VALUE),
        json.dumps(VALUE, ensure_ascii=False),
        json.dumps(json.dumps(VALUE)),
        repr(VALUE),
        VALUE.encode().hex(),
        VALUE.encode().hex().upper(),
        base64.b64encode(VALUE.encode()).decode(),
        base64.b64encode(b"u:" + VALUE.encode()).decode(),
        base64.urlsafe_b64encode(b"a" + VALUE.encode() + b"z").decode(),
        VALUE[:7] + "…",
    ],
)
def test_every_form_of_a_value_becomes_the_handle(form: str) -> None:
    clean = SecretVault([BANK]).redact(f"before {form} after")
    assert "{{bank}}" in clean
    assert clean.startswith("before ")
    assert clean.endswith(" after")
    assert "ter" not in clean.removesuffix(" after")


@given(st.text(min_size=4, max_size=20), st.text(max_size=20))
def test_no_text_keeps_a_value(value: str, around: str) -> None:
    vault = SecretVault([Secret("x", value, "*")])
    encoded = value.encode("utf-8", "surrogatepass")
    for form in (value, json.dumps(value), repr(value), base64.b64encode(encoded).decode()):
        clean = vault.redact(f"{around}{form}{around}")
        assert value in "{{x}}" or value in around or value not in clean


def test_texts_at_any_depth_are_redacted_and_fixed_values_stay() -> None:
    vault = SecretVault([Secret("a", "acted", "*"), Secret("b", "click")])
    event = Acted(1, 0, Type("say acted"), refused="not acted")
    assert vault.redact(event) == Acted(1, 0, Type("say {{a}}"), refused="not {{a}}")
    assert vault.redact(event).event == "acted"
    seen = Observation(
        Screenshot(Image.new("RGB", (8, 8))), (Fact("A tab opened: {}.", ("acted",)),), "http://x/?q=acted"
    )
    clean = vault.redact(seen)
    assert clean.screenshot is seen.screenshot
    assert (clean.location, str(clean.facts[0])) == ("http://x/?q={{a}}", 'A tab opened: "{{a}}".')
    unchanged = Note("nothing", 1)
    assert vault.redact(unchanged) is unchanged
    assert vault.redact(Click(ScreenPoint(1, 2))) == Click(ScreenPoint(1, 2))


def test_errors_are_redacted_with_what_caused_them() -> None:
    cause = OSError(f"cannot type {VALUE}")
    error = ValueError("failed", {"text": VALUE})
    error.__cause__ = cause
    SecretVault([BANK]).redact_error(error)
    assert "hun" not in f"{error} {cause}"


def test_handles_divide_a_text() -> None:
    vault = SecretVault([BANK])
    assert vault.split("me\t{{bank}}\n") == ("me\t", BANK, "\n")
    assert vault.split("{{ bank }}{{bank}}") == (BANK, BANK)
    assert vault.split("{{other}} {bank}") == ("{{other}} {bank}",)
    assert vault.unknown_in("{{other}} {{bank}}") == ("{{other}}",)
    assert SecretVault().unknown_in("{{ template }}") == ()


def test_a_one_time_code_is_made_when_it_is_typed_and_kept_out_from_then_on() -> None:
    key = random_base32()
    vault = SecretVault([Secret("otp", key, "bank.example", totp=True)])
    code = vault.reveal(vault.secrets[0])
    assert TOTP(key).verify(code, valid_window=1)
    assert vault.redact(f"{code} {key}") == "{{otp}} {{otp}}"
    uri = f"otpauth://totp/bank:me?secret={key}&issuer=bank"
    assert len(Secret("otp", uri, totp=True).reveal()) == 6
    with pytest.raises(ValueError, match="not the key of a one-time code") as refused:
        Secret("otp", "not base32!", totp=True)
    assert "base32!" not in str(refused.value)


def test_a_password_that_is_learned_is_reported_once_and_may_be_typed_again() -> None:
    vault = SecretVault([Secret("password", "other-value", "*")], learns=True)
    for _ in range(2):
        vault.learn("hunter2", "http://shop.example/login?a=b")
        vault.learn("{{password}}", "http://shop.example")
        vault.learn("abc", "http://shop.example")
    assert [one.handle for one in vault.secrets] == ["{{password}}", "{{password-2}}"]
    assert vault.secrets[1].refusal_at("http://shop.example") == ""
    assert "belongs to http://shop.example" in vault.secrets[1].refusal_at("https://shop.example")
    assert ["{{password-2}}" in notice for notice in vault.take_notices()] == [True]
    assert vault.take_notices() == ()
    off = SecretVault()
    off.learn("hunter2", "http://shop.example")
    assert off.redact("hunter2") == "hunter2"


def test_two_secrets_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two secrets are named bank"):
        SecretVault([BANK, BANK])
