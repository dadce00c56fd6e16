"""Captures one output of a Wayland compositor, by `wlr-screencopy` into shared memory."""

import mmap
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from PIL import Image

from ...env import EnvLost, EnvUnavailable
from ...geometry import DeviceTransform, Size
from ...settle import RawFrame
from .wire import WaylandConnection, WireArguments, in_memory

COPY, POINTER, KEYBOARD = (
    "zwlr_screencopy_manager_v1",
    "zwlr_virtual_pointer_manager_v1",
    "zwp_virtual_keyboard_manager_v1",
)
_NEEDED = (COPY, POINTER, KEYBOARD, "wl_shm", "wl_seat", "wl_output")
_BUFFER, _FLAGS, _READY, _FAILED = 0, 1, 2, 3
_UPSIDE_DOWN = 1
_GEOMETRY = 0
_TRIES, _RETRY_S = 5, 0.1
_UPRIGHT = {
    1: Image.Transpose.ROTATE_270, 2: Image.Transpose.ROTATE_180, 3: Image.Transpose.ROTATE_90,
    4: Image.Transpose.FLIP_LEFT_RIGHT, 5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.FLIP_TOP_BOTTOM,
    7: Image.Transpose.TRANSVERSE,
}  # fmt: skip
"""What turns a copy of an output with that `wl_output.transform` upright: a copy is as the output shows it."""

_SIDEWAYS, _FROM_RIGHT, _FROM_BELOW = (1, 3, 5, 7), (2, 3, 4, 7), (1, 2, 6, 7)
_BLUE_FIRST, _RED_FIRST = (0, 1), (0x34324258, 0x34324241)  # ARGB8888 and XRGB8888; XBGR8888 and ABGR8888
_ADVICE = (
    "use a virtual display (--virtual), an X11 session, or a compositor built on wlroots (sway, "
    "labwc, Hyprland, river, Wayfire)"
)


class ProtocolMissing(EnvUnavailable):
    """The compositor is none of those built on wlroots, such as GNOME's and KDE's."""


class WaylandScreen:
    """The output with the number `monitor`, from 1. Mouse coordinates are its pixels.

    Raises:
        EnvUnavailable: the compositor does not support the needed protocols, or has no such output.
    """

    def __init__(self, socket: Path, monitor: int) -> None:
        try:
            self.wire = WaylandConnection(socket)
        except EnvLost as lost:
            raise EnvUnavailable(f"{lost}; {_ADVICE}") from lost
        try:
            self._check(self.wire.globals, monitor)
            self.seat = self.wire.bind("wl_seat", 1)
            self._rotation = 0
            self.output = self.wire.bind("wl_output", 1, self._on_output, index=monitor - 1)
            self.wire.roundtrip()
            self._shm = self.wire.bind("wl_shm", 1)
            self._copies = self.wire.bind(COPY, 1)
            self._pool: _Pool | None = None
            self.refresh()
        except BaseException:
            self.wire.close()
            raise
        self.device = DeviceTransform()
        self.monitors = tuple(f"output {number}" for number in range(1, 1 + len(self.wire.globals["wl_output"])))

    def refresh(self) -> RawFrame:
        """Capture the output and update `size`, since it can be resized or rotated at any time."""
        frame = self.frame()
        self.size = Size(frame.width, frame.height)
        return frame

    def frame(self) -> RawFrame:
        """Capture the output, upright.

        Raises:
            EnvLost: the compositor or the output is gone.
        """
        for _ in range(_TRIES - 1):
            with suppress(_CopyFailed):
                return self._copy()
            time.sleep(_RETRY_S)  # the output may be changing its size or rotation just now
        return self._copy()

    def on_output(self, x: float, y: float) -> tuple[int, int, Size]:
        """A point of the screenshot in pixels of the output, which may be rotated, and the size of the output."""
        return on_output(x, y, self.size, self._rotation)

    def _on_output(self, opcode: int, arguments: WireArguments) -> None:
        """Read the rotation of the output (`wl_output.geometry`), which comes again when it changes."""
        if opcode == _GEOMETRY:
            for _ in ("x", "y", "width in mm", "height in mm", "subpixels"):
                arguments.number()
            for _ in ("make", "model"):
                arguments.text()
            self._rotation = arguments.number()

    def _copy(self) -> RawFrame:
        events: dict[int, tuple[int, ...]] = {}

        def handle(opcode: int, arguments: WireArguments) -> None:
            counts = {_BUFFER: 4, _FLAGS: 1, _READY: 3, _FAILED: 0}
            events[opcode] = tuple(arguments.number() for _ in range(counts.get(opcode, 0)))

        copy = self.wire.new(handle)
        self.wire.request(self._copies, 0, copy, 0, self.output)
        self.wire.until(lambda: _BUFFER in events or _FAILED in events)
        if _BUFFER in events:
            pool = self._pool_for(events[_BUFFER])
            self.wire.request(copy, 0, pool.buffer)
            self.wire.until(lambda: _READY in events or _FAILED in events)
        self.wire.request(copy, 1)
        if _FAILED in events or self._pool is None:
            raise _CopyFailed("the Wayland compositor no longer has this output")
        frame = self._pool.frame(upside_down=bool(events.get(_FLAGS, (0,))[0] & _UPSIDE_DOWN))
        return upright(frame, self._rotation)

    def close(self) -> None:
        """Free the memory and disconnect."""
        if self._pool is not None:
            with suppress(EnvLost):
                self._pool.close()
        self.wire.close()

    def _pool_for(self, shape: tuple[int, ...]) -> "_Pool":
        if self._pool is None or self._pool.shape != shape:
            if self._pool is not None:
                self._pool.close()
            self._pool = _Pool(self.wire, self._shm, shape)
        return self._pool

    @staticmethod
    def _check(offered: Mapping[str, object], monitor: int) -> None:
        missing = [interface for interface in _NEEDED if interface not in offered]
        if missing:
            raise ProtocolMissing(f"this Wayland compositor does not support {missing[0]}: {_ADVICE}")
        outputs = offered["wl_output"]
        assert isinstance(outputs, list)
        if monitor > len(outputs):
            raise EnvUnavailable(f"there is no monitor {monitor}: this compositor has {len(outputs)}")


