"""Grammars for constrained decoding: a free thought, then exactly one action.

Written in the Lark variant of llguidance, which vLLM accepts as `structured_outputs.grammar`. Special tokens are not
quoted, so that the model produces the real box tokens and not their spelling. Digits are listed explicitly, because the
shorthand for digits would also match those of other scripts.
"""

from ...envs.geometry import Size
from ...envs.keys import MODIFIERS, NAMED

_MODIFIER = f"({'|'.join(sorted(MODIFIERS))})"
_KEY = "|".join(["[a-z0-9]", *sorted(NAMED - MODIFIERS)])

MAX_THOUGHT_CHARACTERS = 1200
MAX_TEXT_CHARACTERS = 600


def ui_tars_grammar(image: Size, *, browser: bool = False) -> str:
    """The grammar of a UI-TARS-1.5 reply to an image of that size; all points are inside the image."""
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
        "box": '<|box_start|> "(" X "," Y ")" <|box_end|>',
        "THOUGHT": rf"/[^\n]{{1,{MAX_THOUGHT_CHARACTERS}}}/",
        "TEXT": rf"/([^'\\\n]|\\['\"n\\]){{0,{MAX_TEXT_CHARACTERS}}}/",
        "KEYS": f"/({_MODIFIER} ){{0,2}}({_KEY})/",
        "DIRECTION": '"up" | "down" | "left" | "right"',
        "X": f"/{integers_up_to(image.width - 1)}/",
        "Y": f"/{integers_up_to(image.height - 1)}/",
    }
    return "".join(f"{name}: {rule}\n" for name, rule in rules.items())


def integers_up_to(maximum: int) -> str:
    """A regular expression for the integers from 0 to `maximum`, without leading zeros.

    Raises:
        ValueError: `maximum` is below 0.
    """
    if maximum < 0:
        raise ValueError(f"there is no integer from 0 to {maximum}")
    digits = str(maximum)
    choices = ["0", *(f"[1-9][0-9]{{{length - 1}}}" for length in range(1, len(digits)))]
    for index, digit in enumerate(digits):
        low = 1 if index == 0 else 0
        if int(digit) > low:
            remaining = len(digits) - index - 1
            choices.append(f"{digits[:index]}[{low}-{int(digit) - 1}]" + (f"[0-9]{{{remaining}}}" if remaining else ""))
    choices.append(digits)
    return "(" + "|".join(dict.fromkeys(choices)) + ")"
