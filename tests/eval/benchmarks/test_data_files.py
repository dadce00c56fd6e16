"""Task lists of third-party benchmarks: errors are one line with the location."""

import json
from pathlib import Path

import pytest
from pydantic import BaseModel, TypeAdapter

from screenwright.eval.benchmarks.data_files import read_json
from screenwright.eval.core.task import TaskError


class Entry(BaseModel):
    id: str


LIST = TypeAdapter(tuple[Entry, ...])


def test_entries_are_read_in_order(tmp_path: Path) -> None:
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps([{"id": "a"}, {"id": "b", "more": 1}], indent=1))
    assert [entry.id for entry in read_json(path, LIST)] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[\n {"id": "a"},\n {"id": 7}\n]', "tasks.json, line 3: id: Input should be a valid string"),
        ('[{"id": "a"},\n\n{"name": "b"}]', "tasks.json, line 3: id: Field required"),
        ('[{"id": "],["},\n7]', "tasks.json, line 2: the entry: Input should be"),
        ('[\n{"id": "a",]', "tasks.json: .*line 2"),
        ('{"id": "a"}', "tasks.json: the file: Input should be a valid tuple"),
        ("", "tasks.json: Expecting value: line 1"),
    ],
)
def test_errors_name_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "tasks.json"
    path.write_text(text)
    with pytest.raises(TaskError, match=message) as raised:
        read_json(path, LIST)
    assert "\n" not in str(raised.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match=r"tasks\.json cannot be read: No such file"):
        read_json(tmp_path / "tasks.json", LIST)


def test_a_binary_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "tasks.json").write_bytes(b"\xff\xfe")
    with pytest.raises(TaskError, match=r"tasks\.json is not UTF-8 text"):
        read_json(tmp_path / "tasks.json", LIST)
