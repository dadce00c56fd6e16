"""Grammars for constrained decoding: free thought, then exactly one of the actions that a model has.

In the Lark dialect of llguidance, which vLLM takes as `structured_outputs.grammar`. A special token stands bare, so
that the model's real box tokens are produced and not their spelling. Digits are spelled out, since the usual shorthand
would admit those of other scripts.
"""

from ...envs.geometry import Size
from ...envs.keys import MODIFIERS, NAMED

_MODIFIER = f"({'|'.join(sorted(MODIFIERS))})"
_KEY = "|".join(["[a-z0-9]", *sorted(NAMED - MODIFIERS)])

LONGEST_THOUGHT = 1200
LONGEST_TEXT = 600


def ui_tars_grammar(image: Size, *, browser: bool = False) -> str:
    """The grammar of a UI-TARS-1.5 reply to an image of that size: every point it can write lies in the image."""
    actions = [
        'click_like "(start_box=\'" box "\')"',
        '"drag(start_box=\'" box "\', end_box=\'" box "\')"',
        '"hotkey(key=\'" KEYS "\')"',
        '"type(content=\'" TEXT "\')"',
        '"scroll(start_box=\'" box "\', direction=\'" DIRECTION "\')"',
        '"wait()"',
        '"finished(content=\'" TEXT "\')"',
    ]
    if browser:
        actions += ['"navigate(content=\'" TEXT "\')"', '"navigate_back()"']
    rules = {
        "start": '"Thought: " THOUGHT "\\nAction: " action',
        "action": " | ".join(actions),
        "click_like": '"click" | "left_double" | "right_single"',
        "box": '<|box_start|> "(" ACROSS "," DOWN ")" <|box_end|>',
        "THOUGHT": rf"/[^\n]{{1,{LONGEST_THOUGHT}}}/",
        "TEXT": rf"/([^'\\\n]|\\['\"n\\]){{0,{LONGEST_TEXT}}}/",
        "KEYS": f"/({_MODIFIER} ){{0,2}}({_KEY})/",
        "DIRECTION": '"up" | "down" | "left" | "right"',
        "ACROSS": f"/{up_to(image.width - 1)}/",
        "DOWN": f"/{up_to(image.height - 1)}/",
    }
    return "".join(f"{name}: {rule}\n" for name, rule in rules.items())


def up_to(most: int) -> str:
    """A regular expression of the whole numbers from 0 to `most`, without leading zeros.

    Raises:
        ValueError: `most` is below 0.
    """
    if most < 0:
        raise ValueError(f"there is no whole number from 0 to {most}")
    digits = str(most)
    choices = ["0", *(f"[1-9][0-9]{{{length - 1}}}" for length in range(1, len(digits)))]
    for place, digit in enumerate(digits):
        low = 1 if place == 0 else 0
        if int(digit) > low:
            rest = len(digits) - place - 1
            choices.append(f"{digits[:place]}[{low}-{int(digit) - 1}]" + (f"[0-9]{{{rest}}}" if rest else ""))
    choices.append(digits)
    return "(" + "|".join(dict.fromkeys(choices)) + ")"
