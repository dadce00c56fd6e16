"""`screenwright prompts`: lists, adds and removes the official prompt texts of dialects."""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from screenwright._text import counted

from ..._home import expand_home
from ...agent.dialects.dialect import Dialect
from ...agent.dialects.prompting.prompt_kind import Prompt
from ...agent.dialects.registry import dialect_named, dialect_names, prompts_of, with_prompt
from ...prompts.official import OfficialPrompt, add_from, prompts_folder, remove_texts
from ...prompts.official.declaration import SHOWN_DIGITS
from ..arguments import Command, Parser
from ..terminal import Terminal

EVERY = "all"
"""Stands for every dialect that declares an official prompt."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(
        dest="about", required=True, metavar="COMMAND", parser_class=Parser, prog="screenwright prompts"
    )
    listed = commands.add_parser("list", help="list the prompts, the source in use and where each is published")
    listed.add_argument("dialect", nargs="?", metavar="DIALECT", help="only this dialect")
    added = commands.add_parser("add", help="add official texts from a checkout, a wheel or a file")
    added.add_argument("dialect", metavar="DIALECT", help=f"the dialect they are for, or {EVERY}")
    added.add_argument("source", type=Path, metavar="SOURCE", help="folder of a checkout, a .whl file, or one file")
    added.add_argument("--any-version", action="store_true", help="also add a text with another hash than expected")
    removed = commands.add_parser("remove", help="remove added texts")
    removed.add_argument("dialect", metavar="DIALECT", help=f"the dialect they are for, or {EVERY}")


def _main(args: argparse.Namespace) -> int:
    terminal = Terminal(sys.stdout)
    if args.about == "list":
        _list(args.dialect, terminal)
        return 0
    prompts = _declared(args.dialect)
    if args.about == "remove":
        removed = remove_texts(prompts, prompts_folder())
        owner = "any dialect" if args.dialect == EVERY else args.dialect
        terminal.line(f"removed {counted(removed, 'text')}" if removed else f"no text had been added for {owner}")
        return 0
    result = add_from(expand_home(args.source), prompts, prompts_folder(), any_version=args.any_version)
    for added in result.added:
        other = "" if added.sha256 == added.declared.sha256 else " (another version)"
        text = f"{added.declared.path} {added.declared.name}".strip()
        terminal.line(f"added {text}, sha256 {added.sha256[:SHOWN_DIGITS]}{other}")
    if result.refused:
        raise ValueError(f"{counted(len(result.refused), 'text')} of {args.source} refused: {result.refused[0]}")
    return 0


def _declared(name: str) -> list[OfficialPrompt]:
    """The official prompts of the dialect `name`, or of every dialect.

    Raises:
        ValueError: it declares none.
    """
    dialects = [dialect_named(one) for one in dialect_names()] if name == EVERY else [dialect_named(name)]
    prompts = [prompt for dialect in dialects for choices in prompts_of(dialect).values() for prompt in choices]
    if not prompts:
        raise ValueError(f"no official prompt is known for {name}")
    return prompts


def _list(only: str | None, terminal: Terminal) -> None:
    for name in (only,) if only else dialect_names():
        dialect = dialect_named(name)
        groups: dict[str, list[str]] = {}
        for kind, lines in _described(dialect, prompts_of(dialect)).items():
            groups.setdefault(lines, []).append(kind)
        for lines, kinds in groups.items():
            terminal.line(f"{terminal.style(name, 'bold')} {', '.join(filter(None, kinds))}".rstrip())
            terminal.line(lines)


def _described(dialect: Dialect, declared: Mapping[Prompt, tuple[OfficialPrompt, ...]]) -> dict[str, str]:
    """For each kind of prompt the lines about its source."""
    if not declared:
        return {"": _lines(dialect, ())}
    return {kind: _lines(with_prompt(dialect, kind), choices) for kind, choices in declared.items()}


def _lines(dialect: Dialect, choices: tuple[OfficialPrompt, ...]) -> str:
    published = [f"  published  {prompt.published}{_packaged(prompt)}" for prompt in choices]
    return "\n".join([f"  in use     {dialect.prompt_source}", *published])


def _packaged(prompt: OfficialPrompt) -> str:
    return f", and in the package {prompt.package}" if prompt.package else ""


COMMANDS = {
    "prompts": Command(
        _main,
        "List, add or remove the official prompt texts that models were trained on. They are read from a checkout or "
        "a package that you have downloaded; nothing of it is executed.",
        _add_arguments,
        epilog="example: screenwright prompts add ui-tars-1.5 UI-TARS/prompts.py",
    )
}
