"""Playwright errors as short messages."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from playwright.async_api import Error
from playwright.async_api import TimeoutError as PlaywrightTimeout

T = TypeVar("T")
_BETWEEN_DOCUMENTS = ("Not attached to an active page", "Unable to capture screenshot")
_BETWEEN_DOCUMENTS_S = 10.0
_AGAIN_S = 0.02

_CALL = re.compile(r"^\w+\.\w+: | at \S+$")


def error_message(error: Error) -> str:
    """The first line of a Playwright error, without the name of the call and the URL at its end."""
    if isinstance(error, PlaywrightTimeout):
        return "no response (timed out)"
    message = _CALL.sub("", error.message.strip().partition("\n")[0])
    return message.replace("net::ERR_HTTP_RESPONSE_CODE_FAILURE", "the server answered with an HTTP error and no page")


async def retry_between_documents(call: Callable[[], Awaitable[T]]) -> T:
    """The result of `call`, made again while the tab has unloaded one document and not loaded the next."""
    end = time.monotonic() + _BETWEEN_DOCUMENTS_S
    while True:
        try:
            return await call()
        except Error as error:
            if not any(text in error.message for text in _BETWEEN_DOCUMENTS) or time.monotonic() > end:
                raise
            await asyncio.sleep(_AGAIN_S)
