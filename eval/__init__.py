"""Evaluation: benchmarks, running their episodes, and summarizing the results.

Read `core/task.py` first for the contracts of benchmarks, then `runner/evaluation.py` for how they run.

The names are listed in `__init__.pyi`. Each is imported on first use, since the command line needs only the settings.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
