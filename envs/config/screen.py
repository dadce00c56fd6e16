"""The base class of the settings of all kinds of screens, and their registry.

Each kind is an entry point of the group `screenwright.envs`, in this package or another one, whose object is a subclass
of `ScreenConfig` with the kind as the default of its field `kind`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator

from screenwright._plugins import PluginError, load_plugin, plugin_names

from ..clipboard import ClipboardSettings
from ..env import Env
from ..geometry import Size
from .node import KIND, Config, SettingError, setting

SIZE = r"^[1-9]\d*x[1-9]\d*$"


class ScreenConfig(Config, ABC):
    """The settings of one kind of screen; subclasses add `kind`."""

    @classmethod
    def members(cls) -> tuple[type[Config], ...]:
        """See `Config`: the settings of all kinds, without those of broken plugins, which fail when they are chosen."""
        if cls is not ScreenConfig:
            return (cls,)
        found: list[type[Config]] = []
        for name in plugin_names("env"):
            with suppress(SettingError, ImportError):
                found.append(_config_of(name))
        # Where several kinds have a setting, the first one describes it.
        return tuple(sorted(found, key=lambda one: not one.__module__.startswith(f"{__package__}.")))

    @abstractmethod
    def build(self, out: Path | None = None) -> Env:
        """The environment, not opened yet. `out` is the folder that the run is recorded in.

        Raises:
            ValueError: the settings contradict each other or are not supported.
            EnvUnavailable: a file that they name cannot be read.
            ImportError: the extra of this kind is not installed.
        """

    @property
    def takes_over(self) -> str:
        """What a run takes control of, such as mouse and keyboard of a real screen; empty if nothing of the user's."""
        return ""

    @property
    def default_rules(self) -> str:
        """The preset of rules that applies if none are named, such as `careful`; empty for no rules."""
        return ""

    @property
    def interruption(self) -> str:
        """How the user at that screen can interrupt the run, besides Ctrl-C in the terminal; empty if not at all."""
        return ""


class ClipboardConfig(ScreenConfig):
    """The settings of a screen that has a clipboard."""

    clipboard: bool = setting(False, "report each text that is copied on the screen to the model")
    clipboard_text: str = setting("", "text to put on the clipboard of the screen at the start")

    @property
    def clipboard_settings(self) -> ClipboardSettings:
        """What the run does with the clipboard."""
        return ClipboardSettings(self.clipboard, self.clipboard_text)


def _config_of(kind: str) -> type[ScreenConfig]:
    """The settings class of a kind.

    Raises:
        SettingError: there is no such kind, or its plugin is broken.
        ImportError: an optional dependency is not installed.
    """
    if kind not in plugin_names("env"):
        raise SettingError("env", f"is {kind!r}, but should be one of {', '.join(plugin_names('env'))}")
    try:
        loaded = load_plugin("env", kind)
    except PluginError as error:
        raise SettingError("env", f"is {kind!r}, but {error}") from error
    if not (isinstance(loaded, type) and issubclass(loaded, ScreenConfig) and loaded.kind_name() == kind):
        raise SettingError("env", f"is {kind!r}, but its plugin is not a ScreenConfig of that kind")
    return loaded


def _as_screen(value: object) -> object:
    """Validate nested settings as those of their kind."""
    if not isinstance(value, Mapping):
        return value
    return _config_of(str(value.get(KIND, "browser"))).of_tree(dict(value))


Screen: TypeAlias = Annotated[ScreenConfig, BeforeValidator(_as_screen)]
"""A field with the settings of any kind of screen."""


def parse_size(text: str) -> Size:
    """The size written as `1280x720`."""
    width, height = text.split("x")
    return Size(int(width), int(height))
