"""Workbench: seeded tasks in real programs on virtual desktops, judged by the files that are left behind."""

from .benchmark import Workbench
from .check import template_problems
from .template import App, Case, Collection, Job, Template, miss

__all__ = ["App", "Case", "Collection", "Job", "Template", "Workbench", "miss", "template_problems"]
