"""Seeing one output of a Wayland compositor, by `wlr-screencopy` into memory that both share."""

import mmap
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

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
_BLUE_FIRST, _RED_FIRST = (0, 1), (0x34324258, 0x34324241)  # ARGB8888 and XRGB8888; XBGR8888 and ABGR8888
_ADVICE = (
    "use a display of its own (--virtual), or log in to an X11 session, or to a compositor built on wlroots (sway, "
    "labwc, Hyprland, river, Wayfire)"
)


class WaylandScreen:
    """The output that `monitor` counts, from 1. Mouse coordinates are its pixels: the pointer is bound to the output.

    Raises:
        EnvUnavailable: this compositor lets no program work its screen, or has no such output.
    """

    def __init__(self, socket: Path, monitor: int) -> None:
        try:
            self.wire = WaylandConnection(socket)
        except EnvLost as lost:
            raise EnvUnavailable(f"{lost}; {_ADVICE}") from lost
        try:
            self._check(self.wire.globals, monitor)
            self.seat = self.wire.bind("wl_seat", 1)
            self.output = self.wire.bind("wl_output", 1, place=monitor - 1)
            self._shm = self.wire.bind("wl_shm", 1)
            self._copies = self.wire.bind(COPY, 1)
            self._pool: _Pool | None = None
            frame = self.frame()
        except BaseException:
            self.wire.close()
            raise
        self.size = Size(frame.width, frame.height)
        self.device = DeviceTransform()
        self.monitors = tuple(f"output {number}" for number in range(1, 1 + len(self.wire.globals["wl_output"])))

    def frame(self) -> RawFrame:
        """One raw look.

        Raises:
            EnvLost: the compositor is gone, or will not show this output any more.
        """
        told: dict[int, tuple[int, ...]] = {}

        def handle(opcode: int, arguments: WireArguments) -> None:
            counts = {_BUFFER: 4, _FLAGS: 1, _READY: 3, _FAILED: 0}
            told[opcode] = tuple(arguments.number() for _ in range(counts.get(opcode, 0)))

        copy = self.wire.new(handle)
        self.wire.request(self._copies, 0, copy, 0, self.output)
        self.wire.until(lambda: _BUFFER in told or _FAILED in told)
        if _BUFFER in told:
            pool = self._pool_for(told[_BUFFER])
            self.wire.request(copy, 0, pool.buffer)
            self.wire.until(lambda: _READY in told or _FAILED in told)
        self.wire.request(copy, 1)
        if _FAILED in told or self._pool is None:
            raise EnvLost("the Wayland compositor does not show this output any more")
        return self._pool.frame(upside_down=bool(told.get(_FLAGS, (0,))[0] & _UPSIDE_DOWN))

    def close(self) -> None:
        """Give the memory and the connection back."""
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
        lacking = [interface for interface in _NEEDED if interface not in offered]
        if lacking:
            raise EnvUnavailable(f"this Wayland compositor lets no program work its screen ({lacking[0]}): {_ADVICE}")
        outputs = offered["wl_output"]
        assert isinstance(outputs, list)
        if monitor > len(outputs):
            raise EnvUnavailable(f"there is no monitor {monitor}: this compositor has {len(outputs)}")


class _Pool:
    """Memory for one picture: its format, width, height, and bytes a row."""

    def __init__(self, wire: WaylandConnection, shm: int, shape: tuple[int, ...]) -> None:
        self.shape = shape
        form, width, height, stride = shape
        if form not in (*_BLUE_FIRST, *_RED_FIRST):
            raise EnvUnavailable(f"this Wayland compositor gives pictures in a form that is not known here ({form:#x})")
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
        """What is in it, blue first, the upper row first."""
        form, width, height, stride = self.shape
        rows = range(height - 1, -1, -1) if upside_down else range(height)
        if stride == 4 * width and not upside_down:
            pixels = self._memory[: height * stride]
        else:
            pixels = b"".join(self._memory[row * stride : row * stride + 4 * width] for row in rows)
        if form in _RED_FIRST:
            turned = bytearray(pixels)
            turned[0::4], turned[2::4] = pixels[2::4], pixels[0::4]
            pixels = bytes(turned)
        return RawFrame(width, height, pixels)

    def close(self) -> None:
        """Give it back."""
        self._wire.request(self.buffer, 0)
        self._wire.request(self._pool, 1)
        self._memory.close()


def wayland_socket(environment: Mapping[str, str]) -> Path | None:
    """Where the compositor of this session listens; None where it is no Wayland session."""
    name = environment.get("WAYLAND_DISPLAY")
    if not name:
        return None
    return Path(environment.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}") / name
