"""The state of a form: a JSON object in the file named by the first argument, replaced at every change."""

import json
import sys
from pathlib import Path

FIELDS = ("Full name", "E-mail", "Password")
BOXES = ("Gift wrap", "Express delivery", "Subscribe")
SIZES = ("Small", "Medium", "Large")
COLOURS = ("Red", "Cobalt", "Green")
ITEMS = ("Apples", "Bananas", "Cherries", "Dates")
BUTTONS = ("Place order", "Cancel")
NUMBER = "Order number: A-7731"
_state: dict[str, object] = {}


def put(name: str, value: object) -> None:
    """Store that `name` has `value` now."""
    _state[name] = value
    path = Path(sys.argv[1])
    new = path.with_suffix(".new")
    new.write_text(json.dumps(_state), encoding="utf-8")
    new.replace(path)
