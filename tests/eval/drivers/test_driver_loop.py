"""The drivers' loop, run under a Python without Screenwright."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from paths import ROOT

DRIVERS = ROOT / "eval" / "drivers"
DRIVER = """
import os, sys
from driver_loop import CannotStart, NotInstalled, serve

class Calculator:
    def __init__(self, options):
        print("noise while starting")
        if "missing" in options:
            raise NotInstalled(options["missing"])
        if "broken" in options:
            raise CannotStart(options["broken"])
        self.closed = options.get("closed")

    def handle(self, request):
        print("noise on standard output")
        os.system("echo noise of a child")
        if "add" in request:
            return {"sum": sum(request["add"])}
        return {"text": request["upper"].upper(), "set": {1} if request["upper"] == "set" else 0}

    def close(self):
        open(self.closed, "w").close()

serve("The calculator", Calculator)
"""


def run(folder: Path, options: dict[str, object], *lines: str) -> tuple[list[dict[str, object]], int, str]:
    """The driver's answers to `lines`, its exit code, and its standard error."""
    (folder / "driver_loop.py").write_text((DRIVERS / "driver_loop.py").read_text())
    (folder / "calc_driver.py").write_text(DRIVER)
    command = [sys.executable, "-ES", str(folder / "calc_driver.py"), json.dumps(options)]
    done = subprocess.run(command, input="\n".join(lines), capture_output=True, text=True, check=False, timeout=60)
    return [json.loads(line) for line in done.stdout.splitlines()], done.returncode, done.stderr


def test_only_answers_are_on_standard_output(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    answers, code, errors = run(tmp_path, {"closed": str(closed)}, '{"add": [1, 2]}', '{"upper": "naïve ☃"}')
    assert answers == [{"ready": True}, {"sum": 3}, {"text": "NAÏVE ☃", "set": 0}]
    assert (code, errors.count("noise while starting"), errors.count("noise of a child")) == (0, 1, 2)
    assert errors.count("noise on standard output") == 2
    assert closed.exists()  # the driver was closed at the end of input


def test_a_failing_request_is_reported_and_the_next_is_answered(tmp_path: Path) -> None:
    requests = ('{"add": [1, "a"]}', '{"dance": 1}', '{"upper": "set"}', "[]", '{"add": []}')
    answers, code, _ = run(tmp_path, {"closed": str(tmp_path / "closed")}, *requests)
    causes = [str(answer["error"]).split(": ")[1] for answer in answers[1:-1]]
    assert causes == ["TypeError", "KeyError", "TypeError", "TypeError"]
    assert answers[2] == {"error": "The calculator: KeyError: 'upper'"}
    assert (answers[-1], code) == ({"sum": 0}, 0)


@pytest.mark.parametrize(
    ("options", "answer"),
    [({"missing": "calc-core"}, {"missing": "calc-core"}), ({"broken": "Shut"}, {"error": "Shut"})],
)
def test_a_driver_that_cannot_start_answers_with_the_reason(
    options: dict[str, object], answer: dict[str, object], tmp_path: Path
) -> None:
    answers, code, _ = run(tmp_path, options, '{"add": [1, 2]}')
    assert (answers, code) == ([answer], 0)


def test_a_line_that_is_not_json_ends_the_driver(tmp_path: Path) -> None:
    answers, code, errors = run(tmp_path, {}, "add 1 and 2", '{"add": [1, 2]}')
    assert (answers, code) == ([{"ready": True}], 1)
    assert "JSONDecodeError" in errors


def test_no_driver_file_shadows_a_module() -> None:
    names = {path.stem for path in DRIVERS.glob("*.py")} - {"__init__"}
    assert not names & sys.stdlib_module_names
    assert {name for name in names if not name.endswith("_driver")} == {"driver_loop", "system_chromium"}