class _CopyFailed(EnvLost):
    """The compositor could not copy the output, which may be for a moment."""


def on_output(x: float, y: float, size: Size, rotation: int) -> tuple[int, int, Size]:
    """A point of an upright screenshot of `size` in pixels of the output with that rotation, and the output's size."""
    turned = rotation in _SIDEWAYS
    size = Size(size.height, size.width) if turned else size
    across, down = (int(y), int(x)) if turned else (int(x), int(y))
    if rotation in _FROM_RIGHT:
        across = size.width - 1 - across
    if rotation in _FROM_BELOW:
        down = size.height - 1 - down
    return across, down, size


def upright(frame: RawFrame, rotation: int) -> RawFrame:
    """The frame as a person sees it, of an output with that `wl_output.transform`."""
    method = _UPRIGHT.get(rotation)
    if method is None:
        return frame
    image = Image.frombuffer("RGBA", (frame.width, frame.height), frame.pixels, "raw", "RGBA", 0, 1)  # any 4 bytes
    turned = image.transpose(method)
    return RawFrame(turned.width, turned.height, turned.tobytes())


class _Pool:
    """Memory for one frame. `shape` is its format, width, height, and bytes per row."""

    def __init__(self, wire: WaylandConnection, shm: int, shape: tuple[int, ...]) -> None:
        self.shape = shape
        form, width, height, stride = shape
        if form not in (*_BLUE_FIRST, *_RED_FIRST):
            raise EnvUnavailable(f"this Wayland compositor uses an unsupported pixel format ({form:#x})")
        self._wire = wire
        file = in_memory(b"", height * stride)
        try:
            self._memory = mmap.mmap(file, height * stride)
            self._pool = wire.new()
            wire.request(shm, 0, self._pool, height * stride, file=file)
            self.buffer = wire.new()
            wire.request(self._pool, 0, self.buffer, 0, width, height, stride, form)
        finally:
            os.close(file)

    def frame(self, *, upside_down: bool) -> RawFrame:
        """The frame, blue first, from top to bottom."""
        form, width, height, stride = self.shape
        rows = range(height - 1, -1, -1) if upside_down else range(height)
        if stride == 4 * width and not upside_down:
            pixels = self._memory[: height * stride]
        else:
            pixels = b"".join(self._memory[row * stride : row * stride + 4 * width] for row in rows)
        if form in _RED_FIRST:
            swapped = bytearray(pixels)
            swapped[0::4], swapped[2::4] = pixels[2::4], pixels[0::4]
            pixels = bytes(swapped)
        return RawFrame(width, height, pixels)

    def close(self) -> None:
        """Free the memory."""
        self._wire.request(self.buffer, 0)
        self._wire.request(self._pool, 1)
        self._memory.close()


def wayland_socket(environment: Mapping[str, str]) -> Path | None:
    """The socket of the compositor; None if this is not a Wayland session."""
    name = environment.get("WAYLAND_DISPLAY")
    if not name:
        return None
    return Path(environment.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}") / name
