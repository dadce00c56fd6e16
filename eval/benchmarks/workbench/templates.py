"""All templates, in the order of the benchmark."""

from .apps import (
    calc,
    cross,
    cross_files,
    cross_web,
    database,
    drawings,
    editor,
    files,
    mail,
    notes,
    pictures,
    slides,
    terminal,
    writer,
)
from .template import Template
from .web.apps import flows, lab, stock, tables, whiteboard, wiki

_DESKTOP = (editor, terminal, files, calc, writer, slides, notes, mail, database, pictures, drawings)
_CROSS = (cross, cross_files, cross_web)
_WEB = (stock, tables, wiki, flows, lab, whiteboard)


def all_templates() -> tuple[Template, ...]:
    """Those of all programs."""
    return tuple(template for module in (*_DESKTOP, *_CROSS, *_WEB) for template in module.TASKS.templates)
