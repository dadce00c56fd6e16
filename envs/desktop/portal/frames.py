"""The frames of a PipeWire stream, through GStreamer's command line.

Each frame arrives as a binary PNM image with its own size, so that the screen may be resized. PipeWire sends a frame
when the screen changes, and GStreamer the last one again each second.
"""

import os
import shutil
import subprocess
import threading
import time
from typing import IO

from PIL import Image

from screenwright._text import one_line

from ...env import EnvLost, EnvUnavailable
from ...environment import clean_environment
from ...interrupt import SLICE_S, check_interrupted
from ...settle import RawFrame

_GSTREAMER = "gst-launch-1.0"
_PIPELINE = (
    "queue", "max-size-buffers=1", "leaky=downstream", "!", "videoconvert", "!", "video/x-raw,format=RGB", "!",
    "pnmenc", "!", "fdsink", "fd=1", "sync=false",
)  # fmt: skip
_FIRST_FRAME_S = 15.0
_END_S = 2.0
_MAGIC, _CHANNELS, _LARGEST_PX = b"P6", 3, 1 << 26
_PACKAGES = (
    "needs GStreamer's PipeWire source: apt-get install gstreamer1.0-tools gstreamer1.0-pipewire "
    "gstreamer1.0-plugins-base gstreamer1.0-plugins-bad"
)


class PipeWireFrames:
    """Receives the frames of stream `node`; the connection `file` is closed.

    Raises:
        EnvUnavailable: GStreamer is not installed, or sends no frame.
    """

    def __init__(self, file: int, node: int) -> None:
        try:
            if shutil.which(_GSTREAMER) is None:
                raise EnvUnavailable(f"the screen of this desktop {_PACKAGES}")
            source = ("pipewiresrc", f"fd={file}", f"path={node}", "always-copy=true", "keepalive-time=1000", "!")
            self._process = subprocess.Popen(
                (_GSTREAMER, "-q", *source, *_PIPELINE),
                env=clean_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=(file,),
            )
        finally:
            os.close(file)
        self._arrived = threading.Condition()
        self._image: Image.Image | None = None
        self._has_ended = False
        self._thread = threading.Thread(target=self._read, name="screenwright-frames", daemon=True)
        self._thread.start()
        try:
            self._await_first()
        except BaseException:
            self.close()
            raise

    def frame(self) -> RawFrame:
        """The latest frame.

        Raises:
            EnvLost: the stream has ended.
        """
        with self._arrived:
            image = self._image
            if self._has_ended or image is None:
                raise EnvLost("the desktop has ended the stream of its screen")
        return RawFrame.of(image)

    def close(self) -> None:
        """End GStreamer; never raises."""
        self._process.kill()
        self._process.wait()
        self._thread.join(_END_S)
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def _await_first(self) -> None:
        end = time.monotonic() + _FIRST_FRAME_S
        with self._arrived:
            while self._image is None and not self._has_ended and time.monotonic() < end:
                check_interrupted()
                self._arrived.wait(SLICE_S)
            if self._image is not None:
                return
            ended = self._has_ended
        if not ended:
            raise EnvUnavailable(f"PipeWire sent no picture of the screen within {_FIRST_FRAME_S:g} s")
        assert self._process.stderr is not None
        said = one_line(self._process.stderr.read().decode("utf-8", "replace"))
        raise EnvUnavailable(f"the screen of this desktop {_PACKAGES} ({said})")

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        try:
            while (image := read_pnm(stream)) is not None:
                with self._arrived:
                    self._image = image
                    self._arrived.notify_all()
        except (OSError, ValueError):  # the pipe was closed, or something else than a frame arrived
            pass
        with self._arrived:
            self._has_ended = True
            self._arrived.notify_all()


def read_pnm(stream: IO[bytes]) -> Image.Image | None:
    """The next image of `stream`, in binary PNM (`P6`); None at its end.

    Raises:
        ValueError: something else arrived.
    """
    magic = stream.readline()
    if not magic:
        return None
    width, height = (int(word) for word in stream.readline().split())
    depth = int(stream.readline())
    if magic.strip() != _MAGIC or depth != 255 or not 0 < width * height <= _LARGEST_PX:
        raise ValueError("not a picture of 8 bits per channel")
    data = stream.read(width * height * _CHANNELS)
    if len(data) < width * height * _CHANNELS:
        return None
    return Image.frombytes("RGB", (width, height), data)
