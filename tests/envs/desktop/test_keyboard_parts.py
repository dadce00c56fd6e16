"""Layouts and input methods, without a display."""

import struct

import pytest

from screenwright.envs.desktop.address import DisplayAddress
from screenwright.envs.desktop.x11 import input_method
from screenwright.envs.desktop.x11.input_method import active_input_method
from screenwright.envs.desktop.x11.xkb import _parsed  # pyright: ignore[reportPrivateUsage]


def key(info: int, width: int, *symbols: int) -> bytes:
    return struct.pack("=4xBBH", info, width, len(symbols)) + struct.pack(f"={len(symbols)}I", *symbols)


def test_keys_of_every_layout_are_read_and_missing_layouts_follow_the_rule_of_the_key() -> None:
    data = key(0, 0) + key(4, 1, 1, 2, 3, 4) + key(2, 2, 1, 2, 3, 4) + key(0x42, 1, 1, 2) + key(0x92, 1, 1, 2)
    assert _parsed(data, 10, 5) == {
        11: ((1,), (2,), (3,), (4,)),
        12: ((1, 2), (3, 4), (1, 2), (3, 4)),
        13: ((1,), (2,), (2,), (2,)),
        14: ((1,), (2,), (2,), (2,)),
    }


@pytest.mark.parametrize(
    ("server", "output", "active"),
    [
        ("ibus", "xkb:us::eng", ""),
        ("ibus", "libpinyin", "libpinyin"),
        ("ibus", None, "ibus"),
        ("fcitx", "1", ""),
        ("fcitx", "2", "fcitx"),
        ("uim", None, "uim"),
    ],
)
def test_an_input_method_that_passes_letters_on_unchanged_is_not_active(
    monkeypatch: pytest.MonkeyPatch, server: str, output: str | None, active: str
) -> None:
    def servers(_connection: object) -> list[str]:
        return [server]

    def said(_command: object, _address: object) -> str | None:
        return output

    monkeypatch.setattr(input_method, "_servers", servers)
    monkeypatch.setattr(input_method, "_output", said)
    assert active_input_method(None, DisplayAddress()) == active
