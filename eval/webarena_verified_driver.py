"""WebArena-Verified's side of the benchmark: in a Python of its own, knowing nothing of Screenwright.

The first argument is a JSON object with `config`, the path of the package's own configuration. Then it reads JSON
lines: `{"list": true}` answers with the tasks and the package's version, `{"score": ID, "folder": PATH}` scores the
files `agent_response.json` and `network.har` there.
"""

import importlib
import importlib.metadata
import json
import os
import sys
from pathlib import Path
from typing import Any


def main(options: "dict[str, Any]") -> None:
    """Serve until standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the library prints must not get among the answers

    def answer(**said: Any) -> None:
        print(json.dumps(said), file=answers, flush=True)

    try:
        make = importlib.import_module("webarena_verified.api").WebArenaVerified
    except ImportError as error:
        answer(missing=f"webarena-verified ({error.name or error})")
        return
    try:
        verified = make(config=Path(options["config"]))
        sites = json.loads(Path(options["config"]).read_text(encoding="utf-8")).get("environments") or {}
    except Exception as error:  # noqa: BLE001 -- whatever it is, the other side is told
        answer(error=f"WebArena-Verified: {type(error).__name__}: {error}")
        return
    answer(ready=True)
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            if "list" in asked:
                tasks = [described(task, sites) for task in verified.get_tasks()]
                answer(tasks=tasks, version=importlib.metadata.version("webarena-verified"))
            else:
                folder = Path(asked["folder"])
                result = verified.evaluate_task(
                    task_id=asked["score"],
                    agent_response=folder / "agent_response.json",
                    network_trace=folder / "network.har",
                )
                answer(score=result.score, status=str(result.status), wrong=result.error_msg or "")
        except Exception as error:  # noqa: BLE001 -- one task's trouble, which the other side is told
            answer(error=f"WebArena-Verified: {type(error).__name__}: {error}")


def described(task: Any, sites: "dict[str, Any]") -> "dict[str, Any]":
    """A task with the addresses of its sites; none where the configuration does not name them."""
    return {
        "id": task.task_id,
        "intent": task.intent,
        "sites": [str(getattr(site, "value", site)) for site in task.sites],
        "urls": [address for address in (filled(url, sites) for url in task.start_urls) if address],
    }


def filled(url: str, sites: "dict[str, Any]") -> str:
    """The address with its placeholder filled; empty if it cannot be."""
    for name, site in sites.items():
        if url.startswith(name):
            return str(site["urls"][site.get("active_url_idx") or 0]).rstrip("/") + url.removeprefix(name)
    return "" if url.startswith("__") else url


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
