"""The screen of a desktop that is controlled through the portal."""

from contextlib import suppress

from ...env import EnvError
from ...geometry import DeviceTransform, Size
from ...settle import RawFrame
from .frames import PipeWireFrames
from .session import PortalSession


class PortalScreen:
    """The monitor that the user has selected in the desktop's dialog.

    Raises:
        EnvUnavailable: there is no portal or no GStreamer, or the user did not allow it.
    """

    monitors = ("the monitor selected in the desktop's dialog",)

    def __init__(self) -> None:
        self.session = PortalSession()
        try:
            self._frames = PipeWireFrames(self.session.open_pipewire(), self.session.node)
        except BaseException:
            self.session.close()
            raise
        self.refresh()

    def refresh(self) -> RawFrame:
        """The latest frame; updates `size` and `device`, since the monitor can be resized at any time."""
        frame = self.frame()
        self.size = Size(frame.width, frame.height)
        logical = self.session.size
        self.device = DeviceTransform(1.0 if logical is None else frame.width / logical.width)
        return frame

    def frame(self) -> RawFrame:
        """The latest frame.

        Raises:
            EnvLost: the desktop or the user has ended the session.
        """
        self.session.check()
        return self._frames.frame()

    def close(self) -> None:
        """End the stream and the session."""
        with suppress(EnvError):
            self._frames.close()
        self.session.close()
