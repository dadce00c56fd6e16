"""The benchmarks by name: ours, and those that other packages bring.

A package brings one by an entry point in the group `screenwright.benchmarks`: the benchmark's name, and a function
that is given the folder of its data (or None) and returns the `Benchmark`.
"""

from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

from ..core.config import EvalConfig
from ..core.task import Benchmark

GROUP = "screenwright.benchmarks"

MakeBenchmark: TypeAlias = Callable[[Path | None], Benchmark]


@runtime_checkable
class Configurable(Protocol):
    """A benchmark that needs more of the settings than where its data is."""

    def configured(self, settings: EvalConfig) -> Benchmark:
        """The benchmark as the settings ask for it.

        Raises:
            ValueError: something that it needs is missing.
        """
        ...


def benchmark_for(settings: EvalConfig) -> Benchmark:
    """The benchmark that the settings name.

    Raises:
        ValueError: there is none of that name, or a setting is missing, or none that it could use.
        TaskError: its data is not there.
    """
    benchmark = benchmark_named(settings.benchmark, settings.root)
    if isinstance(benchmark, Configurable):
        return benchmark.configured(settings)
    for name in ("judge", "judge_prompts", "python", "option"):
        if getattr(settings, name):
            raise ValueError(f"{settings.benchmark} has no use for --{name.replace('_', '-')}: leave it out")
    return benchmark


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
    from .demo import Demo

    if root is not None:
        raise ValueError("the benchmark demo has no data: leave out --root")
    return Demo()


def _gallery(root: Path | None) -> Benchmark:
    from .gallery import Gallery

    if root is not None:
        raise ValueError("the benchmark gallery brings its pages: leave out --root")
    return Gallery()


def _miniwob(root: Path | None) -> Benchmark:
    from .miniwob import miniwob

    return miniwob(root)


def _miniwob_timed(root: Path | None) -> Benchmark:
    from .miniwob import miniwob

    return miniwob(root).with_official_clock()


def _miniwob_browsergym(root: Path | None) -> Benchmark:
    from .miniwob import miniwob_browsergym

    return miniwob_browsergym(root)


def _infinity(root: Path | None) -> Benchmark:
    from .infinity import webarena_infinity

    return webarena_infinity(root)


def _infinity_all(root: Path | None) -> Benchmark:
    from .infinity import webarena_infinity_all

    return webarena_infinity_all(root)


def _ui_cube(root: Path | None) -> Benchmark:
    from .ui_cube import ui_cube

    return ui_cube(root)


def _grounding(root: Path | None) -> Benchmark:
    from .grounding_pages import PageGrounding

    if root is not None:
        raise ValueError("the benchmark grounding makes its pages: leave out --root")
    return PageGrounding()


def _screenspot(root: Path | None) -> Benchmark:
    from .grounding import screenspot

    return screenspot(root)


def _screenspot_pro(root: Path | None) -> Benchmark:
    from .grounding import screenspot_pro

    return screenspot_pro(root)


def _osworld_g(root: Path | None) -> Benchmark:
    from .grounding import osworld_g

    return osworld_g(root)


def _webvoyager(root: Path | None) -> Benchmark:
    from .web_tasks import webvoyager

    return webvoyager(root)


def _online_mind2web(root: Path | None) -> Benchmark:
    from .web_tasks import online_mind2web

    return online_mind2web(root)


def _osworld(root: Path | None) -> Benchmark:
    from .osworld import osworld

    return osworld(root)


def _android_world(root: Path | None) -> Benchmark:
    from .android_world import android_world

    return android_world(root)


def _through_browsergym(name: str) -> MakeBenchmark:
    def make(root: Path | None) -> Benchmark:
        from .browsergym import browsergym

        return browsergym(name, root)

    return make


def _webarena_verified(root: Path | None) -> Benchmark:
    from .webarena_verified import webarena_verified

    return webarena_verified(root)


_THROUGH_BROWSERGYM = ("webarena", "visualwebarena", "workarena", "assistantbench", "browsergym-miniwob")

_OURS: dict[str, MakeBenchmark] = {
    "demo": _demo,
    "gallery": _gallery,
    "miniwob": _miniwob,
    "miniwob-timed": _miniwob_timed,
    "miniwob-browsergym": _miniwob_browsergym,
    "webarena-infinity": _infinity,
    "webarena-infinity-all": _infinity_all,
    "ui-cube": _ui_cube,
    "grounding": _grounding,
    "screenspot": _screenspot,
    "screenspot-pro": _screenspot_pro,
    "osworld-g": _osworld_g,
    "webvoyager": _webvoyager,
    "online-mind2web": _online_mind2web,
    "osworld": _osworld,
    "androidworld": _android_world,
    "webarena-verified": _webarena_verified,
    **{name: _through_browsergym(name) for name in _THROUGH_BROWSERGYM},
}
