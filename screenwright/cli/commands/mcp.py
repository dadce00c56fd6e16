"""`screenwright mcp`: serves a screen to other agents over the Model Context Protocol."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

from ...envs.secrets import Secret
from ...session.config import SessionConfig
from ...session.held import HeldSession
from ...session.holder import SessionHolder
from ..arguments import Command, given_flags, port_number
from ..settings import SettingsError, load_settings
from ..streams import INTERRUPTED
from ..terminal import Terminal, new_run_folder
from .run import confirm_takeover

_PORT = 8808


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--http", action="store_true", help="serve over HTTP instead of the standard streams")
    parser.add_argument("--host", help="with --http, address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=port_number, help=f"with --http, port to listen on (default: {_PORT})")


def _main(args: argparse.Namespace) -> int:
    from ...mcp.server import ScreenServer  # needs the mcp extra
    from ...mcp.serving import KEY_VARIABLE, McpHttpServer, serve_stdio, watched

    if not args.http and (args.host is not None or args.port is not None):
        raise SettingsError(f"--{'host' if args.host is not None else 'port'} applies to HTTP: add --http")
    config = load_settings(SessionConfig, given_flags(args, SessionConfig), os.environ, args.config)
    if config.env.takes_over and not config.yes:
        confirm_takeover(config.env, Terminal())
    with ExitStack() as folders:
        holder = SessionHolder(opener(config, config.build_secrets(), "mcp", folders), config.idle_timeout)
        session, _ = holder.session()  # refuses wrong settings now
        server = ScreenServer(holder, config.env.kind_name(), session.folder.parent)
        if not args.http:
            if sys.stdin.isatty():
                Terminal().line("this serves MCP on standard input and output, which an MCP client starts; see --help")
            serve_stdio(server, holder)
            return 0
        host, number = args.host or "127.0.0.1", _PORT if args.port is None else args.port
        try:
            http = McpHttpServer(server, host, number, os.environ.get(KEY_VARIABLE, ""))
        except OSError as error:
            raise SettingsError(
                f"cannot listen on {host} port {number} ({error.strerror}): choose another --port"
            ) from error
        with watched(holder), http:
            Terminal().line(f"the screen is served at {http.url}; press Ctrl-C to stop")
            try:
                http.wait()
            except KeyboardInterrupt:
                holder.close()
                return INTERRUPTED
    return 0


def opener(
    config: SessionConfig, secrets: tuple[Secret, ...], name: str, folders: ExitStack
) -> Callable[[], HeldSession]:
    """A function that creates the next session, recorded in a folder of its own; `folders` removes empty ones."""
    given = _numbered(config.out) if config.out is not None else None
    report = Terminal().report

    def open_session() -> HeldSession:
        folder = folders.enter_context(new_run_folder(name)) if given is None else next(given)
        return config.build_session(folder.resolve(), secrets, report)

    return open_session


def _numbered(folder: Path) -> Iterator[Path]:
    """`folder`, then numbered folders next to it for further sessions."""
    yield folder
    for number in count(2):
        yield folder.with_name(f"{folder.name}-{number}")


COMMANDS = {
    "mcp": Command(
        _main,
        "Serve a screen to other agents over the Model Context Protocol: tools that look, click, type and run whole "
        "tasks. An MCP client starts this command with the flags for the screen.",
        _add_arguments,
        SessionConfig,
        usage="[flags]",
        epilog="Over HTTP, MCP_API_KEY is the key that clients must send; beyond this machine it is required.",
    )
}
