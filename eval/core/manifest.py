"""What was run and with what: enough for somebody else to run it again, and to see what differs if it comes out so."""

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

_PACKAGES = ("screenwright", "playwright", "ui-tars", "pillow", "openai", "rapidocr", "onnxruntime", "torch", "vllm")


@dataclass(frozen=True, slots=True)
class Manifest:
    """An evaluation. `benchmark` names what exactly its tasks are; `code` the commit, with `+` if it was changed.

    `protocol` names the preset and what was set otherwise, and `differs` what of that protocol no setting gives.
    """

    settings: EvalConfig
    benchmark: str
    rules: Rules
    episodes: tuple[EpisodeId, ...]
    code: str
    packages: dict[str, str]
    machine: dict[str, str]
    begun: str
    plan_sha256: str
    repeats: str = ""
    ended: str = ""
    protocol: str = ""
    differs: tuple[str, ...] = ()
    agents: tuple[dict[str, str], ...] = field(default=())


MANIFEST: TypeAdapter[Manifest] = TypeAdapter(Manifest)


def make_manifest(
    settings: EvalConfig, benchmark: Benchmark, episodes: Sequence[EpisodeId], repeats: str = ""
) -> Manifest:
    """The manifest of an evaluation that begins now."""
    return Manifest(
        settings=settings,
        benchmark=f"{benchmark.name} {benchmark.version}",
        rules=benchmark.rules,
        episodes=tuple(episodes),
        code=_code(),
        packages=_versions(),
        machine=_machine(),
        begun=now(),
        plan_sha256=sha256("\n".join(episode.path for episode in episodes).encode()).hexdigest(),
        repeats=repeats,
        protocol=settings.protocol,
        differs=preset_named(settings.preset).differs if settings.preset else (),
    )


def differences(old: Manifest, new: Manifest) -> list[str]:
    """What differs between two evaluations that should be the same, a line each."""
    lines = [
        f"{what}: {before or 'unknown'}, now {after or 'unknown'}"
        for what, before, after in (
            ("the benchmark", old.benchmark, new.benchmark),
            ("the code", old.code, new.code),
            ("the episodes", old.plan_sha256[:12], new.plan_sha256[:12]),
        )
        if before != after
    ]
    names = sorted(old.packages.keys() | new.packages.keys())
    changed = [(name, old.packages.get(name, "not there"), new.packages.get(name, "not there")) for name in names]
    return lines + [f"{name}: {before}, now {after}" for name, before, after in changed if before != after]


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
    """The commit that this code is at, if it lies in a checkout of ours."""
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
