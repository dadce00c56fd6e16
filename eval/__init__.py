"""Measuring: benchmarks, the episodes that agents do on them, and what the records come to.

Read `task.py` first for what is measured, then `evaluation.py` for how.
"""

from .compare import Comparison, compare
from .evaluation import EvalError, Evaluation
from .record import Record
from .settings import EvalSettings
from .summary import Summary, summarize
from .task import Benchmark, Outcome, Rules, Scene, Task, TaskError

__all__ = [
    "Benchmark",
    "Comparison",
    "EvalError",
    "EvalSettings",
    "Evaluation",
    "Outcome",
    "Record",
    "Rules",
    "Scene",
    "Summary",
    "Task",
    "TaskError",
    "compare",
    "summarize",
]
