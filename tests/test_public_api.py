"""What `import screenwright` promises. A change of the names below is a change that users feel: say so in CHANGELOG."""

import subprocess
import sys
from typing import get_args

import screenwright

HEAVY = ("torch", "transformers", "playwright", "pyautogui", "mss", "openai", "rapidocr", "numpy", "PIL", "pydantic")


def test_every_exported_name_can_be_had_and_is_documented() -> None:
    for name in dir(screenwright):
        value = getattr(screenwright, name)
        if not (isinstance(value, str) or get_args(value)):
            assert value.__doc__, f"{name} has no docstring"


def test_importing_opens_nothing_prints_nothing_and_loads_nothing_heavy() -> None:
    code = f"import sys, screenwright; print([name for name in {HEAVY!r} if name in sys.modules])"
    path = {"PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, env=path, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("[]\n", "", 0)


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(screenwright, "Screenwrong")
