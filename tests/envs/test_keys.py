"""Key names: spellings map to canonical names, and unknown names are refused."""

import ast
import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screenwright.envs.env import ActionRefused
from screenwright.envs.keys import MODIFIERS, NAMED, canonical_key, split_keys

canonical = st.sampled_from(sorted(NAMED) + list("abcxyz0189+-=[]\\;',./`~!@#$%^&*()é你"))


@pytest.mark.parametrize(
    ("spelling", "key"),
    [
        ("Enter", "enter"),
        ("return", "enter"),
        ("KP_Enter", "enter"),
        ("Esc", "escape"),
        ("del", "delete"),
        ("Page_Down", "pagedown"),
        ("page-up", "pageup"),
        ("pgdn", "pagedown"),
        ("ArrowLeft", "left"),
        ("Control", "ctrl"),
        ("cmd", "super"),
        ("Meta", "super"),
        ("win", "super"),
        ("command", "super"),
        ("option", "alt"),
        ("Super_L", "super"),
        ("space", "space"),
        (" ", "space"),
        ("A", "a"),
        ("plus", "+"),
        ("minus", "-"),
        ("F12", "f12"),
        ("print_screen", "printscreen"),
        ("num7", "7"),
        ("KP_Add", "+"),
        ("numpadenter", "enter"),
        ("KeyA", "a"),
        ("Digit4", "4"),
        ("bracketleft", "["),
        ("exclam", "!"),
        ("LeftControl", "ctrl"),
        ("ISO_Level3_Shift", "rightalt"),
        ("\n", "enter"),
    ],
)
def test_spellings_map_to_canonical_keys(spelling: str, key: str) -> None:
    assert canonical_key(spelling) == key


@pytest.mark.parametrize(
    ("combination", "keys"),
    [
        ("ctrl c", ("ctrl", "c")),
        ("Ctrl+Shift+T", ("ctrl", "shift", "t")),
        ("ctrl + c", ("ctrl", "c")),
        ("ctrl-c", ("ctrl", "c")),
        ("alt-f4", ("alt", "f4")),
        ("ctrl +", ("ctrl", "+")),
        ("ctrl++", ("ctrl", "+")),
        ("ctrl + +", ("ctrl", "+")),
        ("ctrl--", ("ctrl", "-")),
        ("ctrl -", ("ctrl", "-")),
        ("+", ("+",)),
        ("-", ("-",)),
        (" ", ("space",)),
        ("ctrl l", ("ctrl", "l")),
        ("super l", ("super", "l")),
        ("shift-l", ("shift", "l")),
        ("Page Down", ("pagedown",)),
        ("ctrl page up", ("ctrl", "pageup")),
        ("ctrl arrow left", ("ctrl", "left")),
        ("shift up arrow", ("shift", "up")),
        ("caps lock", ("capslock",)),
        ("  enter  ", ("enter",)),
        ("cmd+space", ("super", "space")),
    ],
)
def test_combinations_are_split_correctly(combination: str, keys: tuple[str, ...]) -> None:
    assert split_keys(combination) == keys


@pytest.mark.parametrize("combination", ["", "   ", "\n", "hyperdrive", "ctrl hyperdrive", "ctrl+hyperdrive", "abc"])
def test_unknown_keys_are_refused(combination: str) -> None:
    with pytest.raises(ActionRefused):
        split_keys(combination)


def test_every_key_of_pyautogui_is_known() -> None:
    source = find_spec("pyautogui")
    assert source is not None
    assert source.origin is not None
    listed = re.search(r"^KEY_NAMES = (\[.*?^\])", Path(source.origin).read_text(encoding="utf-8"), re.M | re.S)
    assert listed is not None
    for name in ast.literal_eval(listed[1]):  # importing it needs a display
        assert canonical_key(name)


def test_the_refusal_message_names_the_key() -> None:
    with pytest.raises(ActionRefused, match="there is no key named 'hyperdrive'"):
        split_keys("ctrl hyperdrive")


@given(key=canonical)
def test_canonical_names_are_unchanged(key: str) -> None:
    assert canonical_key(key) == key
    assert split_keys(key) == (key,)


@given(keys=st.lists(canonical.filter(lambda key: key != "+"), min_size=1, max_size=4))
def test_keys_joined_by_spaces_are_split(keys: list[str]) -> None:
    combination = " ".join(keys)
    assert split_keys(combination) == tuple(keys)
    assert split_keys(combination.upper()) == tuple(keys)


@given(held=st.lists(st.sampled_from(sorted(MODIFIERS)), min_size=1, max_size=3), key=canonical)
def test_keys_joined_by_plus_signs_are_split(held: list[str], key: str) -> None:
    assert split_keys("+".join([*held, key])) == (*held, key)
    assert split_keys(" + ".join([*held, key])) == (*held, key)


@given(text=st.text(max_size=20))
def test_any_text_is_split_into_known_keys_or_refused(text: str) -> None:
    try:
        keys = split_keys(text)
    except ActionRefused:
        return
    assert keys
    assert all(key in NAMED or len(key) == 1 for key in keys)
    assert tuple(canonical_key(key) for key in keys) == keys
