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
