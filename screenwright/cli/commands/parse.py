"""`screenwright parse`: parses replies of a model into actions, for debugging and for other tools.

Reads JSON lines `{"text", "dialect", "screen": [width, height]}` and prints one JSON line for each:
`{"error": null or {"kind", "position", "message"}, "thought", "reflection", "reasoning", "actions": [...]}`.
An action is written as in the log of a run; points are in screen pixels, neither rounded nor clamped.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from ...agent.core.coordinates import Frame, ModelPoint
from ...agent.core.decision import AskUser, Finish, GiveUp, ModelMove, ParseFailure, Reply
from ...agent.core.validation import first_problem
from ...agent.dialects.registry import dialect_named
from ...agent.record.codec import move_to_json
from ...envs.actions import map_points, points_of
from ...envs.config.screen import SIZE, parse_size
from ...envs.geometry import ScreenPoint, Size
from ..arguments import Command
from ..settings import SettingsError

_EXPECTED = 'pass JSON lines {"text", "dialect", "screen": [w, h]}, or one plain reply with --dialect and --screen'

_Side = Annotated[int, Field(ge=1, le=100_000)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: str
    dialect: str
    screen: tuple[_Side, _Side]


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dialect", metavar="NAME", help="parse one plain reply, in this dialect")
    parser.add_argument("--screen", metavar="WxH", help="size of the screen that the reply is about")


def _main(args: argparse.Namespace) -> int:
    if args.dialect is None and args.screen is None:
        lines = 0
        for line in parse_lines(sys.stdin):
            print(line, flush=True)
            lines += 1
        if not lines:
            raise SettingsError(f"standard input is empty: {_EXPECTED}")
        return 0
    if args.dialect is None or args.screen is None:
        raise SettingsError("a plain reply needs both --dialect NAME and --screen WxH")
    if not re.match(SIZE, args.screen):
        raise SettingsError(f"--screen is {args.screen!r}, but should have the form 1280x720")
    text = sys.stdin.read()
    if not text.strip():
        raise SettingsError("standard input is empty: pass the reply of a model")
    print(parse_reply(text, args.dialect, parse_size(args.screen)))
    return 0


def parse_lines(lines: Iterable[str]) -> Iterator[str]:
    """A line of JSON for each line of JSON.

    Raises:
        ValueError: a line is not a request, or names an unknown dialect or an impossible screen.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            request = _Request.model_validate_json(line)
            yield parse_reply(request.text, request.dialect, Size(*request.screen))
        except ValidationError as error:
            if error.errors()[0]["type"] == "json_invalid":
                raise ValueError(f"standard input, line {number} is not JSON: {_EXPECTED}") from error
            raise ValueError(f"standard input, line {number}: {first_problem(error)}") from error
        except ValueError as error:
            raise ValueError(f"standard input, line {number}: {error}") from error


def parse_reply(text: str, dialect_name: str, screen: Size) -> str:
    """The actions of the reply `text` on a screen of that size, as a line of JSON.

    Raises:
        ValueError: there is no such dialect, or the screen is too long and thin for it.
    """
    dialect = dialect_named(dialect_name)
    frame = Frame(screen, dialect.image_rule.resize(screen), dialect.space)
    reply = dialect.parse(text)
    actions: list[dict[str, JsonValue]] = []
    if isinstance(reply, Reply):
        try:
            actions = [_on_screen_json(move, frame) for move in reply.moves]
        except ValueError as error:
            reply = ParseFailure("bad_point", 0, str(error))
    failure = asdict(reply) if isinstance(reply, ParseFailure) else None
    sections = {name: getattr(reply, name, None) for name in ("thought", "reflection", "reasoning")}
    return json.dumps({"error": failure, **sections, "actions": actions}, ensure_ascii=False)


def _on_screen_json(move: ModelMove, frame: Frame) -> dict[str, JsonValue]:
    if isinstance(move, Finish | AskUser | GiveUp):
        return move_to_json(move)

    def on_screen(point: ModelPoint) -> ScreenPoint:
        frame.trace(point)  # raises if it is not a point
        return frame.to_screen(frame.space.to_image(point, frame.image))

    written = move_to_json(map_points(move, on_screen))
    targets: list[JsonValue] = [point.target for point in points_of(move) if point.target]  # for a grounder
    return {**written, "targets": targets} if targets else written


COMMANDS = {
    "parse": Command(
        _main,
        'Read JSON lines {"text", "dialect", "screen": [w, h]} from standard input, or one plain reply with --dialect '
        "and --screen, and print the parsed actions of each as a line of JSON.",
        _add_arguments,
    )
}
