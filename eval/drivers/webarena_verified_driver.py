"""WebArena-Verified's side of the benchmark. Runs in an environment of its own, without Screenwright.

The first argument is a JSON object with `config`, the path of the package's configuration. `{"list": true}` answers
with the tasks and the package's version; `{"score": ID, "folder": PATH}` scores the files `agent_response.json` and
`network.har` in that folder.
"""

import importlib
import importlib.metadata
import json
from pathlib import Path
from typing import Any

from driver_loop import CannotStart, NotInstalled, serve


class Scorer:
    """The package's scorer with the configuration of the options."""

    def __init__(self, options: "dict[str, Any]") -> None:
        try:
            make = importlib.import_module("webarena_verified.api").WebArenaVerified
        except ImportError as error:
            raise NotInstalled(f"webarena-verified ({error.name or error})") from error
        try:
            config = Path(options["config"])
            self._verified: Any = make(config=config)
            self._sites = json.loads(config.read_text(encoding="utf-8")).get("environments") or {}
        except Exception as error:
            raise CannotStart(f"WebArena-Verified: {type(error).__name__}: {error}") from error

    def handle(self, request: "dict[str, Any]") -> "dict[str, Any]":
        """List the tasks, or score one."""
        if "list" in request:
            return self._list()
        return self._score(Path(request["folder"]), request["score"])

    def close(self) -> None:
        """Nothing is open."""

    def _list(self) -> "dict[str, Any]":
        tasks = [task_entry(task, self._sites) for task in self._verified.get_tasks()]
        return {"tasks": tasks, "version": importlib.metadata.version("webarena-verified")}

    def _score(self, folder: Path, task: int) -> "dict[str, Any]":
        result = self._verified.evaluate_task(
            task_id=task, agent_response=folder / "agent_response.json", network_trace=folder / "network.har"
        )
        return {"score": result.score, "status": str(result.status), "wrong": result.error_msg or ""}


def task_entry(task: Any, sites: "dict[str, Any]") -> "dict[str, Any]":
    """A task with the URLs of its sites; without those that the configuration does not name."""
    return {
        "id": task.task_id,
        "intent": task.intent,
        "sites": [str(getattr(site, "value", site)) for site in task.sites],
        "urls": [address for address in (resolve_url(url, sites) for url in task.start_urls) if address],
    }


def resolve_url(url: str, sites: "dict[str, Any]") -> str:
    """The URL with its site placeholder replaced; empty if the site is unknown."""
    for name, site in sites.items():
        if url.startswith(name):
            return str(site["urls"][site.get("active_url_idx") or 0]).rstrip("/") + url.removeprefix(name)
    return "" if url.startswith("__") else url


if __name__ == "__main__":
    serve("WebArena-Verified", Scorer)
