"""Controls inside other controls: which of them are the same one, dots of a password, or parts of a toolbar."""

from dataclasses import replace

import numpy as np

from .area_table import AreaTable, any_of_row
from .screen import DOT, ControlKind, ScreenControl


def drop_nested(controls: list[ScreenControl]) -> list[ScreenControl]:
    """Drop the dots inside radio buttons and the outer one of two nested outlines."""
    others = AreaTable.of(control.area for control in controls)
    each = others[:, None]
    checkable = np.array([control.is_checkable for control in controls], np.bool_)
    is_same = each.is_same(others)
    is_dot = checkable[:, None] & ~is_same & others.contains(each, 0)
    is_outline = is_same & each.contains(others, 0) & ~each.equals(others)
    is_part = (checkable[:, None] == checkable) & (is_dot | is_outline)
    return [control for control, dropped in zip(controls, any_of_row(is_part), strict=True) if not dropped]


def drop_password_dots(controls: list[ScreenControl]) -> list[ScreenControl]:
    """Drop what looks like radio buttons in a field without text: the dots of a password."""
    is_field = [control.kind is ControlKind.FIELD and not control.text.strip(DOT) for control in controls]
    areas = AreaTable.of(control.area for control in controls)
    in_field = any_of_row(areas.contains(areas[:, None], 0) & np.array(is_field, np.bool_))
    return [
        control for control, is_dot in zip(controls, in_field, strict=True) if not (control.is_checkable and is_dot)
    ]


def toolbars_as_panes(controls: list[ScreenControl]) -> list[ScreenControl]:
    """Make frames that contain other frames, such as toolbars and title bars, panes."""
    others = AreaTable.of(control.area for control in controls)
    is_inner = np.array([not control.is_checkable or bool(control.checked) for control in controls], np.bool_)
    holds = others[:, None].contains(others, 0) & is_inner
    np.fill_diagonal(holds, val=False)
    return [
        replace(control, kind=ControlKind.PANE, text="", disabled=None)
        if control.kind in (ControlKind.BUTTON, ControlKind.FIELD, ControlKind.DROP_DOWN) and holds_any
        else control
        for control, holds_any in zip(controls, any_of_row(holds), strict=True)
    ]
