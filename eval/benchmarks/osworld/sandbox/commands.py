"""Commands and files of the machine, as requests of OSWorld's controllers ask for them."""

import os
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from starlette.datastructures import UploadFile
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response

Fields: TypeAlias = Mapping[str, Any]
"""The fields of a request, from JSON or a form."""

_COMMAND_S = 120.0
_SCRIPT_S = 30.0


def execute(fields: Fields) -> Response:
    """Run a command, a list or with `shell` a text, and return its output."""
    return _output(lambda: _run(_command(fields), shell=bool(fields.get("shell"))))


def execute_and_verify(fields: Fields, has_window: Callable[[str], bool]) -> Response:
    """Run a command and wait until a window is there or another command succeeds."""
    answer = execute(fields)
    wanted: Fields = fields.get("verification") or {}
    end = time.monotonic() + float(fields.get("max_wait_time", 10))
    while answer.status_code == 200 and not _is_verified(wanted, has_window):
        if time.monotonic() > end:
            return JSONResponse({"status": "verification_failed", "verification": dict(wanted)}, 500)
        time.sleep(float(fields.get("check_interval", 1)))
    return answer


def launch(fields: Fields) -> Response:
    """Start a program and do not wait for it."""
    try:
        subprocess.Popen(_command(fields), shell=bool(fields.get("shell")))
    except OSError as error:
        return _failed(error)
    return PlainTextResponse(f"{fields.get('command')} launched successfully")


def run_python(fields: Fields) -> Response:
    """Run a Python program."""
    return _script(str(fields.get("code", "")), ("python3",), ".py", _SCRIPT_S, None)


def run_bash(fields: Fields) -> Response:
    """Run a bash script in a folder."""
    folder = fields.get("working_dir")
    return _script(str(fields.get("script", "")), ("bash",), ".sh", float(fields.get("timeout", 100)), folder)


def send_file(fields: Fields) -> Response:
    """The content of a file."""
    path = expanded(fields["file_path"])
    return FileResponse(path) if path.is_file() else JSONResponse({"error": "File not found"}, 404)


def upload(fields: Fields) -> Response:
    """Write a file."""
    path, data = expanded(fields["file_path"]), fields["file_data"]
    assert isinstance(data, UploadFile)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            shutil.copyfileobj(data.file, file)
    except OSError as error:
        return _failed(error)
    return PlainTextResponse(f"File Uploaded: {path.stat().st_size} bytes")


def list_directory(fields: Fields) -> Response:
    """The tree of files below a folder."""
    path = Path(str(fields["path"]))
    if not path.is_dir():
        return JSONResponse({"error": "The provided path is not a directory"}, 400)
    return JSONResponse({"directory_tree": _tree(path)})


def desktop_path(_: Fields) -> Response:
    """The folder Desktop."""
    return JSONResponse({"desktop_path": str(Path.home() / "Desktop")})


def wallpaper(_: Fields) -> Response:
    """The picture that the settings of the desktop name."""
    done = _run(["gsettings", "get", "org.gnome.desktop.background", "picture-uri"], shell=False)
    path = Path(done.stdout.strip().strip("'").removeprefix("file://"))
    return FileResponse(path) if path.is_file() else PlainTextResponse("Wallpaper file not found", 404)


def change_wallpaper(fields: Fields) -> Response:
    """Set that picture."""
    path = expanded(fields["path"])
    if not path.exists():
        return PlainTextResponse(f"File not found: {path}", 404)
    return execute({"command": ["gsettings", "set", "org.gnome.desktop.background", "picture-uri", path.as_uri()]})


def expanded(path: object) -> Path:
    """A path with `~` and variables replaced."""
    return Path(os.path.expandvars(str(path))).expanduser()


def _command(fields: Fields) -> "str | list[str]":
    given, shell = fields.get("command", ""), bool(fields.get("shell"))
    if shell and isinstance(given, str):
        return given
    words = shlex.split(given) if isinstance(given, str) else list(map(str, given))
    return [str(Path(word).expanduser()) if word.startswith("~/") else word for word in words]


def _run(
    command: "str | list[str]", *, shell: bool, timeout_s: float = _COMMAND_S, folder: str | None = None
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command,
        shell=shell,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout_s,
        cwd=folder,
        check=False,
    )


def _output(run: "Callable[[], subprocess.CompletedProcess[str]]") -> Response:
    try:
        done = run()
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        return _failed(error)
    answer = {"status": "success", "output": done.stdout, "error": done.stderr, "returncode": done.returncode}
    return JSONResponse(answer)


def _script(text: str, interpreter: tuple[str, ...], ending: str, timeout_s: float, folder: str | None) -> Response:
    with tempfile.NamedTemporaryFile("w", suffix=ending, encoding="utf-8") as file:
        file.write(text)
        file.flush()
        return _output(lambda: _run([*interpreter, file.name], shell=False, timeout_s=timeout_s, folder=folder))


def _is_verified(wanted: Fields, has_window: Callable[[str], bool]) -> bool:
    window, command = wanted.get("window_exists"), wanted.get("command_success")
    if window and not has_window(str(window)):
        return False
    return not command or _run(["sh", "-c", str(command)], shell=False, timeout_s=5).returncode == 0


def _tree(folder: Path) -> dict[str, object]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        return {"error": str(error)}
    children = [_tree(one) if one.is_dir() else {"type": "file", "name": one.name} for one in entries]
    return {"type": "directory", "name": folder.name, "children": children}


def _failed(error: Exception) -> Response:
    return JSONResponse({"status": "error", "message": str(error)}, 500)
