"""What a browser draws outside its pages, drawn and worked here: dialogs, pickers, menus, tooltips, the tabs."""

from .overlay import Overlay
from .panels import (
    Dialog,
    Field,
    ListOfOptions,
    Menu,
    MenuItem,
    Panel,
    PanelAnswer,
    PanelButton,
    Picker,
    Strip,
    Tab,
    Tooltip,
)

__all__ = [
    "Dialog",
    "Field",
    "ListOfOptions",
    "Menu",
    "MenuItem",
    "Overlay",
    "Panel",
    "PanelAnswer",
    "PanelButton",
    "Picker",
    "Strip",
    "Tab",
    "Tooltip",
]
