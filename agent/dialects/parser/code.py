"""pyautogui code as OpenCUA writes it, read as a list of calls and never run.

    import pyautogui
    pyautogui.click(x=960, y=540); pyautogui.write("it's", interval=0.05)  # comments are skipped

Anything that is no call (an assignment, a loop) is refused.
"""

import re

from .call import Call, ParseError
from .calls import CALL_START, END_OF_TURN, read_call

_BETWEEN = re.compile(r"(?: [\s;]++ | \#[^\n]*+ | (?:import|from)[ \t][^\n;]*+ )++", re.VERBOSE)
_END = re.compile(rf"\Z|```|{END_OF_TURN}")
FENCE = re.compile(r"```(?:python|code|py)?[ \t]*\r?\n|```(?:python|code|py)[ \t]++")


def read_code(text: str, start: int) -> tuple[tuple[Call, ...], int]:
    """The calls from `start` to the end of the fence or of the text, and where they end.

    Raises:
        Trouble: there is none, or a statement is no call.
    """
    calls: list[Call] = []
    pos = start
    while True:
        if between := _BETWEEN.match(text, pos):
            pos = between.end()
        if _END.match(text, pos):
            break
        if not CALL_START.match(text, pos):
            raise ParseError("bad_syntax", pos, f"only calls are understood, not {text[pos : pos + 30]!r}")
        call, pos = read_call(text, pos, lenient=False)
        calls.append(call)
    if not calls:
        raise ParseError("no_action", start, "there is no call in the code")
    return tuple(calls), pos
