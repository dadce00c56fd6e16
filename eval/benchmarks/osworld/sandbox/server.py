"""The interface of the server in OSWorld's machines, inside a sandbox: `python -m ....server PORT`.

Source of the interface: the controllers of the `desktop-env` package, and xlang-ai/osworld-server.
"""

import json
import os
import platform
import sys
from collections.abc import Awaitable, Callable
from json import JSONDecodeError
from typing import TypeAlias

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from . import commands
from .commands import Fields
from .screen import MachineScreen

Handle: TypeAlias = Callable[[Fields], Response]


def machine_app(screen: MachineScreen) -> Starlette:
    """The application that answers the requests."""

    def verified(fields: Fields) -> Response:
        return commands.execute_and_verify(fields, screen.has_window)

    handles: dict[str, Handle] = {
        "/execute": commands.execute,
        "/setup/execute": commands.execute,
        "/execute_with_verification": verified,
        "/setup/execute_with_verification": verified,
        "/setup/launch": commands.launch,
        "/run_python": commands.run_python,
        "/run_bash_script": commands.run_bash,
        "/file": commands.send_file,
        "/setup/upload": commands.upload,
        "/list_directory": commands.list_directory,
        "/desktop_path": commands.desktop_path,
        "/wallpaper": commands.wallpaper,
        "/setup/change_wallpaper": commands.change_wallpaper,
        "/screenshot": screen.screenshot,
        "/screen_size": screen.screen_size,
        "/cursor_position": screen.cursor_position,
        "/window_size": screen.window_size,
        "/accessibility": screen.accessibility,
        "/setup/activate_window": screen.activate,
        "/setup/close_window": screen.close,
        "/setup/open_file": screen.open_file,
        "/terminal": lambda _: JSONResponse({"status": "success", "output": ""}),
        "/platform": lambda _: PlainTextResponse(platform.system()),
        "/start_recording": _absent,
        "/end_recording": _absent,
        "/setup/download_file": _absent,
    }
    return Starlette(routes=[Route(path, _endpoint(one), methods=["GET", "POST"]) for path, one in handles.items()])


def _endpoint(handle: Handle) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            return await run_in_threadpool(handle, await _fields(request))
        except KeyError as missing:
            return JSONResponse({"error": f"{missing.args[0]} is required"}, 400)
        except JSONDecodeError as error:
            return JSONResponse({"error": f"the request is no JSON: {error}"}, 400)

    return endpoint


async def _fields(request: Request) -> Fields:
    if "json" in request.headers.get("content-type", ""):
        fields: Fields = json.loads(await request.body() or b"{}")  # a GET may have the type without a body
        return fields
    return dict(await request.form())


def _absent(_: Fields) -> Response:
    return PlainTextResponse("this machine has no network and no recordings", 501)


if __name__ == "__main__":
    os.environ.pop("PYTHONPATH", None)  # programs that are started here should not get it
    uvicorn.run(machine_app(MachineScreen()), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
