"""A bundle: one archive of a recorded run without what is private, to report a problem or to keep as a test.

It holds the events, the screenshots, the settings, versions, and the checks of `screenwright doctor`; see `archive.py`.
`read_run` reads it like the folder of the run.
"""

import io
import json
import platform
import tomllib
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from pydantic import JsonValue, TypeAdapter

from screenwright._files import MIB, read_file, read_text_file, write_file

from ...envs.check import Check
from .archive import EVENTS, INFO, MAX_BYTES, MAX_FILES, SETTINGS
from .privacy import json_without_private, private_values
from .trajectory import Run, RunError, read_run

FORMAT = 1
_PACKAGES = ("screenwright", "pillow", "playwright", "python-xlib", "mss", "pyautogui", "rapidocr", "onnxruntime")
_LEFT_OUT = ("secret", "proxy", "request", "profile", "storage", "cookie", "header", "keep", "grant", "home")
"""Settings whose names contain one of these are left out."""

_CHECKS = TypeAdapter(tuple[Check, ...])


def write_bundle(folder: Path, path: Path, checks: Iterable[Check] = ()) -> Run:
    """Write the run in `folder` as a bundle to `path`, with the results of `checks`; returns the run.

    Raises:
        RunError: there is no such run, it is too large, or the bundle cannot be written.
    """
    run = read_run(folder)
    if folder.is_file():
        raise RunError(f"{folder} is a bundle already")
    private, shots = private_values(), run.screenshots
    try:
        events = _events(read_file(folder / EVENTS, MAX_BYTES, inside=folder), private)
        texts = {EVENTS: events, INFO: _info(checks, private), **_settings(folder, private)}
        size = sum(map(len, texts.values())) + sum(len(shot.png) for shot in shots)
        if size > MAX_BYTES or len(shots) > MAX_FILES - len(texts):
            raise RunError(f"{folder} is too large for a bundle: {size // MIB} MiB, {len(shots)} screenshots")
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in texts.items():
                archive.writestr(name, data)
            for shot in shots:
                archive.writestr(f"images/{shot.sha256}.png", shot.png, zipfile.ZIP_STORED)
        write_file(path, buffer.getvalue())
    except OSError as error:
        raise RunError(f"cannot write the bundle {path}: {error.strerror or error}") from error
    return run


def _events(lines: bytes, private: tuple[str, ...]) -> bytes:
    return b"".join(_line(line, private) + b"\n" for line in lines.split(b"\n")[:-1])


def _line(line: bytes, private: tuple[str, ...]) -> bytes:
    event: JsonValue = json.loads(line)
    hidden = json_without_private(event, private)
    return line if hidden == event else _json(hidden)


def _json(value: JsonValue) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _info(checks: Iterable[Check], private: tuple[str, ...]) -> bytes:
    versions: dict[str, JsonValue] = {name: version for name in _PACKAGES if (version := _version(name))}
    info: dict[str, JsonValue] = {
        "format": FORMAT,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "packages": versions,
        "checks": _CHECKS.dump_python(tuple(checks), mode="json"),
    }
    return _json(json_without_private(info, private))


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _settings(folder: Path, private: tuple[str, ...]) -> dict[str, bytes]:
    """The settings file, without what holds secrets or folders of the user; none if the run has no such file."""
    try:
        values = tomllib.loads(read_text_file(folder / SETTINGS, inside=folder))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return {}  # it was written by something else
    kept = {name: value for name, value in values.items() if not any(part in name for part in _LEFT_OUT)}
    lines = [f"{name} = {json.dumps(json_without_private(value, private))}\n" for name, value in kept.items()]
    return {SETTINGS: "".join(lines).encode()}
