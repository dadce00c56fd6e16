"""Saves cookies, storage and traffic when a session ends."""

import asyncio
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path

from playwright.async_api import BrowserContext, Error

from ..launch.attach import Context
from ..launch.identity import save_storage
from .errors import error_message


async def save_at_end(
    context: BrowserContext, file: Path, cancel_dialogs: Callable[[], Awaitable[object]], limit_s: float
) -> None:
    """Write cookies and storage to `file`; a failure at the end must not lose the run, so it is only a warning."""
    try:
        await asyncio.wait_for(cancel_dialogs(), limit_s)  # a page with a dialog does not respond
        await asyncio.wait_for(save_storage(context, file), limit_s)
    except (Error, TimeoutError, OSError) as error:
        _warn(file, error)


async def close_context(context: Context, har: str | None, limit_s: float) -> None:
    """Close `context`, which writes the traffic to `har`; if that fails, it is only a warning, as in `save_at_end`."""
    try:
        await asyncio.wait_for(context.close(), limit_s)
    except (Error, TimeoutError) as error:
        if har is not None:
            _warn(Path(har), error)


def _warn(file: Path, error: Error | TimeoutError | OSError) -> None:
    reason = error_message(error) if isinstance(error, Error) else str(error) or "the browser did not respond"
    warnings.warn(f"could not write {file}: {reason}", RuntimeWarning, stacklevel=3)
