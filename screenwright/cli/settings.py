"""The settings of each command, from flags, variables and a file, and the origin of each value.

The flag `--model-name` is the variable `SCREENWRIGHT_MODEL_NAME` and the key `model_name` in `screenwright.toml`, at
its top level or in a table such as `[run]` for one command. Flags override variables, which override the file that is
named or found in the current folder, which overrides the user's own file. A setting that the command does not have is
an error, so no setting is silently ignored. What a file that was not named may set is in `trust`.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, TypeVar

from pydantic import model_validator

from screenwright._files import MIB, read_file
from screenwright._home import config_folder

from ..agent.demonstration.config import RecordConfig
from ..agent.loop.config.model import AgentConfig, ModelConfig
from ..agent.loop.config.run import GroundConfig, ReplayConfig, RunConfig
from ..envs.config import Config, Setting, SettingError, setting
from ..eval.core.config import EvalConfig
from ..session.config import SessionConfig
from .arguments import flag_of
from .trust import HARMLESS, NEVER, FoundSettings

Tree = TypeVar("Tree", bound=Config)

PREFIX = "SCREENWRIGHT_"
DEFAULT_FILE = Path("screenwright.toml")
OWN_FILE = "config.toml"
"""The file of the user's own settings, in their configuration folder."""

NO_FILE = Path(os.devnull)
_MAX_FILE_BYTES = MIB


class SettingsError(Exception):
    """A setting is wrong; the message is one line that names it, where it was given, and what to do."""


class DoctorConfig(Config):
    """The settings of `screenwright doctor`. Without `env` and `model` it checks everything on this machine."""

    group: ClassVar[str] = "checks"

    env: Literal["browser", "desktop", "android"] | None = setting(
        None, "check only this kind of screen (default: all)", common=True
    )
    model: str | None = setting(None, "check only this model: reader, or the address of a server", common=True)
    model_name: str | None = setting(None, str(ModelConfig.model_fields["model_name"].description), common=True)
    dialect: str | None = setting(None, str(AgentConfig.model_fields["dialect"].description), common=True)
    calibrate: bool = setting(True, "the calibration, which measures where the model clicks", common=True)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.served is None:
            for name, is_set in (
                ("model-name", self.model_name),
                ("dialect", self.dialect),
                ("no-calibrate", not self.calibrate),
            ):
                if is_set:
                    raise ValueError(f"--{name} applies to a model server: add --model ADDRESS")
        return self

    @property
    def everything(self) -> bool:
        """Whether to check everything."""
        return self.env is None and self.model is None

    @property
    def served(self) -> str | None:
        """The address of the model server to check, if any."""
        return None if self.model == "reader" else self.model


TREES: Mapping[str, type[Config]] = {
    "run": RunConfig,
    "replay": ReplayConfig,
    "eval": EvalConfig,
    "ground": GroundConfig,
    "doctor": DoctorConfig,
    "session": SessionConfig,
    "record": RecordConfig,
}


@dataclass(frozen=True, slots=True)
class SettingValue:
    """The value of a setting and its origin: `--steps`, `$SCREENWRIGHT_STEPS`, or `screenwright.toml: steps`."""

    value: object
    origin: str

    @property
    def is_flag(self) -> bool:
        """Whether it was given as a flag."""
        return self.origin.startswith("--")


def without_password(value: Any) -> Any:
    """`value` with the password of a URL in it masked."""
    return re.sub(r"//[^/@\s]*@", "//***@", value) if isinstance(value, str) else value


def load_settings(
    tree: type[Tree],
    flags: Mapping[str, object],
    environ: Mapping[str, str],
    file: Path | None = None,
    found: Path = DEFAULT_FILE,
    report: Callable[[str], object] = lambda line: None,
) -> Tree:
    """The settings of a command; see `given_settings` and `build_settings`.

    Raises:
        SettingsError: a file is malformed, or a setting is unknown or wrong.
        NotTrusted: the file that was found may not be used.
    """
    return build_settings(tree, given_settings(tree, flags, environ, file, found), report)


def given_settings(
    tree: type[Config],
    flags: Mapping[str, object],
    environ: Mapping[str, str],
    file: Path | None = None,
    found: Path = DEFAULT_FILE,
    *,
    confirm: bool = True,
) -> dict[str, SettingValue]:
    """What was given for the command of `tree`, by name.

    `flags` holds only those that were given. `file` is named by the user and must exist; without it, the file `found`
    is used, after asking about what it sets. Without `confirm`, nothing is asked and such settings say so.

    Raises:
        SettingsError: a file is malformed, or the command does not have a setting.
        NotTrusted: the file that was found may not be used.
    """
    command = command_of(tree)
    own = config_folder() / OWN_FILE
    base = dict(_from_file(command, own, _parse(own, _read(own)))) if own.exists() else {}
    over = given_now(tree, flags, environ)
    if file is not None:
        return base | dict(_from_file(command, file, _parse(file, _read(file)))) | over
    if not found.exists():
        return base | over
    data = _read(found, None if found == DEFAULT_FILE else found.parent)
    content = _parse(found, data)
    values = dict(_from_file(command, found, content))
    if never := sorted(NEVER.intersection(values) - over.keys()):
        raise SettingsError(f"{found}: {never[0]} is never taken from there: use {flag_of(never[0])}, or your own file")
    settings = FoundSettings(found, data, f"--config {found}, or --config {NO_FILE} to leave it out")
    asked = {name: one for name, one in values.items() if name not in HARMLESS and name not in over}
    if asked and confirm:
        settings.confirm(dict(_to_ask_about(content)))
    elif not settings.is_trusted:
        values |= {name: SettingValue(one.value, f"{one.origin}, to be allowed") for name, one in asked.items()}
    return base | values | over


