"""All templates, in the order of the benchmark."""

from .apps import calc, cross, database, drawings, editor, files, mail, notes, pictures, slides, terminal, writer
from .template import Template

_MODULES = (editor, terminal, files, calc, writer, slides, notes, mail, database, pictures, drawings, cross)


def all_templates() -> tuple[Template, ...]:
    """Those of all programs."""
    return tuple(template for module in _MODULES for template in module.TASKS.templates)
