"""What a task names: its hosts, and what it calls a password, a PIN, a recovery phrase or a key."""

import pytest

from screenwright.agent.guard.task_words import TaskWords


@pytest.mark.parametrize(
    ("task", "secrets"),
    [
        ("My PIN for the bank is 446004. You do not need it.", ("446004",)),
        ("The password of my bank account is Harbour#5605x.", ("harbour#5605x",)),
        ('The recovery phrase of my wallet is "pebble window lantern".', ("pebblewindowlantern",)),
        ("Sign in as ann with the password se:cret.", ("se:cret",)),
        ("password: swordfish", ("swordfish",)),
        ("Das Passwort lautet Schwertfisch.", ("schwertfisch",)),
        ("Mon mot de passe est espadon !", ("espadon",)),
        ("我的密码是 kuaile88 。", ("kuaile88",)),
        ("api key = sk_live_1; PIN 77 31", ("sk_live_1", "77")),
        ("Use the CVV 123 and the PIN 4711", ("123", "4711")),
        ("Click the password field and reset the password.", ()),
        ("Turn the pins of the map red and open Passwords.", ()),
        ("Set the quantity to 3 and press Save.", ()),
    ],
)
def test_what_the_task_calls_a_secret_is_found(task: str, secrets: tuple[str, ...]) -> None:
    assert TaskWords.of(task).secrets == tuple(one for one in secrets if len(one) > 2)


@pytest.mark.parametrize(
    ("task", "hosts"),
    [
        ("On https://www.Example.org:8443/a?b#c: read it", {"example.org"}),
        ("Compare prices on shop.example and www.store.example.", {"shop.example", "store.example"}),
        ("Write to ann@mail.example about it.", set()),
        ("Open http://user@evil.example/ and http://[::1]:80/", {"evil.example", "[::1]"}),
        ("Order 3.5 kg, at 10.30.", set()),
    ],
)
def test_hosts_in_the_task_are_found_and_those_of_e_mail_addresses_are_not(task: str, hosts: set[str]) -> None:
    assert TaskWords.of(task).hosts == hosts


@pytest.mark.parametrize(
    ("typed", "count"),
    [("446004", 1), ("44 60 04", 1), ("id 446004, again 446004", 2), ("44600", 0), ("Pebble  Window LANTERN!", 1)],
)
def test_a_secret_is_recognized_in_any_case_and_with_spaces(typed: str, count: int) -> None:
    task = 'My PIN is 446004. The recovery phrase is "pebble window lantern".'
    assert TaskWords.of(task).count_secrets(typed) == count


def test_a_short_secret_counts_only_as_a_whole_word() -> None:
    words = TaskWords.of("The CVV is 123.")
    assert [words.count_secrets(text) for text in ("123", "at 123, now", "41234")] == [1, 1, 0]
