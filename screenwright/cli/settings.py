"""Settings of `screenwright run`, from flags, the environment and a file: one table of names for all three.

The flag `--model-name` is the variable `SCREENWRIGHT_MODEL_NAME` and the key `model_name` in `screenwright.toml`.
Flags win over the environment, which wins over the file. An unknown key is an error wherever it stands.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..agent.dialects.prompting.thoughts import Thoughts
from ..agent.policy.image_history import HISTORY_HELP, HISTORY_PATTERN

PREFIX = "SCREENWRIGHT_"
DEFAULT_FILE = Path("screenwright.toml")


class SettingsError(Exception):
    """A setting is wrong; the message is one line that names it and says what it may be."""


class RunSettings(BaseModel):
    """What `screenwright run` may be told. The descriptions are the help texts of the flags."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    env: Literal["browser", "desktop", "vnc", "android"] = Field(
        "browser", description="what to work: a browser page, a desktop, a remote one (VNC), or a phone (adb)"
    )
    url: str = Field("about:blank", description="browser: the page to begin on")
    headed: bool = Field(False, description="browser: show the window")
    window: bool = Field(
        False, description="browser: work a whole browser window, with its own tabs, address bar and dialogs"
    )
    screen: str = Field(
        "1280x720", pattern=r"^[1-9]\d*x[1-9]\d*$", description="size of the page or of the virtual desktop"
    )
    tab_strip: bool = Field(False, description="browser: draw the tabs and the address along the upper edge")
    dialogs: Literal["ask", "rule"] = Field(
        "ask", description="browser: dialogs drawn for the model to answer, or alerts read and all else declined"
    )
    upload_from: tuple[str, ...] = Field((), description="browser: a folder of files that may be uploaded; repeatable")
    profile: str | None = Field(None, description="browser: a folder that keeps cookies and logins from run to run")
    scale: float = Field(1.0, gt=0, le=4, description="browser: device scale factor")
    storage_state: str | None = Field(None, description="browser: a file with cookies and storage to begin with")
    save_storage: str | None = Field(None, description="browser: a file to write cookies and storage to in the end")
    locale: str | None = Field(None, description="browser: language and formats, such as de-DE")
    timezone: str | None = Field(None, description="browser: time zone, such as Europe/Berlin")
    dark: bool = Field(False, description="browser: ask pages for their dark colours")
    geolocation: str | None = Field(
        None, description="browser: LATITUDE,LONGITUDE that pages may know; negative ones as --geolocation=-33.9,18.4"
    )
    proxy: str | None = Field(None, description="browser: a proxy for everything, such as http://HOST:PORT")
    user_agent: str | None = Field(None, description="browser: what it calls itself")
    cdp: str | None = Field(
        None, description="browser: work a Chromium that runs already, at its DevTools address http://127.0.0.1:9222"
    )
    browser: Literal["chromium", "firefox", "webkit"] = Field("chromium", description="browser: which one to start")
    allow_host: tuple[str, ...] = Field(
        (), description="browser: a host that may be reached, with all names below it, and then no other; repeatable"
    )
    virtual: bool = Field(False, description="desktop: start a display of its own instead of taking the real one")
    watch: bool = Field(
        False, description="desktop: show the virtual display in a browser tab, whose address is printed"
    )
    watcher_works: bool = Field(False, description="desktop: let mouse and keys of that tab reach the display too")
    program: tuple[str, ...] = Field((), description="desktop: a program to start on the virtual display; repeatable")
    display: str | None = Field(None, description="desktop, or browser window: the X display to work, such as :1")
    monitor: int = Field(1, ge=1, description="desktop: which monitor of the real screen, counted from 1")
    hot_key: str = Field(
        "double escape",
        description="desktop, on a real screen: what stops the run at once, such as ctrl+alt+q or double pause; or off",
    )
    pause_for_user: float = Field(
        5.0,
        ge=0,
        description="desktop, on a real screen: hold while the user works it, until it was left alone so many seconds; "
        "0 does not",
    )
    address: str | None = Field(None, description="vnc: where the server is, such as 192.0.2.7:5901 or HOST:1")
    password_file: str | None = Field(
        None, description="vnc: a file whose first line is the password (default: the variable VNC_PASSWORD)"
    )
    device: str | None = Field(None, description="android: the serial of the phone, as adb devices says")
    yes: bool = Field(False, description="desktop, vnc, android: take over the screen without asking first")
    model: str = Field("reader", description="reader, the address of an OpenAI-compatible server, or a model's folder")
    model_name: str | None = Field(None, description="the model's name at that server, if it serves several")
    dialect: str | None = Field(None, description="how the model speaks, if its name does not tell")
    prompt: Literal["computer", "browser", "mobile"] | None = Field(
        None, description="which prompt to ask in, where the dialect has several (default: by the screen)"
    )
    thoughts: Thoughts = Field(
        Thoughts.OFFICIAL, description="planned asks for plan, milestones and a look back in our words, with --dialect"
    )
    history: str = Field(
        "chunked:5:2",
        pattern=HISTORY_PATTERN,
        description=HISTORY_HELP,
    )
    image_format: Literal["png", "jpeg"] = Field("png", description="how screenshots go to the model")
    image_uuids: bool = Field(False, description="vLLM: send the bytes of each screenshot once only")
    constrain: bool = Field(False, description="vLLM: admit no reply but a thought and one action of the dialect")
    uncalibrated: bool = Field(
        False, description="go on although screenwright doctor measured that this model's clicks land elsewhere"
    )
    steps: int = Field(50, gt=0, description="most steps")
    seconds: float | None = Field(None, gt=0, description="most seconds")
    tokens: int | None = Field(None, gt=0, description="most tokens, in and out")
    reflect: bool = Field(True, description="tell the model when nothing changed, and lead it out of circles")
    second_look: str | None = Field(
        None, description="check a finish: same, for the same model, or the address of another one"
    )
    restarts: int = Field(
        1, ge=0, description="browser: how often one that crashed is started again, where it was; 0 ends the run then"
    )
    confirm: bool = Field(False, description="ask before each action")
    out: Path | None = Field(None, description="folder to record the run in (default: runs/TIME-TASK)")


