"""Serves a web application and then becomes a browser that shows it: `python web_window.py START`.

START is a JSON object: `serve` and `show` are command lines, `environment` has variables for the server, and `ready` is
an address that it answers once it is ready. Uses only the standard library.
"""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request

_START_S = 60.0
_POLL_S = 0.05


def main() -> None:
    """Start both; the server ends with the sandbox."""
    start = json.loads(sys.argv[1])
    server = subprocess.Popen(start["serve"], env={**os.environ, **start["environment"]}, cwd=os.environ["HOME"])
    end = time.monotonic() + _START_S
    while not _answers(start["ready"]):
        if server.poll() is not None or time.monotonic() > end:
            sys.exit(f"the server of the application does not start: {start['serve'][0]}")
        time.sleep(_POLL_S)
    os.execv(start["show"][0], start["show"])  # noqa: S606 -- no shell is meant


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=10):  # noqa: S310 -- an address of ours
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


if __name__ == "__main__":
    main()
