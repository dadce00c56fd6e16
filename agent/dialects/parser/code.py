"""pyautogui code as OpenCUA writes it, parsed as a list of calls and never executed.

    import pyautogui
    pyautogui.click(x=960, y=540); pyautogui.write("it's", interval=0.05)  # comments are skipped

Anything but a call, such as an assignment or a loop, is rejected.
"""

import re
from dataclasses import replace

from .call import Call, ParseError, add_call
from .calls import CALL_START, END_OF_TURN, read_call, skip

_BETWEEN = re.compile(r"(?: [\s;]++ | \#[^\n]*+ | (?:import|from)[ \t][^\n;]*+ )*+", re.VERBOSE)
_MODULE = re.compile(r"^(?:pyautogui|computer|time)\.")
_END = re.compile(rf"\Z|```|{END_OF_TURN}")
FENCE = re.compile(r"```(?:python|code|py)?[ \t]*\r?\n|```(?:python|code|py)[ \t]++")


def read_code(text: str, start: int) -> tuple[Call, ...]:
    """The calls from `start` to the end of the code block or of the text, without the names of their modules.

    Raises:
        ParseError: there is no call, or a statement is not a call.
    """
    calls: list[Call] = []
    pos = skip(_BETWEEN, text, start)
    while not _END.match(text, pos):
        if not CALL_START.match(text, pos):
            raise ParseError("bad_syntax", pos, f"a call was expected, not {text[pos : pos + 30]!r}")
        call, pos = read_call(text, pos, lenient=False)
        add_call(calls, replace(call, name=_MODULE.sub("", call.name)))
        pos = skip(_BETWEEN, text, pos)
    if not calls:
        raise ParseError("no_action", start, "the code contains no call")
    return tuple(calls)
