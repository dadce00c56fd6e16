"""The base class of the settings of all kinds of screens."""

from abc import ABC, abstractmethod
from pathlib import Path

from ..env import Env
from ..geometry import Size
from .node import Config

SIZE = r"^[1-9]\d*x[1-9]\d*$"


class ScreenConfig(Config, ABC):
    """The settings of one kind of screen; subclasses add `kind`."""

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
    def interruption(self) -> str:
        """How the user at that screen can interrupt the run, besides Ctrl-C in the terminal; empty if not at all."""
        return ""


def parse_size(text: str) -> Size:
    """The size written as `1280x720`."""
    width, height = text.split("x")
    return Size(int(width), int(height))
