"""Locates the pages of MiniWoB++: in the installed `miniwob` package or in a folder."""

from importlib import metadata, util
from pathlib import Path

from ...core.task import TaskError
from ..data_files import digest_of

HOW_TO_GET = "pip install --no-deps miniwob, or name a checkout, or its folder `html`, with --root"


def find_pages(root: Path | None = None) -> Path:
    """The folder that contains `core`, `common` and `miniwob`.

    The package is located without importing it, because it imports Selenium.

    Raises:
        TaskError: there is none; the message says how to install it.
    """
    if root is None:
        spec = util.find_spec("miniwob")
        locations = list(spec.submodule_search_locations or ()) if spec is not None else []
        if not locations:
            raise TaskError(f"MiniWoB++'s pages are not installed: {HOW_TO_GET}")
        root = Path(locations[0]) / "html"
    for folder in (root, root / "html", root / "miniwob" / "html"):
        if (folder / "core" / "core.js").is_file():
            return folder
    raise TaskError(f"{root} does not contain MiniWoB++'s pages (core/core.js is missing): {HOW_TO_GET}")


def page_names(root: Path) -> dict[str, str]:
    """All tasks in `root` and the paths of their pages, named as in the package; flight tasks start with `flight.`."""
    pages = {path.stem: f"miniwob/{path.name}" for path in sorted((root / "miniwob").glob("*.html"))}
    flights = sorted((root / "flight").glob("*/wrapper.html"))
    return pages | {f"flight.{path.parent.name}": f"flight/{path.parent.name}/wrapper.html" for path in flights}


def version(root: Path) -> str:
    """A digest of all pages and scripts, with the package's version if they are the package's."""
    files = sorted(path for path in root.rglob("*") if path.suffix in (".html", ".js", ".css"))
    pages = f"pages sha256:{digest_of(files, root)[:12]}"
    try:
        installed = metadata.version("miniwob") if root == find_pages() else ""
    except (metadata.PackageNotFoundError, TaskError):
        installed = ""
    return f"{installed}, {pages}" if installed else pages
