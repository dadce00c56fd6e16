"""A client of the HTTP server in an OSWorld virtual machine, which has no authentication.

Source: xlang-ai/osworld-server, and the controller in the `desktop-env` package.
"""

import httpx2

from ..env import ActionRefused, EnvLost
from ..interrupt import call

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
        try:
            parts = httpx2.URL(url)
        except httpx2.InvalidURL:
            parts = httpx2.URL()
        if parts.scheme not in ("http", "https") or not parts.host:
            raise ValueError(f"{url!r} is not the URL of a machine's server, such as http://127.0.0.1:5000")
        self.url = url.rstrip("/")
        self._client = httpx2.Client(
            verify=parts.scheme == "https",  # loading certificates takes 50 ms
            trust_env=False,
            follow_redirects=True,
            limits=httpx2.Limits(max_keepalive_connections=0),
        )

    def screenshot(self) -> bytes:
        """The screen as PNG, pointer included.

        Raises:
            EnvLost: the server is gone.
        """
        return self._ask("/screenshot").content

    def system(self) -> str:
        """The machine's `platform.system()`; Linux if unknown."""
        try:
            return self._ask("/platform").text.strip().strip('"')
        except EnvLost:
            return "Linux"

    def run(self, code: str) -> None:
        """Run Python code on the machine. If interrupted, it is left behind: keep it short.

        Raises:
            ActionRefused: it failed; the message has the last line of the error.
            EnvLost: the server is gone.
        """
        answer = self._ask("/execute", {"command": ["python", "-c", PREFIX + code], "shell": False})
        try:
            result: dict[str, object] = answer.json()
            failed = result.get("status") != "success" or result.get("returncode", 0) not in (0, None)
        except (ValueError, AttributeError) as error:
            raise EnvLost(f"{self.url} is not an OSWorld server") from error
        if failed:
            lines = str(result.get("error") or result.get("message") or "unknown").strip().splitlines()
            raise ActionRefused(f"the machine reports an error: {lines[-1] if lines else 'unknown'}")

    def _ask(self, path: str, body: object = None) -> httpx2.Response:
        """GET `path`, or POST `body` to it."""
        method, limit_s = ("GET", _QUERY_LIMIT_S) if body is None else ("POST", _RUN_LIMIT_S)
        try:
            answer = call(lambda: self._client.request(method, f"{self.url}{path}", json=body, timeout=limit_s))
        except httpx2.HTTPError as error:
            raise EnvLost(f"{self.url} does not answer: {error or type(error).__name__}") from error
        if answer.is_error and not answer.content.lstrip().startswith(b"{"):  # else it explains a failed command
            raise EnvLost(f"{answer.url} answers {answer.status_code}")
        return answer
