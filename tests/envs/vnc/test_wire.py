"""The VNC protocol: handshakes, encodings, and invalid data."""

import os
import struct
import zlib
from contextlib import suppress
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from rfb_server import VERSION, RfbClient, rfb_server

from screenwright.envs.actions import Button, Click
from screenwright.envs.env import ActionRefused, EnvLost, EnvUnavailable
from screenwright.envs.geometry import DeviceTransform, ScreenPoint
from screenwright.envs.input.gestures import Gestures
from screenwright.envs.vnc import VncAddress, VncEnv, client, read_password
from screenwright.envs.vnc.client import VncClient
from screenwright.envs.vnc.clipboard import VncClipboard
from screenwright.envs.vnc.des import answer, encrypt
from screenwright.envs.vnc.driver import VncDriver
from screenwright.envs.vnc.encodings import RAW, TIGHT, ZRLE
from screenwright.envs.vnc.wire import RfbConnection


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1", VncAddress("127.0.0.1", 5900)),
        ("box:1", VncAddress("box", 5901)),
        ("box:5907", VncAddress("box", 5907)),
        ("box::5907", VncAddress("box", 5907)),
        ("[::1]:2", VncAddress("::1", 5902)),
        ("/run/vnc.sock", VncAddress(path="/run/vnc.sock")),
    ],
)
def test_addresses_are_parsed_as_viewers_write_them(text: str, address: VncAddress) -> None:
    assert VncAddress.parse(text) == address
    assert VncAddress.parse(str(address)) == address


@pytest.mark.parametrize("text", ["", "box:", "box:99999", "vnc://box", "a b", "::1", "box:one", "[box]:1"])
def test_invalid_addresses_are_rejected(text: str) -> None:
    with pytest.raises(ValueError, match="is not the address of a VNC server"):
        VncEnv(text)


def test_the_cipher_is_des() -> None:
    """Test vectors of FIPS 81 and NBS Special Publication 500-20."""
    for key, plain, cipher in (
        ("0123456789abcdef", "4e6f772069732074", "3fa40e8a984d4815"),
        ("7ca110454a1a6e57", "01a1d6d039776742", "690f5b0d9a26939b"),
        ("0131d9619dc1376e", "5cd54ca83def57da", "7a389d10354bd271"),
        ("07a1133e4a0b2686", "0248d43806f67172", "868ebb51cab4599a"),
        ("1f08260d1ac2465e", "6b056e18759f5cca", "ef1bf03e5dfa575a"),
    ):
        assert encrypt(bytes.fromhex(plain), bytes.fromhex(key)).hex() == cipher


def test_only_eight_characters_of_a_password_count() -> None:
    challenge = bytes(range(16))
    assert answer(challenge, "12345678") == answer(challenge, "123456789") != answer(challenge, "1234567")


def test_a_password_is_read_from_a_file_or_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VNC_PASSWORD", raising=False)
    assert read_password(None) is None
    monkeypatch.setenv("VNC_PASSWORD", "from outside")
    assert read_password(None) == "from outside"
    file = tmp_path / "password"
    file.write_text("from the file\nand a remark\n")
    assert read_password(str(file)) == "from the file"
    file.write_bytes(b"\xdb\xd8\x3c\xfd\x72\x7a\x14\x58")
    with pytest.raises(EnvUnavailable, match="is not a text file"):
        read_password(str(file))
    with pytest.raises(EnvUnavailable, match="No such file"):
        read_password(str(tmp_path / "none"))


def test_a_missing_server_is_reported() -> None:
    with pytest.raises(EnvUnavailable, match=r"no VNC server answers at 127\.0\.0\.1:1099: Connection refused"):
        VncEnv("127.0.0.1:1099").observe()
    with pytest.raises(EnvUnavailable, match=r"no VNC server answers at /no/such/socket"):
        VncEnv("/no/such/socket").observe()


GREETINGS = [
    (b"HTTP/1.1 400 Bad Request\r\n", "is not a VNC server"),
    (VERSION + b"\0" + struct.pack(">I", 9) + b"too many!", "denies access: too many!"),
    (VERSION + b"\2\x13\x1e", r"offers only VeNCrypt, Apple's"),
    (VERSION + b"\1\2", "needs a password"),
    (VERSION + b"\1\1" + struct.pack(">II", 1, 4) + b"no!!", "denies access: no!!"),
    (VERSION + b"\1\1" + struct.pack(">II", 1, 1 << 31), "sent a text of"),
    (VERSION + b"\1\1\0\0\0\0" + struct.pack(">HH16xI", 65535, 65535, 0), "has a screen of 65535x65535"),
    (VERSION + b"\1", "closed the connection"),
    (b"RFB 003.003\n" + struct.pack(">I", 2), "needs a password"),
    (b"RFB 003.007\n" + b"\1\1" + struct.pack(">HH16xI", 0, 0, 0), "has a screen of 0x0"),
]


