"""`screenwright view`: a recorded run as one HTML page."""

import webbrowser
from pathlib import Path

from ..agent.record.trajectory import RunError, read_run
from ..agent.record.viewer import render_page


def view(run: Path, out: Path | None, *, show: bool) -> Path:
    """Write the page of the run in the folder `run` and return its path; open it if `show`.

    Raises:
        RunError: there is no such run, or the page cannot be written.
    """
    recorded = read_run(run)
    path = out or run / "view.html"
    page = render_page(recorded.events, title=recorded.started.task)
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise RunError(f"the page cannot be written to {path}: {error.strerror}") from error
    if show:
        webbrowser.open(path.resolve().as_uri())
    return path
