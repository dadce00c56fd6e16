"""Types texts that may contain secrets."""

import re
from functools import partial

from playwright.async_api import Page

from ...actions import ActionIn, Hotkey, Type
from ...env import ActionRefused
from ...geometry import ScreenPoint
from .input import InputDriver
from .secrets import PageSecrets
from .typing import MAX_KEYSTROKES

_PIECES = re.compile(r"[^\n\t]*[\n\t]|[^\n\t]+")
"""Texts up to a key that may move the focus."""


class SecretTyping:
    """Performs actions on a page; secrets are typed where they are bound."""

    def __init__(self, secrets: PageSecrets, driver: InputDriver) -> None:
        self._secrets = secrets
        self._driver = driver

    async def execute(self, page: Page, action: ActionIn[ScreenPoint]) -> str:
        """Perform `action`; returns the method. A text that goes into a password field is a secret from now on.

        Raises:
            ActionRefused: a secret belongs elsewhere; what comes before it was typed.
        """
        vault = self._secrets.vault
        if not isinstance(action, Type):
            return await self._driver.execute(page, action)
        if not (vault or vault.learns) or not self._secrets.tabs.has_devtools:
            if vault.named_in(action.text):
                raise ActionRefused("secrets can only be typed in Chromium")
            return await self._driver.execute(page, action)
        method = problem = ""
        for part in vault.split(action.text):
            pieces = self._pieces(part) if isinstance(part, str) else [part]
            for piece in pieces:
                try:
                    if isinstance(piece, str):
                        method = await self._type(page, piece)
                    else:
                        check = partial(self._secrets.check_focus, piece)
                        await check()
                        await self._driver.type_secret(page, vault.reveal(piece), check)
                finally:
                    if vault:
                        await self._secrets.stop_watching()
                problem = problem or self._driver.typing_problem
        if action.submit:
            await self._driver.execute(page, Hotkey(("enter",)))
        self._driver.typing_problem = problem
        return method

    def _pieces(self, text: str) -> list[str]:
        """`text` by the fields that it goes into; a long text goes into one, and is typed at once."""
        is_short = len(text) <= MAX_KEYSTROKES
        return _PIECES.findall(text) if self._secrets.vault.learns and is_short else [text]

    async def _type(self, page: Page, text: str) -> str:
        vault = self._secrets.vault
        if vault.learns:
            found = await self._secrets.focused()
            if found is not None and found.isPassword:
                await self._secrets.focused(vault.next_handle)
                vault.learn(text.rstrip("\n\t"), found.origin)
        return await self._driver.execute(page, Type(text))