@pytest.mark.parametrize(("message", "reason"), GREETINGS)
def test_a_denied_login_is_reported_in_one_line(message: bytes, reason: str) -> None:
    def behave(client: RfbClient) -> None:
        client.send(message)
        client.shut_down()

    with rfb_server(behave) as address, pytest.raises(EnvUnavailable, match=reason) as error:
        VncEnv(address).observe()
    assert "\n" not in str(error.value)


INVALID_MESSAGES = [
    struct.pack(">BxHHHHHi", 0, 1, 0, 0, 4, 4, 5) + bytes(64),
    struct.pack(">BxHHHHHi", 0, 1, 0, 0, 4, 4, TIGHT) + b"\x90\x04abcd",
    struct.pack(">BxHHHHHi", 0, 1, 0, 0, 8, 4, TIGHT) + b"\x00\x04abcd",
    struct.pack(">BxHHHHHi", 0, 1, 0, 0, 4, 4, ZRLE) + struct.pack(">I", 4) + b"abcd",
    struct.pack(">BxHHHHHi", 0, 1, 0, 0, 4, 4, ZRLE) + struct.pack(">I", 9) + zlib.compress(b"\x11"),
    struct.pack(">BxHHHHHi", 0, 1, 0, 0, 60000, 60000, -223),
    struct.pack(">Bxxxi", 3, -(1 << 30)),
    b"\xfa",
]


@pytest.mark.parametrize("message", INVALID_MESSAGES)
def test_invalid_data_raises_env_lost(message: bytes) -> None:
    def behave(client: RfbClient) -> None:
        client.handshake(4, 4)
        client.send(message)
        client.drain()

    with rfb_server(behave) as address, pytest.raises(EnvLost):
        VncEnv(address).observe()


def test_a_silent_server_raises_env_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    def behave(client: RfbClient) -> None:
        client.handshake(4, 4)
        client.update(0, 0, 4, 4, 0, bytes(64))
        client.drain()

    monkeypatch.setattr(client, "_ANSWER_S", 0.3)
    with rfb_server(behave) as address, VncEnv(address) as env, pytest.raises(EnvLost, match="has not answered"):
        env.execute(Click(ScreenPoint(1, 1)))


@pytest.mark.parametrize("answer_to_pixel", [b"", b"\0\0\0\0"], ids=["silence", "no rectangle"])
def test_a_server_that_sends_no_unchanged_pixel_is_synchronized(
    answer_to_pixel: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "_PIXEL_ANSWER_S", 0.05)
    typed: list[bytes] = []

    def behave(server: RfbClient) -> None:
        server.handshake(2, 2)
        server.update(0, 0, 2, 2, RAW, bytes(16))
        while True:
            match server.receive(1)[0]:
                case 3:
                    only_changes, _x, _y, width, height = struct.unpack(">BHHHH", server.receive(9))
                    if (width, height) == (1, 1):
                        server.send(answer_to_pixel)
                    elif not only_changes:
                        server.update(0, 0, 2, 2, RAW, bytes((len(typed), 0, 0, 0)) * 4)
                case 4:
                    typed.append(server.receive(7))
                case _:
                    raise ConnectionError

    with rfb_server(behave) as address:
        machine = VncClient(VncAddress.parse(address), None)
        machine.key(0x61, True)
        machine.sync()
        assert len(typed) == 1
        machine.sync()
        machine.close()


class Received:
    """The bytes of one message."""

    address = "a machine"

    def __init__(self, data: bytes) -> None:
        self._data = data

    def take(self, count: int) -> bytes:
        part, self._data = self._data[:count], self._data[count:]
        return part


def test_a_programs_text_that_is_announced_during_a_paste_does_not_replace_it() -> None:
    """The clipboard of a busy machine: a program copied a text before, which the server announces late."""
    text, caps, request, notify, provide = 1, 1 << 24, 1 << 25, 1 << 27, 1 << 28
    sent: list[bytes] = []
    clipboard = VncClipboard(sent.append)

    def packed(content: str) -> bytes:
        return zlib.compress(struct.pack(">I", len(content) + 1) + content.encode() + b"\0")

    def receive(flags: int, data: bytes = b"") -> None:
        message = struct.pack(">I", flags | text) + data
        clipboard.receive(cast(RfbConnection, Received(message)), -len(message))

    def provided() -> list[str]:
        messages = [message for message in sent if struct.unpack(">I", message[8:12])[0] & provide]
        return [zlib.decompress(message[12:])[4:-1].decode() for message in messages if len(message) > 16]

    def sync() -> None:
        if announcements:
            receive(notify)
            receive(provide, packed(announcements.pop()))

    announcements = ["theirs"]
    receive(caps | request | notify | provide)
    assert clipboard.supports_unicode
    assert clipboard.paste("ours", lambda: receive(request), sync)
    assert provided() == ["ours"]
    receive(request)
    assert provided() == ["ours", "theirs"]


