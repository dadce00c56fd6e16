"""The settings of each command, from flags, variables and a file, and the origin of each value.

The flag `--model-name` is the variable `SCREENWRIGHT_MODEL_NAME` and the key `model_name` in `screenwright.toml`, at
its top level or in a table such as `[run]` for one command. Flags override variables, which override the file. A
setting that the command does not have is an error, so no setting is silently ignored.
"""

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, TypeVar

from pydantic import model_validator

from ..agent.loop.agent_config import AgentConfig, ModelConfig
from ..agent.loop.config import GroundConfig, RunConfig
from ..envs.config import Config, Setting, SettingError, setting
from ..eval.core.config import EvalConfig
from .arguments import flag_of

Tree = TypeVar("Tree", bound=Config)

PREFIX = "SCREENWRIGHT_"
DEFAULT_FILE = Path("screenwright.toml")


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
    "eval": EvalConfig,
    "ground": GroundConfig,
    "doctor": DoctorConfig,
}


@dataclass(frozen=True, slots=True)
class SettingValue:
    """The value of a setting and its origin: `--steps`, `$SCREENWRIGHT_STEPS`, or `screenwright.toml: steps`."""

    value: object
    origin: str


def variable_of(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()


def without_password(value: Any) -> Any:
    """`value` with the password of a URL in it masked."""
    return re.sub(r"//[^/@\s]*@", "//***@", value) if isinstance(value, str) else value


def load_settings(
    tree: type[Tree], flags: Mapping[str, object], environ: Mapping[str, str], file: Path | None = None
) -> Tree:
    """The settings of a command. `flags` holds only those that were given; `file` must exist if it is named.

    Raises:
        SettingsError: the file is malformed, or a setting is unknown or wrong.
    """
    return build_settings(tree, given_settings(tree, flags, environ, file))


def given_settings(
    tree: type[Config],
    flags: Mapping[str, object],
    environ: Mapping[str, str],
    file: Path | None = None,
    recorded: Mapping[str, SettingValue] | None = None,
) -> dict[str, SettingValue]:
    """What was given for the command of `tree`, by name. `recorded` settings, of an earlier run, replace the file.

    Raises:
        SettingsError: the file is malformed, or the command does not have a setting.
    """
    for name, value in flags.items():
        if value in ("", [""]):
            raise SettingsError(f"{flag_of(name)} is empty: name a value, or leave it out")
    command = next(name for name, one in TREES.items() if one is tree)
    given = dict(_from_file(command, file) if recorded is None else recorded)
    given |= _from_environment(command, environ)
    return given | {name: SettingValue(value, flag_of(name, value)) for name, value in flags.items()}


def build_settings(tree: type[Tree], given: Mapping[str, SettingValue]) -> Tree:
    """The settings tree with the given values.

    Raises:
        SettingsError: a setting is wrong.
    """
    try:
        return tree.from_flat({name: one.value for name, one in given.items()})
    except SettingError as error:
        origin = given[error.name].origin if error.name in given else error.name
        raise SettingsError(f"{origin} {error.problem}".strip()) from error


def _from_file(command: str, file: Path | None) -> Iterator[tuple[str, SettingValue]]:
    path = file or DEFAULT_FILE
    if file is None and not path.exists():
        return
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from error
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