def load_settings(flags: Mapping[str, object], environ: Mapping[str, str], file: Path | None) -> RunSettings:
    """The settings; `flags` holds only those that were given. `file` must exist if it is named.

    Raises:
        SettingsError: the file is malformed, or a setting is unknown or wrong.
    """
    merged = {**_from_file(file), **_from_environment(environ), **flags}
    try:
        return RunSettings.model_validate(merged)
    except ValidationError as error:
        raise SettingsError(_first_problem(error, flags, environ, file)) from error


def _from_file(file: Path | None) -> dict[str, object]:
    path = file or DEFAULT_FILE
    if file is None and not path.exists():
        return {}
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from error
    unknown = sorted(set(values) - set(RunSettings.model_fields))
    if unknown:
        raise SettingsError(f"{path}: there is no setting {unknown[0]!r}; there are {_names()}")
    return values


def _from_environment(environ: Mapping[str, str]) -> dict[str, object]:
    values: dict[str, object] = {}
    for variable, value in environ.items():
        if not variable.startswith(PREFIX):
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name not in RunSettings.model_fields:
            raise SettingsError(f"${variable}: there is no setting {name!r}; there are {_names()}")
        separator = "," if name == "allow_host" else ":"  # hosts have ports
        values[name] = value.split(separator) if RunSettings.model_fields[name].annotation == tuple[str, ...] else value
    return values


def _first_problem(
    error: ValidationError, flags: Mapping[str, object], environ: Mapping[str, str], file: Path | None
) -> str:
    """One line about the first wrong setting, called by the name it was given under."""
    problem = error.errors(include_url=False)[0]
    name = str(problem["loc"][0])
    variable = PREFIX + name.upper()
    if name in flags:
        where = "--" + name.replace("_", "-")
    elif variable in environ:
        where = "$" + variable
    else:
        where = f"{file or DEFAULT_FILE}: {name}"
    message = problem["msg"].removeprefix("Input should be ")
    if problem["type"] == "string_pattern_mismatch":
        message = f"of the form: {RunSettings.model_fields[name].description}"
    return f"{where} is {problem['input']!r}, but should be {message}"


def _names() -> str:
    return ", ".join(sorted(RunSettings.model_fields))
