"""The settings of a demonstration."""

from typing import ClassVar

from ...envs.config import BrowserConfig, DesktopConfig, SettingError
from ...envs.config.screen import ScreenConfig
from ..loop.config.run import RunConfig


class RecordConfig(RunConfig):
    """The settings of `screenwright record`: those of a run, of which it uses the screen, secrets and folder."""

    group: ClassVar[str] = "recording and approval"

    @classmethod
    def unused(cls) -> frozenset[str]:
        """The names of the settings that have no meaning for a demonstration."""
        used = {name for screen in ScreenConfig.members() for name in screen.settings()}
        return frozenset(cls.settings()) - used - {"env", "secret", "out"}

    def build_screen(self) -> ScreenConfig:
        """The settings of a screen on which a person can work: a browser is headed, a virtual display in a tab.

        Raises:
            SettingError: only pages that Screenwright opens in Chromium itself report what a person does.
        """
        screen = self.env
        if isinstance(screen, DesktopConfig) and screen.virtual:
            return screen.model_copy(update={"watch": True, "watch_interactive": True})
        if not isinstance(screen, BrowserConfig):
            return screen
        if screen.window or screen.cdp is not None:
            name = "window" if screen.window else "cdp"
            raise SettingError(name, "does not report what a person does: leave it out, or record a desktop")
        return screen.model_copy(update={"headed": True})
