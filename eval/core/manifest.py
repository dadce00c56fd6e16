"""The manifest of an evaluation: settings, code, packages and machine, to reproduce it and to explain differences."""

import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pydantic import TypeAdapter

from .config import EvalConfig
from .plan import EpisodeId
from .presets import preset_named
from .task import Benchmark, Rules

_PACKAGES = ("screenwright", "playwright", "ui-tars", "pillow", "httpx2", "rapidocr", "onnxruntime", "torch", "vllm")


@dataclass(frozen=True, slots=True)
class Manifest:
    """An evaluation.

    `benchmark` is its name and version; `code` the commit, with `+` if there were local changes. `protocol` is the
    preset and the settings that differ from it; `differs` lists what no setting can reproduce of that protocol.
    `rules_sha256` identifies the rules about actions; it is empty without rules.
    """

    settings: EvalConfig
    benchmark: str
    rules: Rules
    episodes: tuple[EpisodeId, ...]
    code: str
    packages: dict[str, str]
    machine: dict[str, str]
    started: str
    plan_sha256: str
    repeats: str = ""
    ended: str = ""
    protocol: str = ""
    differs: tuple[str, ...] = ()
    agents: tuple[dict[str, str], ...] = field(default=())
    rules_sha256: str = ""


MANIFEST: TypeAdapter[Manifest] = TypeAdapter(Manifest)


def make_manifest(
    settings: EvalConfig, benchmark: Benchmark, episodes: Sequence[EpisodeId], repeats: str = ""
) -> Manifest:
    """The manifest of an evaluation that starts now."""
    return Manifest(
        settings=settings,
        benchmark=f"{benchmark.name} {benchmark.version}",
        rules=benchmark.rules,
        episodes=tuple(episodes),
        code=_code(),
        packages=_versions(),
        machine=_machine(),
        started=now(),
        plan_sha256=sha256("\n".join(episode.path for episode in episodes).encode()).hexdigest(),
        repeats=repeats,
        protocol=settings.protocol,
        differs=preset_named(settings.preset).differs if settings.preset else (),
        rules_sha256=rules_sha256(settings),
    )


def differences(old: Manifest, new: Manifest) -> list[str]:
    """The differences between two evaluations that should be the same, one a line."""
    lines = [
        f"{what}: {before or 'unknown'}, now {after or 'unknown'}"
        for what, before, after in (
            ("the benchmark", old.benchmark, new.benchmark),
            ("the code", old.code, new.code),
            ("the episodes", old.plan_sha256[:12], new.plan_sha256[:12]),
            ("the rules", old.rules_sha256[:12], new.rules_sha256[:12]),
        )
        if before != after
    ]
    names = sorted(old.packages.keys() | new.packages.keys())
    changed = [(name, old.packages.get(name, "missing"), new.packages.get(name, "missing")) for name in names]
    return lines + [f"{name}: {before}, now {after}" for name, before, after in changed if before != after]


def rules_sha256(settings: EvalConfig) -> str:
    """The hash of the rules about actions; empty without rules.

    Raises:
        ValueError: the rules cannot be read.
    """
    rules = settings.action_rules.build()
    return "" if rules is None else rules.sha256


def now() -> str:
    """The time, UTC, in ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _versions() -> dict[str, str]:
    found: dict[str, str] = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _code() -> str:
    """The commit of this code, if it is in a checkout of this repository; else empty."""
    folder = Path(__file__).resolve().parents[1]
    try:
        top = _git(folder, "rev-parse", "--show-toplevel")
        if Path(top) != folder.parent:
            return ""
        return _git(folder, "rev-parse", "HEAD") + ("+" if _git(folder, "status", "--porcelain", "-uno") else "")
    except (OSError, subprocess.SubprocessError):
        return ""


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()


def _machine() -> dict[str, str]:
    return {
        "system": platform.platform(),
        "python": platform.python_version(),
        "processor": platform.machine(),
        "cores": str(os.cpu_count() or ""),
    }
