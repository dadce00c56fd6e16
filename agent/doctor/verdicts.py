"""What calibration found, kept for each server and model, so that a run does not begin with a model that clicks beside.

One small file a model, `<folder>/<hash of server and model>.json`. One that cannot be read is none.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from ..core.model import Model, ModelInfo, ModelLost
from ..dialects.dialect import Dialect
from ..dialects.registry import dialect_for_model
from .calibration import Calibration


class CachedCalibration(BaseModel):
    """What was found of `model` at `endpoint`, asked in `dialect`.

    `answers_in` names the space that its answers fit, if any; `speakers` are the dialects that take them so.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    endpoint: str
    model: str
    version: str = ""
    dialect: str
    fits: bool
    answers_in: str | None = None
    speakers: tuple[str, ...] = ()
    found: str
    at: datetime


def default_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where verdicts are kept: the user's folder for state, `$XDG_STATE_HOME` or `~/.local/state`."""
    state = environ.get("XDG_STATE_HOME", "")
    home = Path(state) if Path(state).is_absolute() else Path.home() / ".local" / "state"
    return home / "screenwright" / "models"


def save_calibration(calibration: Calibration, info: ModelInfo, folder: Path) -> Path | None:
    """Write down what `calibration` found of the model `info`; the file. None where it was not measured to the end.

    Raises:
        OSError: the file cannot be written.
    """
    if calibration.lost:
        return None
    verdict = CachedCalibration(
        endpoint=info.endpoint,
        model=info.name,
        version=info.version,
        dialect=calibration.dialect.name,
        fits=calibration.fits,
        answers_in=None if calibration.space is None else calibration.space.name,
        speakers=calibration.speakers(),
        found=calibration.check().found,
        at=datetime.now(UTC).replace(microsecond=0),
    )
    path = _path(info.endpoint, info.name, folder)
    folder.mkdir(parents=True, exist_ok=True)
    _replace(path, verdict.model_dump_json(indent=2) + "\n")
    return path


def load_calibration(endpoint: str, model: str, folder: Path) -> CachedCalibration | None:
    """What was found of `model` at `endpoint`; None if nothing was, or it cannot be read."""
    verdict = _read(_path(endpoint, model, folder))
    return verdict if verdict and (verdict.endpoint, verdict.model) == (endpoint, model) else None


def refusal(endpoint: str, model: str, dialect: str, folder: Path, *, version: str = "") -> str | None:
    """Why `model` at `endpoint` should not be worked with in `dialect`, in one line; None if nothing speaks against it.

    That is so while nothing was measured, or, where `version` is given, while another version of the server was. A
    model whose answers fitted nothing in one dialect may still fit in another.
    """
    verdict = load_calibration(endpoint, model, folder)
    if verdict is None or (version and verdict.version and version != verdict.version):
        return None
    if verdict.fits and verdict.dialect == dialect:
        return None
    if dialect in verdict.speakers or (verdict.answers_in is None and verdict.dialect != dialect):
        return None
    when = f"{verdict.at:%Y-%m-%d}"
    advice = f"say --dialect {verdict.speakers[0]}, or " if verdict.speakers else ""
    said = "its clicks would land beside" if verdict.answers_in is None else f"it answers in {verdict.answers_in}"
    return (
        f"{model} does not fit the dialect {dialect}: {said} (measured {when}); {advice}run screenwright doctor again"
    )


def refusal_of(model: Model, dialect: Dialect | None, folder: Path) -> str | None:
    """The same for a model that is about to be worked with; without a dialect, its name chooses it.

    The model is contacted only where something was measured at its address. That it cannot be reached, or that its name
    tells no dialect, is for the run to say.
    """
    endpoint = model.info().endpoint
    if not any(verdict.endpoint == endpoint for verdict in _all(folder)):
        return None
    try:
        model.connect()
    except ModelLost:
        return None
    info = model.info()
    spoken = dialect or dialect_for_model(info.name)
    return None if spoken is None else refusal(endpoint, info.name, spoken.name, folder, version=info.version)


def _all(folder: Path) -> Iterator[CachedCalibration]:
    for path in folder.glob("*.json"):
        if verdict := _read(path):
            yield verdict


def _read(path: Path) -> CachedCalibration | None:
    try:
        return CachedCalibration.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _path(endpoint: str, model: str, folder: Path) -> Path:
    name = hashlib.sha256(f"{endpoint}\n{model}".encode()).hexdigest()[:16]
    return folder / f"{name}.json"


def _replace(path: Path, text: str) -> None:
    """Write `text` to `path` so that a reader finds the old file or the new one, never half of it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
