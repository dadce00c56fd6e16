"""Stores calibration results per server and model, so that a run does not start with a model whose clicks miss.

One file per model, `<folder>/<hash of server and model>.json`. Unreadable files are ignored.
"""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from screenwright._home import home_folder

from ..core.model import Model, ModelInfo
from ..dialects.dialect import Dialect
from ..dialects.registry import dialect_for_model
from .calibration import Calibration


class CachedCalibration(BaseModel):
    """The calibration result of `model` at `endpoint`, measured with `dialect`.

    `measured_space` describes the coordinate space that the replies fit, if any; `compatible_dialects` expect that
    space.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    endpoint: str
    model: str
    version: str = ""
    dialect: str
    fits: bool
    measured_space: str | None = None
    compatible_dialects: tuple[str, ...] = ()
    found: str
    at: datetime


def default_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The cache folder, in the user's state folder: `$XDG_STATE_HOME` or `~/.local/state`."""
    state = environ.get("XDG_STATE_HOME", "")
    home = Path(state) if Path(state).is_absolute() else home_folder() / ".local" / "state"
    return home / "screenwright" / "models"


def save_calibration(calibration: Calibration, info: ModelInfo, folder: Path) -> Path | None:
    """Save `calibration` of the model `info`; returns the file, or None if the calibration did not complete.

    Raises:
        OSError: the file cannot be written.
    """
    if calibration.lost:
        return None
    result = CachedCalibration(
        endpoint=info.endpoint,
        model=info.name,
        version=info.version,
        dialect=calibration.dialect.name,
        fits=calibration.fits,
        measured_space=None if calibration.space is None else calibration.space.name,
        compatible_dialects=calibration.compatible_dialects(),
        found=calibration.check().found,
        at=datetime.now(UTC).replace(microsecond=0),
    )
    path = _path(info.endpoint, info.name, folder)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".part", delete=False, encoding="utf-8") as part:
        part.write(result.model_dump_json(indent=2) + "\n")
    Path(part.name).replace(path)  # atomic: another run may be reading it
    return path


def load_calibration(endpoint: str, model: str, folder: Path) -> CachedCalibration | None:
    """The saved result for `model` at `endpoint`; None if there is none or it is unreadable."""
    try:
        result = CachedCalibration.model_validate_json(_path(endpoint, model, folder).read_bytes())
    except (OSError, ValidationError):
        return None
    return result if (result.endpoint, result.model) == (endpoint, model) else None


def refusal_of(model: Model, dialect: Dialect | None, folder: Path) -> str | None:
    """Why `model`, which is connected, must not be used with `dialect`, in one line; None if no reason is known.

    Without a dialect, the model's name selects it. A model that fits no space in one dialect may still fit in another,
    and a result of another version of the server does not count.
    """
    info = model.info()
    chosen = dialect or dialect_for_model(info.name)
    result = load_calibration(info.endpoint, info.name, folder)
    if chosen is None or result is None or (info.version and result.version not in ("", info.version)):
        return None
    is_same = result.dialect == chosen.name
    if (result.fits and is_same) or chosen.name in result.compatible_dialects:
        return None
    if result.measured_space is None and not is_same:
        return None
    advice = f"use --dialect {result.compatible_dialects[0]}, or " if result.compatible_dialects else ""
    problem = "its clicks would miss" if result.measured_space is None else f"it answers in {result.measured_space}"
    return (
        f"{info.name} does not fit the dialect {chosen.name}: {problem} (measured {result.at:%Y-%m-%d}); {advice}run "
        "screenwright doctor again"
    )


def _path(endpoint: str, model: str, folder: Path) -> Path:
    name = hashlib.sha256(f"{endpoint}\n{model}".encode()).hexdigest()[:16]
    return folder / f"{name}.json"
