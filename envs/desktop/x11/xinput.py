"""The requests of the X Input Extension that the watchdog needs (protocol version 2.2).

python-xlib has them too. But pyautogui requires python3-xlib, an older version without this extension, whose files
overwrite those of python-xlib where it is installed later.
"""

import struct
from collections.abc import Iterable
from typing import Any

from Xlib.protocol import rq

from .xlib import XDisplay

_SELECT_EVENTS, _QUERY_VERSION, _QUERY_DEVICE = 46, 47, 48
_ALL_DEVICES, _ALL_MASTER_DEVICES = 0, 1
_DEVICE = struct.Struct("=HHHHHBx")  # id, use, attachment, number of classes, length of the name, whether enabled


class _SelectEvents(rq.Request):  # type: ignore[misc]  # python-xlib is untyped
    _request = rq.Struct(
        rq.Card8("opcode"), rq.Opcode(_SELECT_EVENTS), rq.RequestLength(), rq.Card32("window"), rq.Card16("masks"),
        rq.Pad(2), rq.Card16("device"), rq.Card16("mask_words"), rq.Card32("mask"),
    )  # fmt: skip


class _QueryVersion(rq.ReplyRequest):  # type: ignore[misc]  # python-xlib is untyped
    _request = rq.Struct(
        rq.Card8("opcode"), rq.Opcode(_QUERY_VERSION), rq.RequestLength(), rq.Card16("major"), rq.Card16("minor")
    )
    _reply = rq.Struct(
        rq.ReplyCode(), rq.Pad(1), rq.Card16("sequence_number"), rq.ReplyLength(), rq.Card16("major"),
        rq.Card16("minor"), rq.Pad(20),
    )  # fmt: skip


class _QueryDevice(rq.ReplyRequest):  # type: ignore[misc]  # python-xlib is untyped
    _request = rq.Struct(
        rq.Card8("opcode"), rq.Opcode(_QUERY_DEVICE), rq.RequestLength(), rq.Card16("device"), rq.Pad(2)
    )
    _reply = rq.Struct(
        rq.ReplyCode(), rq.Pad(1), rq.Card16("sequence_number"), rq.ReplyLength(), rq.Card16("devices"), rq.Pad(22),
        rq.Binary("data"),
    )  # fmt: skip


def opcode_of(connection: XDisplay) -> int | None:
    """The opcode of the extension; None if the display does not have it."""
    found = connection.query_extension("XInputExtension")
    return None if found is None else int(found.major_opcode)


def version_of(connection: XDisplay, opcode: int) -> tuple[int, int]:
    """The version of the extension. A client has to query it first."""
    reply = _QueryVersion(display=connection.display, opcode=opcode, major=2, minor=2)
    return int(reply.major), int(reply.minor)


def select_events(connection: XDisplay, opcode: int, events: Iterable[int]) -> None:
    """Select these events of all devices, on the root window."""
    _SelectEvents(
        display=connection.display, opcode=opcode, window=connection.screen().root.id, masks=1,
        device=_ALL_MASTER_DEVICES, mask_words=1, mask=sum(1 << event for event in events),
    )  # fmt: skip


def devices_of(connection: XDisplay, opcode: int) -> dict[int, str]:
    """The names of all devices, by id."""
    reply: Any = _QueryDevice(display=connection.display, opcode=opcode, device=_ALL_DEVICES)
    data, at, names = bytes(reply.data), 0, dict[int, str]()
    for _ in range(reply.devices):
        number, _use, _attachment, classes, length, _enabled = _DEVICE.unpack_from(data, at)
        at += _DEVICE.size
        names[number] = data[at : at + length].decode("utf-8", "replace")
        at += (length + 3) // 4 * 4
        for _ in range(classes):
            at += 4 * struct.unpack_from("=2xH", data, at)[0]
    return names
