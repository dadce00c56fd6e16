"""The benchmarks by name: ours, and those that other packages bring.

A package brings one by an entry point in the group `screenwright.benchmarks`: the benchmark's name, and a function
that is given the folder of its data (or None) and returns the `Benchmark`.
"""

from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import TypeAlias

from .task import Benchmark

GROUP = "screenwright.benchmarks"

MakeBenchmark: TypeAlias = Callable[[Path | None], Benchmark]


def benchmark_named(name: str, root: Path | None = None) -> Benchmark:
    """The benchmark `name`, with its data in `root`.

    Raises:
        ValueError: there is none of that name, or it takes or needs no root; says which there are.
        TaskError: its data is not there.
    """
    if name in _OURS:
        return _OURS[name](root)
    for point in entry_points(group=GROUP):
        if point.name == name:
            make: MakeBenchmark = point.load()
            return make(root)
    raise ValueError(f"there is no benchmark {name!r}; there are {', '.join(benchmark_names())}")


def benchmark_names() -> tuple[str, ...]:
    """All that are there."""
    return (*_OURS, *sorted(point.name for point in entry_points(group=GROUP)))


def _demo(root: Path | None) -> Benchmark:
    from .benchmarks.demo import Demo

    if root is not None:
        raise ValueError("the benchmark demo has no data: leave out --root")
    return Demo()


def _miniwob(root: Path | None) -> Benchmark:
    from .benchmarks.miniwob import miniwob

    return miniwob(root)


def _miniwob_timed(root: Path | None) -> Benchmark:
    from .benchmarks.miniwob import miniwob

    return miniwob(root).with_official_clock()


def _miniwob_browsergym(root: Path | None) -> Benchmark:
    from .benchmarks.miniwob import miniwob_browsergym

    return miniwob_browsergym(root)


def _infinity(root: Path | None) -> Benchmark:
    from .benchmarks.infinity import webarena_infinity

    return webarena_infinity(root)


def _infinity_all(root: Path | None) -> Benchmark:
    from .benchmarks.infinity import webarena_infinity_all

    return webarena_infinity_all(root)


_OURS: dict[str, MakeBenchmark] = {
    "demo": _demo,
    "miniwob": _miniwob,
    "miniwob-timed": _miniwob_timed,
    "miniwob-browsergym": _miniwob_browsergym,
    "webarena-infinity": _infinity,
    "webarena-infinity-all": _infinity_all,
}
