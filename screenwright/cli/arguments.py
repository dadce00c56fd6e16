"""Commands and their arguments. Flags of settings that were not given are absent from the namespace."""

import argparse
import difflib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, get_args

if TYPE_CHECKING:  # so that --help and --version need no settings
    from ..envs.config import Config, Setting

BAD_INPUT = 2


@dataclass(frozen=True, slots=True)
class Command:
    """A command. `main` returns the exit code; each setting of `tree` is also a flag."""

    main: Callable[[argparse.Namespace], int]
    description: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    tree: "type[Config] | None" = None
    usage: str | None = None
    epilog: str | None = None

    def configure(self, parser: argparse.ArgumentParser, *, everything: bool) -> None:
        """Add the arguments and the help texts to `parser`; `everything` lists rare flags in the help."""
        parser.description, parser.epilog = self.description, self.epilog
        parser.usage = self.usage and f"%(prog)s {self.usage}"
        self.add_arguments(parser)
        if self.tree is None:
            return
        add_settings(parser, self.tree, everything=everything)
        if any(not setting.common for setting in self.tree.settings().values()):
            self._add_help_all(parser)

    def _add_help_all(self, parser: argparse.ArgumentParser) -> None:
        """Add the flag `--help-all`, which prints the help with all flags."""
        command = self

        class HelpAll(argparse.Action):
            def __call__(self, *_: object, **__: object) -> None:
                full = Parser(prog=parser.prog)
                command.configure(full, everything=True)
                full.print_help()
                parser.exit()

        parser.add_argument("--help-all", action=HelpAll, nargs=0, help="show all flags, including rare ones")


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("formatter_class", _Formatter)
        options.setdefault("allow_abbrev", False)
        super().__init__(**options)

    def error(self, message: str) -> NoReturn:
        """Print one line and exit with code 2."""
        self.exit(BAD_INPUT, f"{self.prog}: {message}; see {self.prog} --help\n")

    def parse_known_args(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse what is left over here, where the flags of the command are known, not in the main parser."""
        given, left = super().parse_known_args(*args, **kwargs)
        flag = next((one.partition("=")[0] for one in left if one.startswith("-")), None)
        if flag:
            near = difflib.get_close_matches(flag, self._option_string_actions, 1, 0.7)
            self.error(f"there is no flag {flag}" + (f" (did you mean {near[0]}?)" if near else ""))
        if left:
            self.error(f"too many arguments: {' '.join(left)}")
        return given, left


def positive(text: str) -> int:
    """The type of an argument that is an integer above zero."""
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} should be an integer above 0")
    return number


def port_number(text: str) -> int:
    """The type of an argument that is a port to listen on; 0 picks a free one."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= 5 else -1
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} should be a port from 0 to 65535")
    return number


def flag_of(name: str, value: object = None) -> str:
    """The flag of a setting, or the one that turns it off."""
    return ("--no-" if value is False else "--") + name.replace("_", "-")


def add_settings(parser: argparse.ArgumentParser, tree: "type[Config]", *, everything: bool) -> None:
    """Add `--config` and a flag for each setting of `tree`; `everything` lists rare flags in the help."""
    usual = "default: ./screenwright.toml, after asking"
    parser.add_argument("--config", type=Path, metavar="FILE", help=f"settings file ({usual})")
    groups: dict[str, Any] = {}
    for setting in tree.settings().values():
        if setting.name == "benchmark":  # a positional argument
            continue
        title = setting.group if everything else setting.group.partition(":")[0]
        if title not in groups:
            groups[title] = parser.add_argument_group(title)
        _add_flag(
            groups[title], setting, _help_of(setting, everything=everything) if everything or setting.common else None
        )


def given_flags(args: argparse.Namespace, tree: "type[Config]") -> dict[str, object]:
    """The settings of `tree` that were given as flags."""
    return {name: value for name, value in vars(args).items() if name in tree.settings() and value is not None}


def _add_flag(group: Any, setting: "Setting", text: str | None) -> None:
    shown = argparse.SUPPRESS if text is None else text
    flag, common = flag_of(setting.name), dict[str, Any](dest=setting.name, default=argparse.SUPPRESS)
    if setting.is_bool:  # both forms are accepted; the help shows the one that changes the default
        off, on = (shown, argparse.SUPPRESS) if setting.default else (argparse.SUPPRESS, shown)
        group.add_argument(flag, action="store_const", const=True, help=on, **common)
        group.add_argument(flag_of(setting.name, False), action="store_const", const=False, help=off, **common)
        return
    action = "append" if setting.is_repeatable else "store"
    group.add_argument(flag, action=action, metavar=_metavar(setting), help=shown, **common)


def _metavar(setting: "Setting") -> str:
    if setting.choices:
        return "|".join(setting.choices)
    types = {setting.annotation, *get_args(setting.annotation)}
    if types & {int, float}:
        return "N"
    first = setting.description.partition(" ")[0]
    return (first if first in ("file", "folder") else setting.name.rpartition("_")[2]).upper()


def _help_of(setting: "Setting", *, everything: bool) -> str:
    text = setting.description
    if setting.kinds and (not everything or len(setting.kinds) > 1):
        text = f"{', '.join(setting.kinds)}: {text}"
    if setting.default not in (None, ()) and not setting.is_bool and "default" not in text:
        text += f" (default: {setting.default})"
    return ("turn off " if setting.is_bool and setting.default else "") + text.replace("%", "%%")


class _Formatter(argparse.HelpFormatter):
    """Wraps plain paragraphs, and keeps texts with line breaks as they are."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=26, width=min(shutil.get_terminal_size().columns, 120))

    def _format_action(self, action: argparse.Action) -> str:
        if action.nargs == argparse.PARSER:  # list the commands without a heading
            self._dedent()
            text = "".join(self._format_action(command) for command in self._iter_indented_subactions(action))
            self._indent()
            return text
        return super()._format_action(action)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if "\n" in text else super()._fill_text(text, width, indent)
