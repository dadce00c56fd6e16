"""The judge of an instance: the expected documents, and that everything else in the home is as it was."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path

from screenwright._files import read_file

from .documents import Document, Folder, Gone
from .documents.document import MAX_BYTES

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
            elif content := _content(path):
                found[name] = content
    return found


def _content(file: Path) -> str:
    """A digest of a file, or why it cannot be read; empty if it is gone, as a temporary file of a program may be."""
    try:
        return sha256(read_file(file, MAX_BYTES)).hexdigest()
    except FileNotFoundError:
        return ""
    except OSError as error:
        return str(error.strerror)


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
    return [*(one for document in documents for one in _problems(home, document)), *changed, *gone, *new]


def _problems(home: Path, document: Document) -> list[str]:
    """How a document differs. Links and what is no regular file are refused before a library reads them."""
    path = home / document.path
    within = path.rglob("*") if path.is_dir() and not isinstance(document, Folder | Gone) else ()
    refused = [one for one in (path, *within) if one.is_symlink() or (one.exists() and not _is_plain(one))]
    return [f"{one.relative_to(home)} is a link or cannot be read" for one in refused] or document.problems(home)


def _is_plain(path: Path) -> bool:
    return path.is_dir() or (path.is_file() and path.stat().st_size <= MAX_BYTES)


def _is_in(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)
