"""WebArena-Verified's side of the benchmark: in a Python of its own, knowing nothing of Screenwright.

The first argument is a JSON object with `config`, the path of the package's own configuration. Then it reads JSON
lines: `{"list": true}` answers with the tasks and the package's version, `{"score": ID, "folder": PATH}` scores the
files `agent_response.json` and `network.har` there.
"""

import importlib
import importlib.metadata
import json
from pathlib import Path
from typing import Any

from driver_loop import CannotStart, Missing, serve


class Scorer:
    """The package with the configuration that the options name."""

    def __init__(self, options: "dict[str, Any]") -> None:
        try:
            make = importlib.import_module("webarena_verified.api").WebArenaVerified
        except ImportError as error:
            raise Missing(f"webarena-verified ({error.name or error})") from error
        try:
            config = Path(options["config"])
            self._verified: Any = make(config=config)
            self._sites = json.loads(config.read_text(encoding="utf-8")).get("environments") or {}
        except Exception as error:
            raise CannotStart(f"WebArena-Verified: {type(error).__name__}: {error}") from error

    def answer(self, asked: "dict[str, Any]") -> "dict[str, Any]":
        """All tasks, or the score of one."""
        if "list" in asked:
            return self._listed()
        return self._scored(Path(asked["folder"]), asked["score"])

    def close(self) -> None:
        """Nothing is open."""

    def _listed(self) -> "dict[str, Any]":
        tasks = [described(task, self._sites) for task in self._verified.get_tasks()]
        return {"tasks": tasks, "version": importlib.metadata.version("webarena-verified")}

    def _scored(self, folder: Path, task: int) -> "dict[str, Any]":
        result = self._verified.evaluate_task(
            task_id=task, agent_response=folder / "agent_response.json", network_trace=folder / "network.har"
        )
        return {"score": result.score, "status": str(result.status), "wrong": result.error_msg or ""}


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
    serve("WebArena-Verified", Scorer)
