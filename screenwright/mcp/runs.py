"""Recorded runs as resources: the list, the events of a run, and its screenshots."""

import base64
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote

from mcp import types

from screenwright._files import MIB, NO_FOLLOW, read_file
from screenwright._text import plain

from ..agent.record.events import Started
from ..agent.record.trajectory import event_from_json
from ..envs.geometry import Size
from ..envs.screenshot import MAX_IMAGE_BYTES
from ..session.tools import RUNS, resource_of

_EVENTS = "events.jsonl"
_MAX_EVENTS_BYTES = 32 * MIB
_MAX_LISTED = 100
_ADDRESS = re.compile(re.escape(RUNS) + r"([^/?#]+)(?:/images/([0-9a-f]{64})\.png)?")
_JSON_LINES = "application/jsonl"

TEMPLATES = [
    types.ResourceTemplate(
        name="run", uri_template=f"{RUNS}{{run}}", mime_type=_JSON_LINES, description="The events of a recorded run"
    ),
    types.ResourceTemplate(
        name="screenshot",
        uri_template=f"{RUNS}{{run}}/images/{{sha256}}.png",
        mime_type="image/png",
        description="A screenshot that an `observed` event of the run names",
    ),
]


class RunResources:
    """The runs recorded in `folder`. Whatever a run's folder holds is data, and no link below it is followed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def listed(self) -> list[types.Resource]:
        """The newest runs."""
        return [
            types.Resource(name=name, uri=resource_of(name), mime_type=_JSON_LINES, description=plain(task))
            for name, task in self._newest()
        ]

    def read(self, uri: str) -> types.TextResourceContents | types.BlobResourceContents:
        """The resource at `uri`.

        Raises:
            KeyError: there is none.
        """
        found = _ADDRESS.fullmatch(uri)
        if found is None:
            raise KeyError(uri)
        name, image = unquote(found[1]), found[2]
        if not _is_name(name):
            raise KeyError(uri)
        run = self._folder / name
        try:
            if image:
                png = read_file(run / "images" / f"{image}.png", MAX_IMAGE_BYTES, inside=self._folder)
                return types.BlobResourceContents(uri=uri, mime_type="image/png", blob=_base64(png))
            text = read_file(run / _EVENTS, _MAX_EVENTS_BYTES, inside=self._folder).decode("utf-8", "replace")
        except OSError as error:
            raise KeyError(uri) from error
        return types.TextResourceContents(uri=uri, mime_type=_JSON_LINES, text=text)

    def _newest(self) -> Iterator[tuple[str, str]]:
        """The names of the newest runs, with their tasks."""
        with suppress(OSError):
            names = sorted((one.name for one in self._folder.iterdir() if _is_name(one.name)), reverse=True)
            runs = ((name, self._task(name)) for name in names[: 10 * _MAX_LISTED])
            yield from [(name, task) for name, task in runs if task is not None][:_MAX_LISTED]

    def _task(self, name: str) -> str | None:
        """The task of a run; None if it is not one."""
        try:
            with open(self._folder / name / _EVENTS, "rb", opener=_opener) as file:
                first = event_from_json(file.readline(MIB), _no_image)
        except (OSError, ValueError):
            return None
        return first.task if isinstance(first, Started) else None


def _is_name(name: str) -> bool:
    """Whether `name` is the plain name of a folder, not a path that leads elsewhere."""
    return name == Path(name).name and not name.startswith(".") and "\\" not in name and "\0" not in name


def _no_image(_name: str, _size: Size) -> bytes:
    return b""


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags | NO_FOLLOW)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
