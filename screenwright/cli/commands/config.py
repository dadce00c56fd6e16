"""`screenwright config`: the effective settings of a command and where each came from; and shell completion."""

import argparse
import json
import os
import sys
from collections.abc import Mapping

import shtab

from ...envs.config import Config
from ...eval.core.presets import preset_named
from ..arguments import Command, Parser, add_settings, given_flags
from ..settings import TREES, SettingValue, build_settings, given_settings, used_settings, without_password
from ..terminal import Terminal


def _add_config_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")
    commands = parser.add_subparsers(dest="about", metavar="COMMAND", parser_class=Parser, prog="screenwright config")
    for name, tree in TREES.items():
        command = commands.add_parser(name, help=f"settings of screenwright {name}")
        command.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
        if name == "eval":
            command.add_argument("benchmark", nargs="?", metavar="BENCHMARK", help="benchmark to run")
        add_settings(command, tree, everything=True)


def _config(args: argparse.Namespace) -> int:
    command = args.about or "run"
    tree = TREES[command]
    values = given_settings(tree, given_flags(args, tree), os.environ, getattr(args, "config", None), confirm=False)
    used = used_settings(tree, values, Terminal().line)
    effective = build_settings(tree, used).flat()
    rows = {
        name: (without_password(value), _origin(name, used))
        for name, value in effective.items()
        if name in tree.settings()
    }
    if args.json:
        print(json.dumps({name: {"value": value, "from": origin} for name, (value, origin) in rows.items()}, indent=1))
    else:
        _print(tree, rows)
    return 0


def _origin(name: str, values: Mapping[str, SettingValue]) -> str:
    if name in values:
        return values[name].origin
    preset = values.get("preset")
    return f"preset {preset.value}" if preset and name in preset_named(str(preset.value)).values else "default"


def _print(tree: type[Config], rows: Mapping[str, tuple[object, str]]) -> None:
    terminal = Terminal(sys.stdout)
    width = max(map(len, rows))
    group = ""
    for name, (value, origin) in rows.items():
        if tree.settings()[name].group != group:
            group = tree.settings()[name].group
            terminal.line(terminal.style(f"# {group}", "bold"))
        text = "-" if value is None else json.dumps(value, ensure_ascii=False)
        line = f"{name:{width}}  {text:24}  {origin}"
        terminal.line(terminal.style(line, "dim") if origin == "default" else line)


# -- completion


def _add_completion_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), metavar="SHELL", help="bash, zsh or fish")


def _completion(args: argparse.Namespace) -> int:
    from ..main import build_parser  # it imports all commands, among them this one

    print(shtab.complete(build_parser(everything=True), args.shell))
    return 0


COMMANDS = {
    "config": Command(
        _config,
        "Print the settings that COMMAND (default: run) would use, and where each comes from.",
        _add_config_arguments,
        usage="[COMMAND] [flags of COMMAND]",
    ),
    "completion": Command(
        _completion,
        """Print a completion script.

  bash   screenwright completion bash > ~/.local/share/bash-completion/completions/screenwright
  zsh    screenwright completion zsh > ~/.zfunc/_screenwright    (a folder of $fpath)
  fish   screenwright completion fish > ~/.config/fish/completions/screenwright.fish""",
        _add_completion_arguments,
    ),
}
