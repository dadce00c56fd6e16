"""The judge of an instance: the expected documents, and that everything else in the home is as it was."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path

from .documents import Document, Folder, Gone

_FOLDER = "folder"


def snapshot(home: Path) -> dict[str, str]:
    """The visible files and folders of a home by path: a digest of the content, or `folder`."""
    found: dict[str, str] = {}
    waiting = [home]
    while waiting:
        for path in waiting.pop().iterdir():
            if path.name.startswith("."):  # settings, and the lock files of programs
                continue
            name = str(path.relative_to(home))
            if path.is_symlink():
                found[name] = f"link to {path.readlink()}"
            elif path.is_dir():
                found[name] = _FOLDER
                waiting.append(path)
            else:
                found[name] = sha256(path.read_bytes()).hexdigest()
    return found


def state_problems(home: Path, before: Mapping[str, str], after: Iterable[Document]) -> list[str]:
    """How the home differs from the one `before` with the documents that should be there `after`."""
    documents = tuple(after)
    expected = dict(before)
    owned: list[str] = []
    for document in documents:
        expected = {path: one for path, one in expected.items() if not _is_in(path, [document.path])}
        if isinstance(document, Gone):
            continue
        parents = Path(document.path).parents
        expected |= {str(parent): _FOLDER for parent in parents if str(parent) != "."}
        if isinstance(document, Folder):
            expected |= {path: one for path, one in before.items() if _is_in(path, [document.path])}
            expected[document.path] = _FOLDER
        else:
            owned.append(document.path)
    found = {path: one for path, one in snapshot(home).items() if not _is_in(path, owned)}
    expected = {path: one for path, one in expected.items() if not _is_in(path, owned)}
    gone = [f"{path} is gone" for path in sorted(expected.keys() - found.keys())]
    new = [f"{path} is new" for path in sorted(found.keys() - expected.keys())]
    changed = [
        f"{path} has changed" for path in sorted(expected.keys() & found.keys()) if expected[path] != found[path]
    ]
    return [*(one for document in documents for one in document.problems(home)), *changed, *gone, *new]


def _is_in(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)
