"""The settings of `--env android`."""

from pathlib import Path
from typing import ClassVar, Literal

from ..env import Env
from .node import setting
from .screen import ScreenConfig


class AndroidConfig(ScreenConfig):
    """A phone or an emulator, over adb."""

    group: ClassVar[str] = "screen: android"

    kind: Literal["android"] = "android"
    device: str | None = setting(None, "serial of the phone, as shown by adb devices (default: the only one)")

    @property
    def takes_over(self) -> str:
        """See `ScreenConfig`."""
        return "a phone"

    def build(self, out: Path | None = None) -> Env:
        """See `ScreenConfig`."""
        from ..android import AndroidEnv

        return AndroidEnv(self.device)
