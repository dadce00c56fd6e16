"""The addresses of the application. Pages and scripts hold no data; everything else is below `/api/`."""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable
from importlib import resources
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from pydantic_core import to_json
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from ..agent.core.approvals import Scope
from ..agent.core.decision import Ending
from ..agent.core.validation import first_problem
from ..agent.guard.approval import ApprovalAnswer
from ..agent.record.codec import move_from_json
from ..agent.record.html import Json
from ..agent.record.trajectory import RunError, read_run
from ..envs.actions import Action
from ..envs.env import ActionRefused
from ..envs.screenshot import Screenshot
from .evaluations import Evaluations
from .feed import Feed
from .history import Search
from .images import read_image, thumbnail
from .live import LiveRun, NotNow
from .messages import message_of
from .queue import QueueError
from .runner import CannotRun, Runner
from .safety import Access, Refused, body_of, refusal_response
from .tags import TagsRefused
from .tail import Tail

MAX_STREAMS = 200
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FOREVER = {"Cache-Control": "private, max-age=31536000, immutable"}  # images are named by their content
_NEVER = {"Cache-Control": "no-store"}
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

_Text = Annotated[str, Field(max_length=20_000)]
_Short = Annotated[str, Field(max_length=4_000)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Login(_Body):
    secret: _Short


class _NewTask(_Body):
    task: _Text
    choices: dict[_Short, _Short]


class _Message(_Body):
    text: _Text


class _Answer(_Body):
    question: int
    allowed: bool
    scope: Annotated[Scope, Field(strict=False)] = Scope.ONCE
    text: _Text = ""


class _Tags(_Body):
    tags: Annotated[list[_Short], Field(max_length=100)]


class _Act(_Body):
    action: dict[str, JsonValue]


class _Nothing(_Body):
    pass


B = TypeVar("B", bound=_Body)


class Api:
    """The endpoints over a runner. `changes` gets a message whenever the queue or the history changes."""

    def __init__(self, runner: Runner, access: Access, changes: Feed) -> None:
        self._runner, self._access, self._changes = runner, access, changes
        self._streams = 0
        self._static = _static_files()

    def app(self) -> Starlette:
        """The ASGI application, to be wrapped in `Safe`."""
        run = "/api/runs/{run}"
        routes = [
            Route("/", self._page("index.html")),
            Route("/runs/{run}", self._page("run.html")),
            Route("/compare", self._page("compare.html")),
            Route("/static/{name}", self._static_file),
            Route("/api/login", self._login, methods=["POST"]),
            Route("/api/options", self._options),
            Route("/api/changes", self._stream_changes),
            Route("/api/queue", self._queue),
            Route("/api/queue", self._add, methods=["POST"]),
            Route("/api/queue/{job}/{command}", self._change_job, methods=["POST"]),
            Route("/api/runs", self._search),
            *Evaluations(self._runner.root).routes(),
            Route(f"{run}/events", self._stream_events),
            Route(f"{run}/{{kind}}/{{name}}", self._image),
            Route(f"{run}/message", self._say, methods=["POST"]),
            Route(f"{run}/answer", self._answer, methods=["POST"]),
            Route(f"{run}/act", self._act, methods=["POST"]),
            Route(f"{run}/tags", self._tag, methods=["POST"]),
            Route(f"{run}/{{command}}", self._command, methods=["POST"]),
        ]
        handlers = dict.fromkeys((Refused, HTTPException), _error_response)
        return Starlette(routes=routes, exception_handlers=handlers)

    # -- pages

    def _page(self, name: str) -> Callable[[Request], Response]:
        def page(request: Request) -> Response:
            is_known = self._access.is_logged_in(request.headers)
            content = self._static[name if is_known else "login.html"]
            return Response(content, 200 if is_known else 401, _NEVER, "text/html")

        return page

    def _static_file(self, request: Request) -> Response:
        name = request.path_params["name"]
        content = self._static.get(name)
        if content is None or name.endswith(".html"):
            raise Refused(404, "there is no such file")
        return Response(content, headers={"Cache-Control": "no-cache"}, media_type=_TYPES[Path(name).suffix])

    async def _login(self, request: Request) -> Response:
        sent = await _read(request, _Login)
        return Response(status_code=204, headers={"Set-Cookie": self._access.log_in(sent.secret), **_NEVER})

    # -- tasks and history

    async def _options(self, _request: Request) -> Response:
        return _json(await run_in_threadpool(self._runner.factory.options))

    def _queue(self, _request: Request) -> Response:
        jobs: list[JsonValue] = []
        for job in self._runner.queue.jobs:
            run_id = self._runner.id_of(job)
            live = self._runner.live.get(run_id)
            state = "waiting for you" if live is not None and live.waits_for_user else str(job.state)
            shown: Json = {"id": job.id, "task": job.task, "state": state, "problem": job.problem, "run": run_id}
            jobs.append({**shown, "recorded": self._runner.is_recorded(job)})
        return _json({"jobs": jobs})

    async def _add(self, request: Request) -> Response:
        new = await _read(request, _NewTask)
        task = new.task.strip()
        if not task:
            raise Refused(400, "the task is empty")

        def add() -> str:
            self._runner.factory.check(new.choices)
            return self._runner.queue.add(task, new.choices).id

        return _json({"id": await _refusing(add)})

    async def _change_job(self, request: Request) -> Response:
        await _read(request, _Nothing)
        job, command, queue = request.path_params["job"], request.path_params["command"], self._runner.queue
        if command == "remove":
            await _refusing(lambda: queue.remove(job))
        elif command in ("resume", "retry"):
            await _refusing(lambda: queue.retry(job, resume=command == "resume"))
        else:
            raise Refused(404, "there is no such command")
        return _json({})

    async def _search(self, request: Request) -> Response:
        asked = request.query_params
        start = asked.get("start", "0")
        wanted = Search(
            asked.get("text", "")[:1000],
            asked.get("stop", ""),
            asked.get("model", ""),
            asked.get("since", ""),
            asked.get("until", ""),
            asked.get("tag", ""),
            int(start) if re.fullmatch("[0-9]{1,9}", start) else 0,
        )
        found = await run_in_threadpool(self._runner.history.search, wanted)
        return _json({**found, "live": [*self._runner.live]})

    async def _tag(self, request: Request) -> Response:
        run_id, sent = request.path_params["run"], await _read(request, _Tags)
        self._folder(run_id)
        tags = await _refusing(lambda: self._runner.history.tags.set(run_id, sent.tags))
        self._changes.add({"kind": "changed"})
        return _json({"tags": [*tags]})

    async def _stream_changes(self, _request: Request) -> Response:
        return self._event_stream(self._changes, "c", len(self._changes))

    # -- one run

    async def _stream_events(self, request: Request) -> Response:
        run_id = request.path_params["run"]
        live = self._runner.live.get(run_id)
        if live is None and await run_in_threadpool(self._runner.history.is_going_on, run_id):
            tail = Tail(self._folder(run_id))
            return self._event_stream(tail.feed, "e", 0, tail)
        feed, mark = (live.feed, live.mark) if live is not None else (await self._recorded(run_id), "r")
        sent_mark, _, number = request.headers.get("last-event-id", "").partition("-")
        start = int(number) + 1 if sent_mark == mark and re.fullmatch("[0-9]{1,9}", number) else 0
        return self._event_stream(feed, mark, start)

    async def _recorded(self, run_id: str) -> Feed:
        folder = self._folder(run_id)
        try:
            run = await run_in_threadpool(read_run, folder)
        except RunError as error:
            raise Refused(404, str(error)) from error
        feed = Feed(message_of(event) for event in run.events)
        feed.close()
        return feed

    def _event_stream(self, feed: Feed, mark: str, start: int, tail: Tail | None = None) -> Response:
        if self._streams >= MAX_STREAMS:
            raise Refused(503, "too many viewers")

        async def events() -> AsyncGenerator[str]:
            self._streams += 1
            reading = asyncio.ensure_future(tail.read()) if tail is not None else None
            try:
                yield f"retry: 1000\n\nevent: from\ndata: {start}\n\n"
                async for entry in feed.follow(start):
                    yield f"id: {mark}-{entry[0]}\ndata: {entry[1]}\n\n" if entry is not None else ": still here\n\n"
                yield "event: end\ndata: {}\n\n"
            finally:
                self._streams -= 1
                if reading is not None:
                    reading.cancel()

        return StreamingResponse(events(), media_type="text/event-stream", headers=_NEVER)

    async def _image(self, request: Request) -> Response:
        run_id, kind, name = (request.path_params[part] for part in ("run", "kind", "name"))
        stem, _, suffix = name.partition(".")
        live = self._runner.live.get(run_id)
        try:
            if kind == "questions" and live is not None and re.fullmatch(r"[0-9]{1,9}\.png", name):
                return await _shown(live.question_image(int(stem)))
            if not _SHA256.fullmatch(stem):
                raise Refused(404, "there is no such picture")
            if kind == "frames" and live is not None and suffix == "png":
                return await _shown(live.frame(stem))
            readers: dict[tuple[str, str], Callable[[Path, Path, str], bytes]]
            readers = {("images", "png"): read_image, ("thumbs", "webp"): thumbnail}
            read, folder = readers.get((kind, suffix)), self._folder(run_id)
            return _image(None if read is None else await run_in_threadpool(read, self._runner.root, folder, stem))
        except (OSError, ValueError) as error:
            raise Refused(404, "there is no such picture") from error

    def _folder(self, run_id: str) -> Path:
        folder = self._runner.history.folder_of(run_id)
        if folder is None:
            raise Refused(404, "there is no such run")
        return folder

    def _live(self, request: Request) -> LiveRun:
        live = self._runner.live.get(request.path_params["run"])
        if live is None:
            raise Refused(409, "the run is over")
        return live

    async def _command(self, request: Request) -> Response:
        await _read(request, _Nothing)
        command = request.path_params["command"]
        if command == "continue":
            folder = self._folder(request.path_params["run"])
            return _json({"id": await _refusing(lambda: self._runner.continue_run(folder))})
        live = self._live(request)
        if command == "look":  # asked again and again, so that a refusal is nothing unusual
            return _json({"problem": await run_in_threadpool(live.look)})
        commands = {"pause": live.pause, "resume": live.resume, "stop": live.stop}
        if command not in commands:
            raise Refused(404, "there is no such command")
        await _refusing(commands[command])
        return _json({})

    async def _say(self, request: Request) -> Response:
        live, message = self._live(request), await _read(request, _Message)
        await _refusing(lambda: live.say(message.text.strip()))
        return _json({})

    async def _answer(self, request: Request) -> Response:
        live, sent = self._live(request), await _read(request, _Answer)
        await _refusing(lambda: live.answer(sent.question, ApprovalAnswer(sent.allowed, sent.scope, sent.text.strip())))
        return _json({})

    async def _act(self, request: Request) -> Response:
        live, sent = self._live(request), await _read(request, _Act)
        action = _action_of(sent)
        await _refusing(lambda: live.act(action))
        return _json({})


def _action_of(sent: _Act) -> Action:
    try:
        move = move_from_json(to_json(sent.action))
    except ValueError as error:
        raise Refused(400, "that is not an action") from error
    if isinstance(move, Ending):
        raise Refused(400, "that is not an action")
    return move


async def _read(request: Request, kind: type[B]) -> B:
    """The body of a request.

    Raises:
        Refused: it is not JSON of that kind.
    """
    try:
        return kind.model_validate_json(await body_of(request))
    except ValidationError as error:
        raise Refused(400, first_problem(error)) from error


R = TypeVar("R")


async def _refusing(change: Callable[[], R]) -> R:
    """Call `change` on a thread; what it refuses becomes a response."""
    try:
        return await run_in_threadpool(change)
    except (QueueError, CannotRun, TagsRefused) as error:
        raise Refused(400, str(error)) from error
    except (NotNow, ActionRefused) as error:
        raise Refused(409, str(error)) from error


def _json(data: Json) -> Response:
    return JSONResponse(data, headers=_NEVER)


async def _shown(shot: Screenshot | None) -> Response:
    return _image(None if shot is None else await run_in_threadpool(lambda: shot.png))


def _image(data: bytes | None) -> Response:
    if data is None:
        raise Refused(404, "there is no such picture")
    return Response(data, headers=_FOREVER, media_type="image/png" if data.startswith(b"\x89PNG") else "image/webp")


def _error_response(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException):
        return JSONResponse({"error": error.detail}, error.status_code)
    return refusal_response(request, error)


def _static_files() -> dict[str, bytes]:
    """The pages, styles and scripts, among them those of recorded runs."""
    shared = resources.files("screenwright.agent.record.html")
    found = {name: shared.joinpath(name).read_bytes() for name in ("base.css", "elements.js", "marks.js")}
    own = resources.files("screenwright.app").joinpath("static")
    return found | {file.name: file.read_bytes() for file in own.iterdir() if Path(file.name).suffix in _TYPES}