def decoded(width: int, height: int, encoding: int, data: bytes) -> Image.Image:
    """The screenshot of a client that received one rectangle."""

    def behave(client: RfbClient) -> None:
        client.handshake(width, height)
        client.update(0, 0, width, height, encoding, data)
        client.drain()

    with rfb_server(behave) as address:
        viewer = VncClient(VncAddress.parse(address), None)
        image = viewer.screenshot().image
        viewer.close()
    return image


def blue_first(pixels: bytes) -> bytes:
    return b"".join(pixels[at : at + 3][::-1] for at in range(0, len(pixels), 3))


@given(st.binary(min_size=3 * 13 * 5, max_size=3 * 13 * 5))
def test_tight_gradients_and_copies_are_decoded(pixels: bytes) -> None:
    width, row = 13, 39
    differences = bytearray()
    for at, value in enumerate(pixels):
        left = pixels[at - 3] if at % row >= 3 else 0
        above = pixels[at - row] if at >= row else 0
        corner = pixels[at - row - 3] if at >= row and at % row >= 3 else 0
        differences.append(value - min(255, max(0, left + above - corner)) & 255)
    for control, plain in ((b"\x40\x02", bytes(differences)), (b"\x10", pixels)):
        packed = zlib.compress(plain)
        length = bytes((len(packed) & 127 | 128, len(packed) >> 7))
        assert decoded(width, 5, TIGHT, control + length + packed).tobytes() == pixels


def test_few_tight_bytes_are_not_compressed() -> None:
    colours = bytes((1, 2, 3, 250, 251, 252))
    image = decoded(3, 2, TIGHT, b"\x50\x01\x01" + colours + bytes((0b10100000, 0b01000000)))
    assert image.tobytes() == b"".join(colours[3 * bit : 3 * bit + 3] for bit in (1, 0, 1, 0, 1, 0))
    assert decoded(2, 2, TIGHT, b"\x80\x07\x08\x09").tobytes() == bytes((7, 8, 9)) * 4


COLOURS = st.lists(st.binary(min_size=3, max_size=3), min_size=1, max_size=6, unique=True)


@given(COLOURS, st.lists(st.integers(1, 300), min_size=77, max_size=77), st.sampled_from((0, 2, 128, 130)))
def test_every_kind_of_zrle_tile_is_decoded(colours: list[bytes], runs: list[int], kind: int) -> None:
    width, height = 11, 7
    indices = [place % len(colours) for place, run in enumerate(runs) for _ in range(run)][: width * height]
    pixels = b"".join(colours[index] for index in indices)
    if kind == 0:
        tile = b"\0" + blue_first(pixels)
    elif kind == 128:
        tile = b"\x80" + b"".join(blue_first(colours[index]) + run for index, run in counted(indices))
    elif kind == 2:
        many = max(2, len(colours))
        table = (colours * 2)[:many]
        tile = bytes((many,)) + blue_first(b"".join(table)) + packed_rows(indices, width, many)
    else:
        many = max(2, len(colours))
        table = (colours * 2)[:many]
        body = b"".join(
            bytes((index | 128,)) + run if run != b"\0" else bytes((index,)) for index, run in counted(indices)
        )
        tile = bytes((128 + many,)) + blue_first(b"".join(table)) + body
    packed = zlib.compress(tile)
    assert decoded(width, height, ZRLE, struct.pack(">I", len(packed)) + packed).tobytes() == pixels


def counted(indices: list[int]) -> list[tuple[int, bytes]]:
    """Each run of one index, with its length as ZRLE writes it."""
    runs: list[tuple[int, bytes]] = []
    at = 0
    while at < len(indices):
        end = at
        while end < len(indices) and indices[end] == indices[at]:
            end += 1
        full, rest = divmod(end - at - 1, 255)
        runs.append((indices[at], b"\xff" * full + bytes((rest,))))
        at = end
    return runs


