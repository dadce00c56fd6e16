"""`screenwright completion`: a completion script for the shell."""

import argparse

import shtab

DESCRIPTION = """Print a completion script.

  bash   screenwright completion bash > ~/.local/share/bash-completion/completions/screenwright
  zsh    screenwright completion zsh > ~/.zfunc/_screenwright    (a folder of $fpath)
  fish   screenwright completion fish > ~/.config/fish/completions/screenwright.fish"""


def add_arguments(parser: argparse.ArgumentParser, *, everything: bool) -> None:
    """The arguments of the command."""
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), metavar="SHELL", help="bash, zsh or fish")


def main(args: argparse.Namespace) -> int:
    """Print the script; returns the exit code."""
    from .main import build_parser  # it imports all commands, among them this one

    print(shtab.complete(build_parser(everything=True), args.shell))
    return 0
