"""A client of the HTTP server in an OSWorld virtual machine, which has no authentication.

Source: xlang-ai/osworld-server, and the controller in the `desktop-env` package.
"""

import http.client
import json
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from ..env import ActionRefused, EnvLost

PREFIX = "import pyautogui; import time; pyautogui.FAILSAFE = False; "
"""OSWorld's own controller prefixes every command with this."""

_QUERY_LIMIT_S = 30.0
_RUN_LIMIT_S = 120.0


class VmServer:
    """The server at `url`, such as `http://127.0.0.1:5000`. Never uses a proxy.

    Raises:
        ValueError: `url` is not an HTTP URL.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is not the URL of a machine's server, such as http://127.0.0.1:5000")
        self.url = url.rstrip("/")
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def screenshot(self) -> bytes:
        """The screen as PNG, pointer included.

        Raises:
            EnvLost: the server is gone.
        """
        return self._ask(self._request("/screenshot"), _QUERY_LIMIT_S)

    def system(self) -> str:
        """The machine's `platform.system()`; Linux if unknown."""
        try:
            return self._ask(self._request("/platform"), _QUERY_LIMIT_S).decode().strip().strip('"')
        except (EnvLost, UnicodeDecodeError):
            return "Linux"

    def run(self, code: str) -> None:
        """Run Python code on the machine.

        Raises:
            ActionRefused: it failed; the message has the last line of the error.
            EnvLost: the server is gone.
        """
        body = json.dumps({"command": ["python", "-c", PREFIX + code], "shell": False}).encode()
        request = self._request("/execute", body)
        answer = self._ask(request, _RUN_LIMIT_S)
        try:
            result: dict[str, object] = json.loads(answer)
            failed = result.get("status") != "success" or result.get("returncode", 0) not in (0, None)
        except (ValueError, AttributeError) as error:
            raise EnvLost(f"{self.url} is not an OSWorld server") from error
        if failed:
            lines = str(result.get("error") or result.get("message") or "unknown").strip().splitlines()
            raise ActionRefused(f"the machine reports an error: {lines[-1] if lines else 'unknown'}")

    def _request(self, path: str, body: bytes | None = None) -> urllib.request.Request:
        return urllib.request.Request(  # noqa: S310 -- the scheme was checked
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
