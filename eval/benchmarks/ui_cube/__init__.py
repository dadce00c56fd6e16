"""UI-CUBE: widgets, copying between forms, and imitated business applications, each with a test in its page."""

from .benchmark import UiCube, UiCubeScene, UiCubeTask, ui_cube

__all__ = ["UiCube", "UiCubeScene", "UiCubeTask", "ui_cube"]
