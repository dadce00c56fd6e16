"""Evaluation: benchmarks, running their episodes, and summarizing the results.

Read `core/task.py` first for the contracts of benchmarks, then `runner/evaluation.py` for how they run.
"""

from .analysis.compare import Comparison, compare
from .analysis.summary import Summary, summarize
from .core.config import EvalConfig
from .core.record import Record
from .core.task import Benchmark, Outcome, Rules, Task, TaskError, TaskInstance
from .runner.evaluation import EvalError, Evaluation

__all__ = [
    "Benchmark",
    "Comparison",
    "EvalConfig",
    "EvalError",
    "Evaluation",
    "Outcome",
    "Record",
    "Rules",
    "Summary",
    "Task",
    "TaskError",
    "TaskInstance",
    "compare",
    "summarize",
]
