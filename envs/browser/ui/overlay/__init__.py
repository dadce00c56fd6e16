"""What a browser draws outside its pages, drawn and worked here: dialogs, pickers, menus, tooltips, the tabs."""

from .overlay import Overlay
from .panels import Answer, Button, Dialog, Field, ListOfOptions, Menu, MenuItem, Panel, Picker, Strip, Tab, Tooltip

__all__ = [
    "Answer",
    "Button",
    "Dialog",
    "Field",
    "ListOfOptions",
    "Menu",
    "MenuItem",
    "Overlay",
    "Panel",
    "Picker",
    "Strip",
    "Tab",
    "Tooltip",
]
