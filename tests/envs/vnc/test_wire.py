"""The VNC protocol: handshakes, invalid data, and the clipboard."""

import struct
import zlib
from pathlib import Path
from typing import cast

import pytest
from rfb_server import VERSION, RfbClient, rfb_server

from screenwright.envs.actions import Click
from screenwright.envs.env import EnvLost, EnvUnavailable
from screenwright.envs.geometry import ScreenPoint
from screenwright.envs.vnc import VncAddress, VncEnv, client, read_password
from screenwright.envs.vnc.client import VncClient
from screenwright.envs.vnc.clipboard import VncClipboard
from screenwright.envs.vnc.des import answer, encrypt
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
