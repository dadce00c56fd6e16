"""The loop that the drivers share, under a Python that has no Screenwright."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from paths import ROOT

DRIVERS = ROOT / "eval" / "drivers"
DRIVER = """
import os, sys
from driver_loop import CannotStart, Missing, serve

class Till:
    def __init__(self, options):
        print("noise while starting")
        if "missing" in options:
            raise Missing(options["missing"])
        if "broken" in options:
            raise CannotStart(options["broken"])
        self.closed = options.get("closed")

    def answer(self, asked):
        print("noise on standard output")
        os.system("echo noise of a child")
        if "add" in asked:
            return {"sum": sum(asked["add"])}
        return {"text": asked["say"].upper(), "set": {1} if asked["say"] == "set" else 0}

    def close(self):
        open(self.closed, "w").close()

serve("The till", Till)
"""


def run(folder: Path, options: dict[str, object], *lines: str) -> tuple[list[dict[str, object]], int, str]:
    """What a driver answers to `lines`, its exit code, and what it left on standard error."""
    (folder / "driver_loop.py").write_text((DRIVERS / "driver_loop.py").read_text())
    (folder / "till_driver.py").write_text(DRIVER)
    command = [sys.executable, "-ES", str(folder / "till_driver.py"), json.dumps(options)]
    done = subprocess.run(command, input="\n".join(lines), capture_output=True, text=True, check=False, timeout=60)
    return [json.loads(line) for line in done.stdout.splitlines()], done.returncode, done.stderr


def test_only_answers_are_on_standard_output(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    answers, code, told = run(tmp_path, {"closed": str(closed)}, '{"add": [1, 2]}', '{"say": "naïve ☃"}')
    assert answers == [{"ready": True}, {"sum": 3}, {"text": "NAÏVE ☃", "set": 0}]
    assert (code, told.count("noise while starting"), told.count("noise of a child")) == (0, 1, 2)
    assert told.count("noise on standard output") == 2
    assert closed.exists()  # it was closed when the questions ended


def test_a_question_that_fails_or_is_not_known_is_told_and_the_next_is_answered(tmp_path: Path) -> None:
    asked = ('{"add": [1, "a"]}', '{"dance": 1}', '{"say": "set"}', "[]", '{"add": []}')
    answers, code, _ = run(tmp_path, {"closed": str(tmp_path / "closed")}, *asked)
    causes = [str(answer["error"]).split(": ")[1] for answer in answers[1:-1]]
    assert causes == ["TypeError", "KeyError", "TypeError", "TypeError"]
    assert answers[2] == {"error": "The till: KeyError: 'say'"}
    assert (answers[-1], code) == ({"sum": 0}, 0)


@pytest.mark.parametrize(
    ("options", "said"), [({"missing": "till-core"}, {"missing": "till-core"}), ({"broken": "Shut"}, {"error": "Shut"})]
)
def test_what_keeps_it_from_starting_is_its_only_answer(
    options: dict[str, object], said: dict[str, object], tmp_path: Path
) -> None:
    answers, code, _ = run(tmp_path, options, '{"add": [1, 2]}')
    assert (answers, code) == ([said], 0)


def test_a_line_that_is_no_json_ends_it(tmp_path: Path) -> None:
    answers, code, told = run(tmp_path, {}, "add 1 and 2", '{"add": [1, 2]}')
    assert (answers, code) == ([{"ready": True}], 1)
    assert "JSONDecodeError" in told


def test_the_folder_hides_no_module_from_the_software() -> None:
    names = {path.stem for path in DRIVERS.glob("*.py")} - {"__init__"}
    assert not names & sys.stdlib_module_names
    assert {name for name in names if not name.endswith("_driver")} == {"driver_loop", "systems_chromium"}
