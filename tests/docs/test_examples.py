"""Every program in docs/examples runs and prints its result."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "docs" / "examples"
PROGRAMS = sorted(path for path in EXAMPLES.glob("*.py") if not path.name.startswith("test_"))


def run(arguments: list[str], cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


RESULTS = {
    "async_events": "finished for 0.00336",
    "custom_env": "needs_user",
    "custom_model": "finished [1, 2]",
    "custom_policy": "finished pressed 3 times 3",
    "evaluate_agent": "3 of 3",
    "form": "finished DAR-7",
    "guard": "refused: passwords must not be typed",
    "minimal": "the button was pressed 1 time",
    "own_action": "-> shipped",
    "read_run": "different screenshots",
    "scripted_model": "finished done 1",
    "stream_events": "finished",
    "typed_answer": "order 7 costs 12.50",
}


def example(program: Path) -> object:
    text = program.read_text()
    needs = {"reader": 'Agent("reader"' in text, "browser": "BrowserEnv(" in text}
    marks = [getattr(pytest.mark, name) for name, needed in needs.items() if needed]
    return pytest.param(program, marks=marks, id=program.stem)


@pytest.mark.parametrize("program", [example(program) for program in PROGRAMS])
def test_example_prints_its_result(program: Path, tmp_path: Path) -> None:
    assert RESULTS[program.stem] in run([str(program)], tmp_path)


@pytest.mark.slow
def test_a_model_of_your_own_passes_mypy() -> None:
    cache = ["--cache-dir", str(ROOT / ".mypy_cache")]
    assert "Success" in run(["-m", "mypy", "--strict", *cache, str(EXAMPLES / "custom_model.py")], ROOT)


@pytest.mark.slow
def test_custom_environment_satisfies_the_contract(tmp_path: Path) -> None:
    for name in ("custom_env.py", "test_custom_env.py"):
        shutil.copy(EXAMPLES / name, tmp_path)
    assert "passed" in run(["-m", "pytest", "-q"], tmp_path)


def test_examples_page_shows_every_program() -> None:
    page = (ROOT / "docs" / "guides" / "examples.md").read_text()
    assert [each.name for each in PROGRAMS if f"](../examples/{each.name})" not in page] == []
