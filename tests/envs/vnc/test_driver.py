"""How a VNC driver types, clicks and presses shortcuts, against a scripted server."""

from collections.abc import Callable, Generator
from contextlib import contextmanager

import pytest
from rfb_server import connected

from screenwright.envs.actions import Button, Click, Hotkey
from screenwright.envs.env import ActionRefused
from screenwright.envs.geometry import DeviceTransform, ScreenPoint
from screenwright.envs.input.gestures import Gestures
from screenwright.envs.input.private import typing_secret
from screenwright.envs.vnc.clipboard import VncClipboard
from screenwright.envs.vnc.driver import VncDriver
from screenwright.envs.vnc.echo import CharactersDropped, Echo


@pytest.mark.parametrize("extended", [True, False])
def test_the_buttons_for_the_thumb_need_an_extension(extended: bool) -> None:
    with connected(40, 30, extensions=(-316,) * extended) as (viewer, received):
        gestures = Gestures(VncDriver(viewer), DeviceTransform())
        if extended:
            gestures.do(Click(ScreenPoint(7, 9), Button.FORWARD))
        else:
            with pytest.raises(ActionRefused, match="cannot press the forward button"):
                gestures.do(Click(ScreenPoint(7, 9), Button.FORWARD))
    pressed = received.count(b"\5\x80\0\7\0\x09\2\5\0\0\7\0\x09")
    assert pressed == extended


@pytest.mark.parametrize("extended", [True, False])
def test_where_the_keyboard_lacks_letters_shortcuts_are_pressed_by_position(extended: bool) -> None:
    with connected(4, 3, extensions=(-258,) * extended) as (viewer, received):
        driver = VncDriver(viewer)
        gestures = Gestures(driver, DeviceTransform())
        gestures.do(Hotkey(("ctrl", "a")))
        assert driver.take_facts() == ()
        driver.echo.has_dropped = True
        gestures.do(Hotkey(("ctrl", "s")))
        assert [("may do nothing" in str(fact)) for fact in driver.take_facts()] == [True] * (not extended)
    assert received.count(b"\4\1\0\0\0\0\0a") == 1
    assert received.count(b"\4\1\0\0\0\0\0s") == (not extended)
    assert received.count(b"\xff\0\0\1\0\0\0s\0\0\0\x1f") == extended


@pytest.mark.parametrize("takes_paste", [True, False])
def test_with_typing_by_paste_no_letter_is_a_key(takes_paste: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    pasted, keys = list[str](), list[int]()

    def paste(self: VncClipboard, text: str, press: object, sync: object) -> bool:
        pasted.append(text)
        return takes_paste

    def press(symbol: int, down: bool) -> None:
        keys.append(symbol)

    monkeypatch.setattr(VncClipboard, "paste", paste)
    monkeypatch.setattr(VncClipboard, "supports_unicode", True)
    with connected(1, 1) as (viewer, _):
        monkeypatch.setattr(viewer, "sync", lambda: None)
        monkeypatch.setattr(viewer, "key", press)
        driver = VncDriver(viewer, pastes_all=True)
        if takes_paste:
            assert driver.type("ab\n12") == "paste"
            assert (pasted, keys) == (["ab", "12"], [0xFF0D, 0xFF0D])
        else:
            with pytest.raises(ActionRefused, match="no program took the pasted text"):
                driver.type("ab")
            assert keys == []


def test_a_server_without_a_unicode_clipboard_types_only_ascii_and_names_the_other_characters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with connected(1, 1) as (viewer, received):
        driver = VncDriver(viewer)
        monkeypatch.setattr(viewer, "sync", lambda: None)  # the server above does not answer
        with pytest.raises(ActionRefused, match=r"drops characters that its keyboard lacks: Üïé cannot be typed"):
            driver.type("Ünï café")
        assert driver.take_facts() == ()
        driver.echo.limit_s = 0.01
        assert driver.type("plain") == "keys"
        unconfirmed, not_shown = driver.take_facts()  # the server above draws nothing
        assert "keyboard layout is not known" in str(unconfirmed)
        assert "did not change while the text was typed" in str(not_shown)
        driver.type("again")
        assert driver.take_facts() == (not_shown,)
    keys = received.count(b"\4\1\0\0\0\0\0")
    assert keys == len("plain") + len("again")


@pytest.mark.parametrize("pastes", [True, False])
def test_a_character_that_is_not_drawn_is_named_and_not_typed_again(
    pastes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with dropping_driver(pastes, monkeypatch) as driver:
        with pytest.raises(ActionRefused, match=r"did not change when t was typed.* typed up to 'a t'"):
            driver.type("a text")
        if pastes:
            assert driver.type("a text") == "paste"
        else:
            with pytest.raises(ActionRefused, match="lacks: t cannot be typed; nothing was typed"):
                driver.type("a text")


@pytest.mark.parametrize("pastes", [True, False])
def test_no_character_of_a_secret_is_named(pastes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    with dropping_driver(pastes, monkeypatch) as driver, typing_secret():
        for _ in range(2):
            with pytest.raises(ActionRefused) as refused:
                driver.type("a text")
            assert "'a t'" not in str(refused.value)
            assert " t " not in str(refused.value)


def takes_paste(_clipboard: VncClipboard, _text: str, _press: object, _sync: object) -> bool:
    return True


@contextmanager
def dropping_driver(pastes: bool, monkeypatch: pytest.MonkeyPatch) -> Generator[VncDriver]:
    """A driver whose server drops the letter t."""

    class Dropping(Echo):
        def press(self, text: str, press: Callable[[str], None]) -> None:
            raise CharactersDropped("t", "a t")

    monkeypatch.setattr(VncClipboard, "supports_unicode", pastes)
    monkeypatch.setattr(VncClipboard, "paste", takes_paste)
    with connected(1, 1) as (viewer, _):
        monkeypatch.setattr(viewer, "sync", lambda: None)
        driver = VncDriver(viewer)
        monkeypatch.setattr(driver, "echo", Dropping(viewer.frame, 0.01))
        yield driver
