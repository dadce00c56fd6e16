"""UI-CUBE: widgets, copy-paste between forms, and mock business applications, each with a test in its page."""

from .benchmark import UiCube, UiCubeInstance, UiCubeTask

__all__ = ["UiCube", "UiCubeInstance", "UiCubeTask"]
