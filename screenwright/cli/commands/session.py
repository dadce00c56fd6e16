"""`screenwright session`: one screen held by a background process, operated by further commands, in JSON.

A call imports only what it needs to reach that process, so that it starts quickly.
"""

import argparse
import base64
import json
import os
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

from screenwright._files import write_file

from ...session.client import NoAnswer, call, chosen, folder_of, running, wait_until_gone
from ...session.protocol import APPROVE, END, TOOLS, Json
from ..arguments import BAD_INPUT, Command, Parser

_EVERY_KIND = ""


class _LazyParser(Parser):
    """A parser that `fill` completes when it is used: the settings of a screen take half a second to import."""

    fill: Callable[[argparse.ArgumentParser], None] | None = None

    def parse_known_args(self, *args: Any, **kwargs: Any) -> Any:
        """See `Parser`."""
        fill, self.fill = self.fill, None
        if fill is not None:
            fill(self)
        return super().parse_known_args(*args, **kwargs)


class _SessionCommand(Command):
    def configure(self, parser: argparse.ArgumentParser, *, everything: bool) -> None:
        """See `Command`."""
        Command.configure(self, parser, everything=everything)
        commands = parser.add_subparsers(
            dest="session_command", required=True, metavar="WHAT", parser_class=_LazyParser, prog=parser.prog
        )
        start = commands.add_parser("start", help="open a screen, with the flags of run, and print the session's id")

        def fill(parser: argparse.ArgumentParser) -> None:
            from .hold import COMMAND

            COMMAND.configure(parser, everything=everything)

        if everything:
            fill(start)
        else:
            start.fill = fill
        commands.add_parser("list", help="list the sessions that are running")
        commands.add_parser("tools", help="print the calls with the JSON Schema of their arguments")
        commands.add_parser("skill", help="print an explanation for a coding agent, as a skill file")
        for name in TOOLS:
            _add_call(commands.add_parser(name))
        _add_session(commands.add_parser(APPROVE, help="answer in this terminal what needs an approval, until Ctrl-C"))
        _add_session(commands.add_parser(END, help="close the screen and end the session"))


def _add_call(parser: argparse.ArgumentParser) -> None:
    parser.description = "One call of the session. The schema of its arguments is in screenwright session tools."
    parser.add_argument("arguments", nargs="?", metavar="JSON", default="{}", help="arguments, or - for standard input")
    parser.add_argument("--out", type=Path, metavar="FILE", help="file for the picture (default: next to the socket)")
    _add_session(parser)


def _add_session(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--session", metavar="ID", help="the session (default: the only one that is running)")


def _main(args: argparse.Namespace) -> int:
    if os.name == "nt":
        raise ValueError("sessions need Unix sockets, which Python does not have on Windows: use screenwright mcp")
    match args.session_command:
        case "start":
            from .hold import COMMAND

            return COMMAND.main(args)
        case "skill":
            print(files("screenwright.session").joinpath("skill.md").read_text("utf-8"), end="")
            return 0
        case "tools":
            return _print({"tools": _tools()})
        case "list":
            return _print({"sessions": [{name: one[name] for name in one if name != "ok"} for one in running()]})
        case what:
            try:
                return _answer(args, what)
            except (NoAnswer, ValueError) as error:
                return _print({"error": str(error)}, ok=False)


def _approve(session: str) -> int:
    """Answer questions in this terminal until the session or the input ends."""
    from ...session.approvals import Approving
    from ..approver import TerminalApprover
    from ..terminal import Terminal

    terminal = Terminal()
    approver = TerminalApprover(terminal, folder_of(session))
    with Approving(session) as approving:
        terminal.line(f"waiting for what needs an approval in session {session}; Ctrl-C ends it")
        while (asked := approving.next_question()) is not None:
            number, request = asked
            if request.kind == "question":
                terminal.line(f"the model asks: {request.question}")
            answer = approver.ask(request, lambda: approving.is_over(number))  # noqa: B023 -- called at once
            if answer is None and not approving.is_over(number):
                break  # the input has ended
            approving.answer(number, answer)
    return 0


def _answer(args: argparse.Namespace, what: str) -> int:
    if what == APPROVE:
        return _approve(chosen(args.session))
    arguments = {} if what == END else _arguments(args.arguments)
    session = chosen(args.session)
    reply = call(session, what, arguments)
    if what == END:
        wait_until_gone(session)
    ok = reply.pop("ok", True) is True
    if isinstance(png := reply.pop("png", None), str):
        path = args.out or folder_of(session) / "screen.png"
        try:
            write_file(path, base64.b64decode(png), sync=False)
        except OSError as error:
            raise ValueError(f"the picture cannot be written to {path}: {error.strerror}") from error
        reply = {"image": str(path), **reply}
    return _print(reply, ok=ok)


def _arguments(text: str) -> Json:
    try:
        arguments = json.loads(sys.stdin.read() if text == "-" else text)
    except ValueError as error:
        raise ValueError(f"the arguments are not JSON: {error}") from error
    if not isinstance(arguments, dict):
        raise ValueError("""the arguments should be a JSON object, such as '{"at": [640, 120]}'""")
    return arguments


def _tools() -> list[Any]:
    from ...session.tools import session_tools

    tools = session_tools(_EVERY_KIND).values()
    return [{"name": tool.name, "description": tool.description, "arguments": tool.schema} for tool in tools]


def _print(reply: Json, *, ok: bool = True) -> int:
    print(json.dumps(reply, ensure_ascii=False))
    return 0 if ok else BAD_INPUT


def _no_arguments(_parser: argparse.ArgumentParser) -> None:
    pass  # they belong to the commands of the command


COMMANDS = {
    "session": _SessionCommand(
        _main,
        "Hold a screen between commands, for agents that work in a shell: start opens it, calls such as look and click "
        "operate it, end closes it. Prints one JSON object; exits with 2 if that holds an error.",
        _no_arguments,
        usage="start|list|look|click|...|approve|end [JSON] [--session ID]",
        epilog=f"calls: {', '.join(TOOLS)}; see screenwright session tools",
    )
}
