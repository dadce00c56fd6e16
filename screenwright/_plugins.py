"""Plugins: environments, models, policies, dialects, benchmarks and guards, found by entry point.

A package registers a plugin in the group of its kind, such as `screenwright.benchmarks`. Screenwright's own plugins are
registered the same way, in pyproject.toml.

    [project.entry-points."screenwright.policies"]
    acme = "acme_screens:AcmePolicy"
"""

import difflib
import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal, TypeAlias

from ._extras import missing_extra

PluginKind: TypeAlias = Literal["env", "model", "policy", "dialect", "benchmark", "guard"]

_GROUPS: dict[PluginKind, str] = {
    "env": "screenwright.envs",
    "model": "screenwright.models",
    "policy": "screenwright.policies",
    "dialect": "screenwright.dialects",
    "benchmark": "screenwright.benchmarks",
    "guard": "screenwright.guards",
}


_MANY = 20
"""More names than this are a long line, which a name that is close to some of them does not need."""

_MAX_CLOSE = 4
_CLOSE = 0.75


class PluginError(ValueError):
    """There is no such plugin, or it cannot be loaded; the message is one line for the user."""


def plugin_names(kind: PluginKind) -> tuple[str, ...]:
    """The names of all installed plugins of that kind, sorted."""
    return tuple(sorted(_installed(kind)))


def load_plugin(kind: PluginKind, name: str) -> Any:
    """The object behind the entry point `name`; the registry of each kind documents what it must be.

    Raises:
        PluginError: no package provides it, several do, or it cannot be imported.
        ImportError: an optional dependency is not installed; the message names the extra.
    """
    found = _installed(kind).get(name)
    if not found:
        raise PluginError(f"there is no {kind} {name!r}; {_choices(kind, name)}{_hint()}")
    if len(found) > 1:
        packages = " and ".join(sorted(map(_package, found)))
        raise PluginError(f"the {kind} {name!r} is provided by {packages}: uninstall one of them")
    point = found[0]
    try:
        return point.load()
    except ModuleNotFoundError as error:
        raise missing_extra(error) or _broken(kind, point, error) from error
    except Exception as error:
        raise _broken(kind, point, error) from error


def _choices(kind: PluginKind, name: str) -> str:
    """The names to choose from: those that are close to `name`, if there are many."""
    names = plugin_names(kind)
    started = [one for one in names if name and one.startswith(name.lower())]
    close = started or difflib.get_close_matches(name.lower(), names, _MAX_CLOSE, _CLOSE)
    if len(names) > _MANY and close:
        return f"did you mean {' or '.join(close[:_MAX_CLOSE])}?"
    return f"available: {', '.join(names) or 'none'}"


def _installed(kind: PluginKind) -> Mapping[str, list[EntryPoint]]:
    return _entry_points(tuple(sys.path))[kind]


@cache  # reads the metadata of every installed package, about 20 ms
def _entry_points(path: tuple[str, ...]) -> dict[PluginKind, dict[str, list[EntryPoint]]]:
    found: dict[PluginKind, dict[str, list[EntryPoint]]] = {kind: {} for kind in _GROUPS}
    for kind, group in _GROUPS.items():
        for point in entry_points(group=group):
            found[kind].setdefault(point.name, []).append(point)
    return found


def _broken(kind: PluginKind, point: EntryPoint, error: Exception) -> PluginError:
    cause = f"{type(error).__name__}: {error}"
    return PluginError(f"the {kind} {point.name!r} of {_package(point)} cannot be loaded from {point.value}: {cause}")


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else "an unknown package"


def _hint() -> str:
    """Advice if Screenwright's own plugins are not registered, as in a checkout that was never installed."""
    ours = {"screenwright"} & {_package(point) for points in _installed("dialect").values() for point in points}
    return "" if ours else "; screenwright's own are not registered: install it again (pip install -e .)"
