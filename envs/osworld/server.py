"""The server inside a virtual machine of OSWorld's: HTTP without authentication, for this machine's eyes only.

Source: xlang-ai/osworld-server, and the controller in the `desktop-env` package.
"""

import http.client
import json
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from ..env import ActionRefused, EnvLost

PREFIX = "import pyautogui; import time; pyautogui.FAILSAFE = False; "
"""What OSWorld's own controller puts in front of every command."""

_LOOK_S = 30.0
_ACT_S = 120.0


class VmServer:
    """The server at `url`, such as `http://127.0.0.1:5000`. No proxy is ever asked.

    Raises:
        ValueError: `url` is not the address of a server.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is not the address of a machine's server, such as http://127.0.0.1:5000")
        self.url = url.rstrip("/")
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def screenshot(self) -> bytes:
        """The screen as PNG, pointer included.

        Raises:
            EnvLost: there is none.
        """
        return self._ask(self._request("/screenshot"), _LOOK_S)

    def system(self) -> str:
        """What its `platform.system()` is; Linux if it does not say."""
        try:
            return self._ask(self._request("/platform"), _LOOK_S).decode().strip().strip('"')
        except (EnvLost, UnicodeDecodeError):
            return "Linux"

    def run(self, code: str) -> None:
        """Run Python code on the machine.

        Raises:
            ActionRefused: it failed; the last line of what it said.
            EnvLost: the server is gone.
        """
        body = json.dumps({"command": ["python", "-c", PREFIX + code], "shell": False}).encode()
        request = self._request("/execute", body)
        answer = self._ask(request, _ACT_S)
        try:
            said: dict[str, object] = json.loads(answer)
            failed = said.get("status") != "success" or said.get("returncode", 0) not in (0, None)
        except (ValueError, AttributeError) as error:
            raise EnvLost(f"{self.url} does not answer as OSWorld's server does") from error
        if failed:
            words = str(said.get("error") or said.get("message") or "it failed").strip().splitlines()
            raise ActionRefused(f"the machine could not do it: {words[-1] if words else 'no reason given'}")

    def _request(self, path: str, body: bytes | None = None) -> urllib.request.Request:
        return urllib.request.Request(  # noqa: S310 -- the scheme was looked at
            f"{self.url}{path}", body, {"Content-Type": "application/json"} if body is not None else {}
        )

    def _ask(self, request: urllib.request.Request, limit_s: float) -> bytes:
        try:
            with self._opener.open(request, timeout=limit_s) as answer:
                body: bytes = answer.read()
                return body
        except urllib.error.HTTPError as error:
            with error:
                body = error.read()
            if body.lstrip().startswith(b"{"):
                return body
            raise EnvLost(f"{request.full_url} answers {error.code}") from error
        except (OSError, http.client.HTTPException) as error:
            raise EnvLost(f"{self.url} does not answer: {getattr(error, 'reason', None) or error}") from error
