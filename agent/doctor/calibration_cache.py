"""Remembers which models were calibrated, so that a run measures a model only at its first contact.

One file per server, model, dialect and source of the prompt: `<folder>/<hash of these>.json`. Only calibrations that
fit are remembered, so that a model that misses is measured again. Unreadable files are ignored.
"""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from screenwright._home import state_folder

from ..core.model import ModelInfo
from ..dialects.dialect import Dialect
from .calibration import Calibration, grounding_form


class CachedCalibration(BaseModel):
    """`model` at `endpoint` fits `dialect`; `found` is the result as the doctor reports it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    endpoint: str
    model: str
    version: str = ""
    dialect: str
    prompt_source: str
    found: str
    at: datetime


def default_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The cache folder, in the user's state folder."""
    return state_folder(environ) / "models"


def save_calibration(calibration: Calibration, info: ModelInfo, folder: Path) -> Path | None:
    """Remember that the model `info` fits, and return the file; or forget it if it does not fit, and return None.

    A calibration that did not complete changes nothing.

    Raises:
        OSError: the file cannot be written.
    """
    dialect = calibration.dialect
    path = _path(info, dialect, folder)
    if not calibration.fits:
        if not calibration.lost:
            path.unlink(missing_ok=True)
        return None
    result = CachedCalibration(
        endpoint=info.endpoint,
        model=info.name,
        version=info.version,
        dialect=dialect.name,
        prompt_source=dialect.prompt_source,
        found=calibration.check().found,
        at=datetime.now(UTC).replace(microsecond=0),
    )
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".part", delete=False, encoding="utf-8") as part:
        part.write(result.model_dump_json(indent=2) + "\n")
    Path(part.name).replace(path)  # atomic: another run may be reading it
    return path


def load_calibration(info: ModelInfo, dialect: Dialect, folder: Path) -> CachedCalibration | None:
    """The remembered result of the model `info` with `dialect`; None if there is none for this server version."""
    try:
        result = CachedCalibration.model_validate_json(_path(info, dialect, folder).read_bytes())
    except (OSError, ValidationError):
        return None
    return None if info.version and result.version not in ("", info.version) else result


def _path(info: ModelInfo, dialect: Dialect, folder: Path) -> Path:
    asked_in = grounding_form(dialect)
    key = "\n".join((info.endpoint, info.name, asked_in.name, asked_in.prompt_source))
    return folder / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.json"