def packed_rows(indices: list[int], width: int, colours: int) -> bytes:
    bits = 1 if colours == 2 else 2 if colours <= 4 else 4
    rows = [indices[at : at + width] for at in range(0, len(indices), width)]
    lines = ["".join(f"{index:0{bits}b}" for index in row) for row in rows]
    return b"".join(
        int(line.ljust(-len(line) % 8 + len(line), "0"), 2).to_bytes((len(line) + 7) // 8) for line in lines
    )


def test_a_server_that_takes_texts_but_requests_none_reports_no_paste() -> None:
    """As x11vnc."""
    sent: list[bytes] = []
    clipboard = VncClipboard(sent.append)
    caps = struct.pack(">I", 0x17000001)
    clipboard.receive(cast(RfbConnection, Received(caps)), -len(caps))
    assert not clipboard.supports_unicode
    clipboard.write("你好")
    flags, packed = struct.unpack(">I", sent[-1][8:12])[0], sent[-1][12:]
    assert (flags, zlib.decompress(packed)[4:]) == (0x10000001, "你好\0".encode())


def test_the_clipboard_of_a_server_that_knows_latin_1_only() -> None:
    sent: list[bytes] = []
    clipboard = VncClipboard(sent.append)
    assert clipboard.read().text is None
    clipboard.receive(cast(RfbConnection, Received("Größe".encode("latin-1"))), 5)
    assert (clipboard.has_changed(), clipboard.has_changed()) == (True, False)
    assert clipboard.read().text == "Größe"
    clipboard.write("fünf")
    assert sent == [b"\6\0\0\0\0\0\0\4f\xfcnf"]
    assert clipboard.read().text == "fünf"
    assert not clipboard.has_changed()
    with pytest.raises(EnvUnavailable, match="only takes Latin-1"):
        clipboard.write("你好")


@pytest.mark.parametrize("extended", [True, False])
def test_the_buttons_for_the_thumb_need_an_extension(extended: bool) -> None:
    received = list[bytes]()

    def behave(client: RfbClient) -> None:
        client.handshake(40, 30)
        if extended:
            client.update(0, 0, 0, 0, -316, b"")
        client.update(0, 0, 40, 30, RAW, bytes(4 * 40 * 30))
        with suppress(ConnectionError):
            while True:
                received.append(client.receive(1))

    with rfb_server(behave) as address:
        viewer = VncClient(VncAddress.parse(address), None)
        gestures = Gestures(VncDriver(viewer), DeviceTransform())
        if extended:
            gestures.do(Click(ScreenPoint(7, 9), Button.FORWARD))
        else:
            with pytest.raises(ActionRefused, match="cannot press the forward button"):
                gestures.do(Click(ScreenPoint(7, 9), Button.FORWARD))
        viewer.close()
    pressed = b"".join(received).count(b"\5\x80\0\7\0\x09\2\5\0\0\7\0\x09")
    assert pressed == extended


@pytest.mark.parametrize("takes_paste", [True, False])
def test_with_typing_by_paste_no_letter_is_a_key(takes_paste: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    pasted, keys = list[str](), list[int]()

    def paste(self: VncClipboard, text: str, press: object, sync: object) -> bool:
        pasted.append(text)
        return takes_paste

    def press(symbol: int, down: bool) -> None:
        keys.append(symbol)

    def behave(client: RfbClient) -> None:
        client.handshake(1, 1)
        client.update(0, 0, 1, 1, RAW, bytes(4))
        client.drain()

    monkeypatch.setattr(VncClipboard, "paste", paste)
    monkeypatch.setattr(VncClipboard, "supports_unicode", True)
    with rfb_server(behave) as address:
        viewer = VncClient(VncAddress.parse(address), None)
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
        viewer.close()


def test_noise_is_decoded_from_every_encoding() -> None:
    pixels = os.urandom(3 * 70 * 70)
    raw = b"".join(pixels[at : at + 3][::-1] + b"\xaa" for at in range(0, len(pixels), 3))
    assert decoded(70, 70, 0, raw).tobytes() == pixels


def test_a_server_without_a_unicode_clipboard_types_only_ascii_and_names_the_other_characters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    received = list[bytes]()

    def behave(client: RfbClient) -> None:
        client.handshake(1, 1)
        client.update(0, 0, 1, 1, RAW, bytes(4))
        with suppress(ConnectionError):
            while True:
                received.append(client.receive(1))

    with rfb_server(behave) as address:
        viewer = VncClient(VncAddress.parse(address), None)
        driver = VncDriver(viewer)
        monkeypatch.setattr(viewer, "sync", lambda: None)  # the server above does not answer
        with pytest.raises(ActionRefused, match=r"drops characters that its keyboard lacks: Üïé cannot be typed"):
            driver.type("Ünï café")
        assert driver.take_facts() == ()
        assert driver.type("plain") == "keys"
        (fact,) = driver.take_facts()
        assert "keyboard layout is not known" in str(fact)
        driver.type("again")
        assert driver.take_facts() == ()
        viewer.close()
    keys = b"".join(received).count(b"\4\1\0\0\0\0\0")
    assert keys == len("plain") + len("again")
