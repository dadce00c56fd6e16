"""Calls to the desktop portal over D-Bus, from any thread."""

import asyncio
import itertools
import os
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from typing import Any, TypeVar

from dbus_fast import BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from ...env import EnvLost, EnvUnavailable
from ...interrupt import SLICE_S, check_interrupted

T = TypeVar("T")
Options = dict[str, Variant]

_NAME, _PATH = "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop"
_REQUEST, _SESSION = "org.freedesktop.portal.Request", "org.freedesktop.portal.Session"
_BUS, _BUS_PATH = "org.freedesktop.DBus", "/org/freedesktop/DBus"
_CALL_S = 10.0
_ANSWERED, _CANCELLED = 0, 1


class PortalBus:
    """A connection to the session bus and its portal; the messages are handled on a thread.

    Raises:
        EnvUnavailable: there is no session bus.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="screenwright-portal", daemon=True)
        self._thread.start()
        self._responses: dict[str, asyncio.Future[tuple[int, Options]]] = {}
        self._numbers = itertools.count(1)
        self._is_closed = False
        self._session = ""
        try:
            self._bus = self._run(self._connect(), _CALL_S)
        except BaseException as error:
            self._stop_thread()
            if isinstance(error, Exception) and not isinstance(error, EnvUnavailable):  # the type depends on the cause
                raise EnvUnavailable(f"there is no D-Bus session bus: {error or type(error).__name__}") from error
            raise

    def call(self, interface: str, member: str, signature: str, *body: Any) -> Message:
        """Call a method of the portal; returns the reply.

        Raises:
            EnvLost: the desktop has ended the session, or answers with an error.
        """
        if self._is_closed:
            raise EnvLost("the desktop has ended the remote control of this screen")
        return self._run(self._call(_PATH, f"{_NAME.rpartition('.')[0]}.{interface}", member, signature, body), _CALL_S)

    def request(self, interface: str, member: str, signature: str, *body: Any, limit_s: float) -> Options:
        """Call a method whose result comes as a response, maybe after a dialog; the last argument is its options.

        Raises:
            EnvUnavailable: the user has not allowed it within `limit_s`, or the portal has no such method.
        """
        token = f"screenwright{next(self._numbers)}"
        *others, options = body
        options = {**options, "handle_token": Variant("s", token)}

        async def ask() -> tuple[int, Options]:
            name = f"{_NAME.rpartition('.')[0]}.{interface}"
            reply = await self._call(_PATH, name, member, signature, (*others, options))
            path = str(reply.body[0])  # the response may have come already, and is kept
            try:
                return await self._response(path)
            finally:
                self._responses.pop(path, None)

        try:
            code, results = self._run(ask(), limit_s)
        except EnvLost as error:
            raise EnvUnavailable(f"the desktop portal cannot control this screen: {error}") from error
        if code != _ANSWERED:
            raise EnvUnavailable(
                "the desktop's dialog about remote control was "
                + ("declined" if code == _CANCELLED else "closed without an answer")
            )
        return results

    def own(self, session: str) -> None:
        """Note the session whose end is the end of the screen."""
        self._session = session

    @property
    def is_closed(self) -> bool:
        """Whether the desktop has ended the session, such as by the user's stop button."""
        return self._is_closed

    def close(self) -> None:
        """End the session and disconnect; never raises."""
        with suppress(Exception):
            if self._session and not self._is_closed:
                self._run(self._call(self._session, _SESSION, "Close", "", ()), _CALL_S)
        with suppress(Exception):
            self._run(self._disconnect(), _CALL_S)
        self._stop_thread()

    # -- on the thread

    async def _connect(self) -> MessageBus:
        if not os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
            raise EnvUnavailable("there is no D-Bus session bus: DBUS_SESSION_BUS_ADDRESS is not set")
        bus = await MessageBus(bus_type=BusType.SESSION, negotiate_unix_fd=True).connect()
        bus.add_message_handler(self._on_message)
        for interface in (_REQUEST, _SESSION):
            rule = f"type='signal',sender='{_NAME}',interface='{interface}'"
            await bus.call(Message(_BUS, _BUS_PATH, _BUS, "AddMatch", signature="s", body=[rule]))
        return bus

    async def _disconnect(self) -> None:
        self._bus.disconnect()
        disconnected: Callable[[], Awaitable[None]] = self._bus.wait_for_disconnect
        await disconnected()

    async def _call(self, path: str, interface: str, member: str, signature: str, body: tuple[Any, ...]) -> Message:
        message = Message(_NAME, path, interface, member, signature=signature, body=list(body))
        reply = await self._bus.call(message)
        if reply.message_type is MessageType.ERROR:
            reason = str(reply.body[0]) if reply.body else str(reply.error_name)
            raise EnvLost(f"{interface.rpartition('.')[2]}.{member}: {reason}")
        return reply

    def _response(self, path: str) -> "asyncio.Future[tuple[int, Options]]":
        return self._responses.setdefault(path, self._loop.create_future())

    def _on_message(self, message: Message) -> None:
        if message.message_type is not MessageType.SIGNAL:
            return
        if message.interface == _REQUEST and message.member == "Response":
            response = self._response(str(message.path))
            if not response.done():
                response.set_result((int(message.body[0]), message.body[1]))
        elif message.interface == _SESSION and message.member == "Closed" and message.path == self._session:
            self._is_closed = True

    def _run(self, work: Coroutine[Any, Any, T], limit_s: float) -> T:
        """Run `work` on the thread; a stop of the run ends the wait."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        waited_s = 0.0
        try:
            while waited_s < limit_s:
                check_interrupted()
                with suppress(FutureTimeoutError):
                    return future.result(SLICE_S)
                waited_s += SLICE_S
        finally:
            future.cancel()
        raise EnvLost(f"no answer within {limit_s:g} s")

    def _stop_thread(self) -> None:
        stop: Callable[[], None] = self._loop.stop
        self._loop.call_soon_threadsafe(stop)
        self._thread.join(2.0)
        if not self._thread.is_alive():
            self._loop.close()
