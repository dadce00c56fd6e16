"""The evaluations of a folder, with their reports and the pages of their episodes, rendered when they are asked for.

A folder may come from someone else, so that pages are made from its records, never served as they lie there.
"""

import base64
import hashlib
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from screenwright._files import read_file

from ..agent.record.html import Json
from ..agent.record.lock import is_locked
from ..agent.record.trajectory import RunError, read_run
from ..agent.record.viewer import render_page
from .history import folders_in, run_id_of
from .safety import Refused

_MANIFEST, _SUMMARY, _PAGE = "manifest.json", "summary.json", "/view.html"
_SCRIPT = re.compile("<script>(.*?)</script>", re.DOTALL)
_NEVER = {"Cache-Control": "no-store"}


class _Total(BaseModel):
    episodes: int = Field(ge=0)
    done: int = Field(ge=0)


class _Summary(BaseModel):
    """What the list shows of `summary.json`."""

    total: _Total


class Evaluations:
    """The evaluations in `root` and its subfolders."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._known: dict[str, tuple[object, Json]] = {}
        """What is known of each folder, with the state of its files then."""

    def found(self) -> list[Json]:
        """All evaluations, newest first: `id`, name, date, how many episodes are planned, ended and done."""
        with self._lock:
            folders = {run_id_of(str(folder.relative_to(self._root))): folder for folder in _evaluations(self._root)}
            self._known = {name: self._summary(name, folder) for name, folder in folders.items()}
            found = [
                {**data, "id": name, "going_on": is_locked(folders[name])}
                for name, (_, data) in self._known.items()
                if data
            ]
        return sorted(found, key=lambda one: str(one["started"]), reverse=True)

    def report(self, name: str) -> str:
        """The report of an evaluation.

        Raises:
            RunError: there is none, or a file of it is damaged.
        """
        from ..eval.analysis.report import Entry, render_report
        from ..eval.core.store import Store

        folder = self._folder(name)
        return render_report([Entry.of(Store(folder))], folder)

    def episode(self, name: str, path: str) -> str:
        """The page of the episode whose recording is in `episodes/PATH`. Raises as `report`."""
        from ..eval.core.store import Store

        store = Store(self._folder(name))
        for episode in store.manifest().episodes:
            if episode.path == path:
                run = read_run(store.folder_of(episode))
                return render_page(run.events, title=run.started.task)
        raise RunError("there is no such episode")

    def routes(self) -> list[Route]:
        """The addresses, below `/api/`."""
        return [
            Route("/api/evaluations", self._list),
            Route("/api/evaluations/{name}/report", self._report),
            Route("/api/evaluations/{name}/episodes/{path:path}", self._episode),
        ]

    async def _list(self, _request: Request) -> Response:
        return JSONResponse({"evaluations": await run_in_threadpool(self.found)}, headers=_NEVER)

    async def _report(self, request: Request) -> Response:
        return await _rendered(lambda: self.report(request.path_params["name"]))

    async def _episode(self, request: Request) -> Response:
        name, path = request.path_params["name"], request.path_params["path"]
        return await _rendered(lambda: self.episode(name, path.removesuffix(_PAGE).rstrip("/")))

    def _folder(self, name: str) -> Path:
        for folder in _evaluations(self._root):
            if run_id_of(str(folder.relative_to(self._root))) == name:
                return folder
        raise RunError("there is no such evaluation")

    def _summary(self, name: str, folder: Path) -> tuple[object, Json]:
        """What the list shows of an evaluation, read again if it has changed; empty if it cannot be read."""
        state = tuple(_state(folder / one) for one in (_MANIFEST, _SUMMARY))
        known = self._known.get(name)
        if known is not None and known[0] == state:
            return known
        try:
            return state, _read(folder)
        except (RunError, OSError, ValidationError):
            return state, {}


def _read(folder: Path) -> Json:
    from ..eval.analysis.report import evaluation_name
    from ..eval.core.store import Store

    store = Store(folder)
    manifest = store.manifest()
    data: Json = {
        "name": evaluation_name(manifest, folder),
        "started": manifest.started,
        "planned": len(manifest.episodes),
        "ended": None,
        "done": None,
    }
    if (folder / _SUMMARY).exists():
        total = _Summary.model_validate_json(read_file(folder / _SUMMARY, inside=folder)).total
        data |= {"ended": total.episodes, "done": total.done}
    return data


def _evaluations(root: Path) -> Iterator[Path]:
    """Folders with a manifest, one or two levels down."""
    for folder in folders_in(root):
        if (folder / _MANIFEST).exists():
            yield folder
        else:
            yield from (inner for inner in folders_in(folder) if (inner / _MANIFEST).exists())


def _state(path: Path) -> tuple[int, int]:
    try:
        found = path.lstat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


async def _rendered(render: Callable[[], str]) -> Response:
    """A page of ours, in which no script runs but its own."""
    try:
        page = await run_in_threadpool(render)
    except RunError as error:
        raise Refused(404, str(error)) from error
    hashes = [base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in _SCRIPT.findall(page)]
    scripts = " ".join(f"'sha256-{one}'" for one in hashes)
    policy = (
        f"default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )
    return HTMLResponse(page.encode("utf-8", "replace"), headers={**_NEVER, "Content-Security-Policy": policy})
