"""A desktop portal on a session bus of its own: RemoteDesktop, ScreenCast and their dialogs, as a user answers them."""

import asyncio
import os
import shutil
import subprocess
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

NAME, PATH = "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop"
SESSION = f"{PATH}/session/1_1/screenwright"
NODE = 42
_REQUEST, _SESSION = "org.freedesktop.portal.Request", "org.freedesktop.portal.Session"
_ASKED = ("CreateSession", "SelectDevices", "SelectSources", "Start")


@dataclass
class MockPortal:
    """`code` is how the user answers the dialog: 0 allows it, 1 declines. `calls` are the methods with their bodies."""

    folder: Path
    code: int = 0
    devices: int = 3
    size: tuple[int, int] | None = (640, 360)
    own_path: str = ""
    calls: list[tuple[str, list[Any]]] = field(default_factory=list[tuple[str, list[Any]]])

    def __post_init__(self) -> None:
        command = ["dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address=1"]
        command += [f"--address=unix:path={self.folder / 'bus'}"]
        assert shutil.which(command[0])
        self._daemon = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self._daemon.stdout is not None
        self.address = self._daemon.stdout.readline().strip()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result(20)

    def inputs(self) -> list[tuple[Any, ...]]:
        """The input events, without the session and the options."""
        return [(name, *body[2:]) for name, body in self.calls if name.startswith("Notify")]

    def names(self) -> list[str]:
        return [name for name, _ in self.calls]

    def end_session(self) -> None:
        """As the user's stop button does."""
        asyncio.run_coroutine_threadsafe(self._emit(SESSION, _SESSION, "Closed", "a{sv}", [{}]), self._loop).result(20)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._leave(), self._loop).result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._daemon.kill()
        self._daemon.communicate()

    async def _serve(self) -> None:
        self._bus = await MessageBus(bus_address=self.address, negotiate_unix_fd=True).connect()
        self._bus.add_message_handler(self._on_message)
        await self._bus.request_name(NAME)

    async def _leave(self) -> None:
        self._bus.disconnect()
        disconnected: Callable[[], Awaitable[None]] = self._bus.wait_for_disconnect
        await disconnected()

    def _on_message(self, message: Message) -> Message | bool:
        if message.message_type is not MessageType.METHOD_CALL or not str(message.interface).startswith(
            "org.freedesktop.portal"
        ):
            return False
        name = str(message.member)
        self.calls.append((name, list(message.body)))
        if name in _ASKED:
            return self._ask(name, message)
        if name == "OpenPipeWireRemote":
            file = os.open(os.devnull, os.O_RDONLY)
            self._loop.call_later(5, os.close, file)
            return Message.new_method_return(message, "h", [0], [file])
        return Message.new_method_return(message)

    def _ask(self, name: str, message: Message) -> Message:
        options = message.body[-1]
        sender = str(message.sender).removeprefix(":").replace(".", "_")
        path = self.own_path or f"{PATH}/request/{sender}/{options['handle_token'].value}"
        response = [self.code if name == "Start" else 0, self._results(name)]
        self._loop.create_task(self._emit(path, _REQUEST, "Response", "ua{sv}", response))
        return Message.new_method_return(message, "o", [path])

    def _results(self, name: str) -> dict[str, Variant]:
        if name == "CreateSession":
            return {"session_handle": Variant("s", SESSION)}
        if name != "Start" or self.code:
            return {}
        properties = {} if self.size is None else {"size": Variant("(ii)", list(self.size))}
        return {"devices": Variant("u", self.devices), "streams": Variant("a(ua{sv})", [[NODE, properties]])}

    async def _emit(self, path: str, interface: str, member: str, signature: str, body: list[Any]) -> None:
        kind = MessageType.SIGNAL
        await self._bus.send(
            Message(path=path, interface=interface, member=member, message_type=kind, signature=signature, body=body)
        )
