"""The settings of `--env vnc`."""

from pathlib import Path
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from ..env import Env
from .node import setting
from .screen import ClipboardConfig


class VncConfig(ClipboardConfig):
    """A remote screen, through its VNC server."""

    group: ClassVar[str] = "screen: vnc"

    kind: Literal["vnc"] = "vnc"
    address: str | None = setting(None, "address of the VNC server, such as 192.0.2.7:5901 or HOST:1", common=True)
    password_file: str | None = setting(
        None, "file whose first line is the password (default: the variable VNC_PASSWORD)"
    )

    typing: Literal["keys", "paste"] = setting(
        "keys", "paste: paste ASCII text too, for a server whose keyboard layout lacks Latin letters"
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.address is None:
            raise ValueError("--env vnc needs the address of the VNC server: --address HOST:PORT")
        return self

    @property
    def takes_over(self) -> str:
        """See `ScreenConfig`."""
        return "the mouse and keyboard of a real screen"

    def build(self, out: Path | None = None) -> Env:
        """See `ScreenConfig`."""
        from ..vnc import VncEnv, read_password

        assert self.address is not None
        return VncEnv(
            self.address,
            password=read_password(self.password_file),
            clipboard=self.clipboard_settings,
            typing=self.typing,
        )
