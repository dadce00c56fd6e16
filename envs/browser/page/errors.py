"""Playwright errors as short messages."""

import re

from playwright.async_api import Error
from playwright.async_api import TimeoutError as PlaywrightTimeout

_CALL = re.compile(r"^\w+\.\w+: | at \S+$")


def error_message(error: Error) -> str:
    """The first line of a Playwright error, without the name of the call and the URL at its end."""
    if isinstance(error, PlaywrightTimeout):
        return "no response (timed out)"
    message = _CALL.sub("", error.message.strip().partition("\n")[0])
    return message.replace("net::ERR_HTTP_RESPONSE_CODE_FAILURE", "the server answered with an HTTP error and no page")
