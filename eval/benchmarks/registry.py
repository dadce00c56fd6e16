"""Finds benchmarks by name: ours and those of other packages.

A package adds a benchmark by an entry point in the group `screenwright.benchmarks`: a function or class that returns a
`Benchmark`. If it has a parameter `root`, it gets the folder of `--root`, which is required unless the parameter has a
default. The first line of its docstring is its description: what it measures and where its data comes from.
"""

import inspect
from pathlib import Path
from typing import Protocol, runtime_checkable

from screenwright._plugins import PluginError, load_plugin, plugin_names

from ..core.config import EvalConfig
from ..core.task import Benchmark


@runtime_checkable
class Configurable(Protocol):
    """A benchmark that needs more settings than the folder of its data."""

    def configured(self, settings: EvalConfig) -> Benchmark:
        """A copy configured by the settings.

        Raises:
            ValueError: a setting that it needs is missing or invalid.
        """
        ...


def benchmark_for(settings: EvalConfig) -> Benchmark:
    """The benchmark that the settings name, configured by them.

    Raises:
        ValueError: there is no such benchmark, a setting is missing, or it has no use for one that was given.
        TaskError: its data is missing.
    """
    benchmark = benchmark_named(settings.benchmark, settings.root)
    if settings.provider and settings.benchmark != "osworld":
        raise ValueError(f"{settings.benchmark} has no use for --provider: leave it out")
    if isinstance(benchmark, Configurable):
        return benchmark.configured(settings)
    judging = () if settings.best_of > 1 else ("judge", "judge_prompts")
    for name in (*judging, "python", "option"):
        if getattr(settings, name):
            raise ValueError(f"{settings.benchmark} has no use for --{name.replace('_', '-')}: leave it out")
    return benchmark


def benchmark_named(name: str, root: Path | None = None) -> Benchmark:
    """The benchmark `name`, with its data in `root`.

    Raises:
        ValueError: there is no such benchmark, or it takes or needs no root.
        TaskError: its data is missing.
    """
    make = load_plugin("benchmark", name)
    parameter = inspect.signature(make).parameters.get("root")
    if root is not None and parameter is None:
        raise ValueError(f"the benchmark {name} needs no data folder: leave out --root")
    if root is None and parameter is not None and parameter.default is parameter.empty:
        raise ValueError(f"{name} needs --root: {description_of(name)}")
    if root is not None and not root.exists():
        raise ValueError(f"--root {root} does not exist: {description_of(name)}")
    benchmark: Benchmark = make() if root is None else make(root=root)
    return benchmark


def benchmark_names() -> tuple[str, ...]:
    """The names of all benchmarks, sorted."""
    return plugin_names("benchmark")


def description_of(name: str) -> str:
    """The first line of a benchmark's documentation, or why it cannot be loaded."""
    try:
        return (inspect.getdoc(load_plugin("benchmark", name)) or "").partition("\n")[0]
    except (ImportError, PluginError) as error:
        return str(error)
