"""The browser UI outside the page, drawn over the screenshot: dialogs, pickers, menus, tooltips, the tab strip."""

from .overlay import TAB_STRIP_PX, Overlay
from .panels import (
    Anchor,
    Dialog,
    Field,
    Menu,
    MenuItem,
    Option,
    Panel,
    PanelAnswer,
    PanelButton,
    Picker,
    Suggestions,
    Tab,
    TabStripPanel,
    Tooltip,
)

__all__ = [
    "TAB_STRIP_PX",
    "Anchor",
    "Dialog",
    "Field",
    "Menu",
    "MenuItem",
    "Option",
    "Overlay",
    "Panel",
    "PanelAnswer",
    "PanelButton",
    "Picker",
    "Suggestions",
    "Tab",
    "TabStripPanel",
    "Tooltip",
]