def _to_ask_about(content: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    """The settings of a file that are not harmless; of all commands, since the file is allowed as a whole."""
    for name, value in content.items():
        if name in TREES and not prefix:
            yield from _to_ask_about(value, f"[{name}] ")
        elif name not in HARMLESS:
            yield f"{prefix}{name}", without_password(value)


def command_of(tree: type[Config]) -> str:
    """The command that has the settings of `tree`."""
    return next(name for name, one in TREES.items() if one is tree)


def given_now(tree: type[Config], flags: Mapping[str, object], environ: Mapping[str, str]) -> dict[str, SettingValue]:
    """What the flags and variables give.

    Raises:
        SettingsError: a flag is empty, or the command does not have a setting.
    """
    for name, value in flags.items():
        if value in ("", [""]):
            raise SettingsError(f"{flag_of(name)} is empty: name a value, or leave it out")
    given = dict(_from_environment(command_of(tree), environ))
    return given | {name: SettingValue(value, flag_of(name, value)) for name, value in flags.items()}


def build_settings(
    tree: type[Tree], given: Mapping[str, SettingValue], report: Callable[[str], object] = lambda line: None
) -> Tree:
    """The settings tree with the given values, without those that `used_settings` leaves out.

    Raises:
        SettingsError: a setting is wrong.
    """
    return tree.from_flat({name: one.value for name, one in used_settings(tree, given, report).items()})


def used_settings(
    tree: type[Config], given: Mapping[str, SettingValue], report: Callable[[str], object] = lambda line: None
) -> Mapping[str, SettingValue]:
    """`given` without what variables and files set, but a flag leaves without a meaning: a model, with `--policy null`.

    `report` is called with a line about each such setting.

    Raises:
        SettingsError: a setting is wrong.
    """
    while True:
        try:
            settings = tree.from_flat({name: one.value for name, one in given.items()})
            if "model" in given and isinstance(agent := getattr(settings, "agent", None), AgentConfig):
                agent.check_address()
        except SettingError as error:
            wrong, by = given.get(error.name), given.get(error.excluded_by)
            if wrong is None or by is None or wrong.is_flag or not by.is_flag:
                origin = wrong.origin if wrong is not None else error.name
                raise SettingsError(f"{origin} {error.problem}".strip()) from error
            report(f"{wrong.origin} is not used: it does not apply to {by.origin} {by.value}")
            given = {name: one for name, one in given.items() if name != error.name}
        else:
            return given


def _read(path: Path, inside: Path | None = None) -> bytes:
    if path == NO_FILE:
        return b""
    try:
        return read_file(path, _MAX_FILE_BYTES, inside=inside)
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from error


def _parse(path: Path, data: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from error
    except RecursionError as error:
        raise SettingsError(f"{path} is nested too deeply") from error


def _from_file(command: str, path: Path, content: Mapping[str, Any]) -> Iterator[tuple[str, SettingValue]]:
    tables = {name: value for name, value in content.items() if isinstance(value, dict)}
    for name in tables:
        if name not in TREES:
            raise SettingsError(f"{path}: [{name}] is not a command with settings; use {', '.join(TREES)}")
    for name, value in content.items():
        if name not in tables:
            _check_known(command, name, f"{path}: {name}", "move it to {}")
            yield name, SettingValue(value, f"{path}: {name}")
    for table, values in tables.items():  # the last one wins, so the table of this command overrides the top level
        for name, value in values.items():
            _check_known(table, name, f"{path}: [{table}] {name}", "leave it out")
            if table == command:
                yield name, SettingValue(value, f"{path}: [{table}] {name}")


def _from_environment(command: str, environ: Mapping[str, str]) -> Iterator[tuple[str, SettingValue]]:
    for variable, text in environ.items():
        if variable.startswith(PREFIX):
            name = variable.removeprefix(PREFIX).lower()
            found = _check_known(command, name, f"${variable}", "unset it, or set it in {} of screenwright.toml")
            yield name, SettingValue(text.split(",") if found.is_repeatable else text, f"${variable}")


def _check_known(command: str, name: str, origin: str, advice: str) -> Setting:
    found = TREES[command].settings().get(name)
    if found is not None:
        return found
    if commands := [command for command, tree in TREES.items() if name in tree.settings()]:
        tables = " and ".join(f"[{command}]" for command in commands)
        raise SettingsError(
            f"{origin} is a setting of {', '.join(commands)}, not of {command}: {advice.format(tables)}"
        )
    known = {one for tree in TREES.values() for one in tree.settings()}
    near = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]!r}?" if near else "screenwright config lists all"
    raise SettingsError(f"{origin}: there is no setting {name!r}; {hint}")
