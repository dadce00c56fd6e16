"""The public API. A change of the public names affects users: note it in CHANGELOG."""

import subprocess
import sys
from typing import get_args

import screenwright
import screenwright.eval

HEAVY = (
    "torch",
    "transformers",
    "playwright",
    "pyautogui",
    "mss",
    "httpx2",
    "rapidocr",
    "numpy",
    "PIL",
    "pydantic",
    "openai",
    "anthropic",
    "google",
)


def test_every_public_name_is_importable_and_documented() -> None:
    for name in dir(screenwright):
        value = getattr(screenwright, name)
        if not (isinstance(value, str) or get_args(value)):
            assert value.__doc__, f"{name} has no docstring"


def test_import_has_no_side_effects_and_loads_nothing_heavy() -> None:
    code = f"import sys, screenwright; print([name for name in {HEAVY!r} if name in sys.modules])"
    path = {"PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, env=path, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("[]\n", "", 0)


def test_command_line_imports_no_runner_of_evaluations() -> None:
    code = "import sys, screenwright.cli.commands.run; print('screenwright.eval.runner' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_names_of_evaluations_are_importable() -> None:
    assert all(getattr(screenwright.eval, name).__doc__ for name in dir(screenwright.eval))


def test_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(screenwright, "Screenwrong")
