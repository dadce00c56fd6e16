"""Tags that the user gives to runs, in a file."""

import threading
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from screenwright._files import read_file, write_file
from screenwright._text import one_line

MAX_TAGS, MAX_TAG = 20, 40
"""Tags of a run, and characters of a tag."""

_MAX_RUNS = 10_000
_TAGS: TypeAdapter[dict[str, tuple[str, ...]]] = TypeAdapter(dict[str, tuple[str, ...]])


class TagsRefused(ValueError):
    """The tags cannot be kept; the message is one line."""


class Tags:
    """The tags of runs by the names of the runs, kept in the file `path`. Thread-safe.

    Raises:
        TagsRefused: the file is damaged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        try:
            self._tags: Mapping[str, tuple[str, ...]] = _TAGS.validate_json(read_file(path)) if path.exists() else {}
        except (OSError, ValidationError) as error:
            raise TagsRefused(f"the tags {path} cannot be read: move the file away to start without tags") from error

    @property
    def all(self) -> tuple[str, ...]:
        """All tags in use."""
        return tuple(sorted({tag for tags in self._tags.values() for tag in tags}, key=str.casefold))

    def of(self, run_id: str) -> tuple[str, ...]:
        """The tags of a run."""
        return self._tags.get(run_id, ())

    def with_tag(self, tag: str) -> tuple[str, ...]:
        """The runs with that tag."""
        return tuple(run_id for run_id, tags in self._tags.items() if tag in tags)

    def set(self, run_id: str, tags: Iterable[str]) -> tuple[str, ...]:
        """Replace the tags of a run; returns them as they are kept: without spaces around them, each once.

        Raises:
            TagsRefused: there are too many, or they cannot be written.
        """
        kept = tuple(dict.fromkeys(tag for one in tags if (tag := one_line(one).strip())))
        if len(kept) > MAX_TAGS or any(len(tag) > MAX_TAG for tag in kept):
            raise TagsRefused(f"a run has at most {MAX_TAGS} tags of {MAX_TAG} characters")
        with self._lock:
            changed = {**self._tags, run_id: kept} if kept else {k: v for k, v in self._tags.items() if k != run_id}
            if len(changed) > _MAX_RUNS:
                raise TagsRefused(f"at most {_MAX_RUNS} runs have tags")
            try:
                write_file(self._path, _TAGS.dump_json(changed))
            except OSError as error:
                raise TagsRefused(f"the tags cannot be written: {error.strerror}") from error
            self._tags = changed
        return kept
