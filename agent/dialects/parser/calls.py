"""The call syntax, `name(argument='value', ...)`: one grammar for UI-TARS, ScaleCUA, UI-Venus, Holo and pyautogui code.

Strings follow Python, with one exception that UI-TARS needs: free text (`content='it's'`) may contain its own quote
unescaped. A quote ends such a string only if the call continues after it: with the next argument, or with a `)` that
ends the call. Outside of strings, full-width punctuation counts as ASCII; curly quotes are quotes.
"""

import re

from .call import Argument, Call, ParseError, Value
from .points import is_closed_point

FREE_TEXT = frozenset(
    {
        "content",
        "text",
        "message",
        "answer",
        "app_name",
        "app",
        "url",
        "value",
        "response",
        "reason",
        "target",
        "start_target",
        "end_target",
        "element_info",
    }
)
"""Arguments with free text, in which an unescaped quote is part of the text."""

_SPACE = re.compile(r"\s*+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*+(?:\.[A-Za-z_][A-Za-z0-9_]*+)*+")
CALL_START = re.compile(r"([A-Za-z_][A-Za-z0-9_.]*+)[(\uff08]")
_KEYWORD = re.compile(r"([A-Za-z_][A-Za-z0-9_]*+)\s*+[=\uff1d](?!=)\s*+")
_NUMBER = re.compile(r"[+-]?(?:\d{1,15}(?:\.\d{0,30})?|\.\d{1,30})(?![\w.])")
_TAGGED = re.compile(r"<[^<>\n]{1,40}+>[^<>\n]{0,80}+(?:<[^<>\n]{1,40}+>)?+")
_WORD = re.compile(r"[^\W\d][\w+-]*+")
QUOTES = {"'": "'", '"': '"', "\u2018": "\u2019'", "\u2019": "\u2019'", "\u201c": '\u201d"', "\u201d": '\u201d"'}
"""Each opening quote with those that close it."""
_CLOSED_BY = {
    opening: re.compile(rf"[^{closing}\\]*+(?:\\.[^{closing}\\]*+)*+[{closing}]", re.DOTALL)
    for opening, closing in QUOTES.items()
}
_TRIPLE = {quote: re.compile(rf"(?:[^\\]|\\.)*?{quote * 3}", re.DOTALL) for quote in ("'", '"')}
_QUOTE_OR_ESCAPE = {opening: re.compile(rf"\\.|[{closing}]", re.DOTALL) for opening, closing in QUOTES.items()}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "'": "'", '"': '"', "\\": "\\"}
_ASCII = str.maketrans("\uff08\uff09\uff0c\uff1a\uff3b\uff3d\uff5b\uff5d", "(),:[]{}")
_CONSTANTS: dict[str, Value] = {"true": True, "false": False, "none": None, "null": None}

END_OF_TURN = r"\[EOS\]|<\|im_end\|>|<\|endoftext\|>|<\|eot_id\|>|</s>"
TURN_END = re.compile(rf"(?:\s++|</(?!s>)[\w:]++>)*+(?:{END_OF_TURN})")
"""The end of a turn, after closing tags; what follows is made up by the model."""
_LABEL = r"[ \t*#]*+(?:Thought|Reflection|Action_Summary|Action)\b"
_CALL = r"[A-Za-z_][A-Za-z0-9_.]*+[(\uff08]"
_MARK = rf"\Z | \# | ``` | {END_OF_TURN} | </?[A-Za-z]"
_LINES = rf"\r?\n\s*+ (?: {_MARK} | {_LABEL} | {_CALL} )"
_AFTER_CALL = rf"[ \t]*+ (?: [;\uff1b][ \t]*+{_CALL} | [.;\u3002\uff1b]?[ \t]*+ (?: {_MARK} | {_LINES} ))"
_VALUE = r"""'[^'\n]*+' | "[^"\n]*+" | \u201c[^\u201d\n]*+\u201d | \u2018[^\u2019\n]*+\u2019
  | [\w.+-]++ | [\[(][^\])\n]*+[\])] | <[^\n,]*+>"""
_ARGUMENTS = rf"(?: [,\uff0c]\s*+ \w++\s*+[=\uff1d]\s*+ (?: {_VALUE} ) \s*+ )*+"
_ENDS_FREE_TEXT = re.compile(
    rf"""\s*+(?: {_ARGUMENTS} [)\uff09] {_AFTER_CALL}
      | [,\uff0c]\s*+ (?:start_box|end_box|point|start_point|end_point|content|text|box|x|y|key|interval|status|answer|
         target|end_target|direction|time|amount)
        \s*+[=\uff1d]
      | \Z | ``` | {END_OF_TURN} )""",
    re.VERBOSE | re.IGNORECASE,
)
_MAY_LACK_PAREN = re.compile(rf"\s*+(?: \Z | ``` | {END_OF_TURN} | </[A-Za-z] )", re.VERBOSE)
_MAX_DEPTH = 8


def read_call(text: str, at: int, *, lenient: bool = True) -> tuple[Call, int]:
    """The call at `at`, and where it ends; unless `lenient`, quotes end a string as in Python.

    Raises:
        ParseError: `bad_syntax`; or `truncated`, if the text ends inside the call.
    """
    name = _NAME.match(text, at)
    if name is None:
        raise ParseError("bad_syntax", at, f"an action was expected, not {text[at : at + 30]!r}")
    pos = name.end()
    if peek(text, pos) != "(":
        raise ParseError("bad_syntax", pos, f"'(' was expected after {name[0]!r:.40}")
    arguments, end = _read_arguments(text, pos + 1, lenient=lenient)
    return Call(name[0], tuple(arguments), at), end


def peek(text: str, at: int) -> str:
    """The character at `at`, full-width punctuation as ASCII; empty at the end."""
    return text[at : at + 1].translate(_ASCII)


def skip(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Where `pattern` at `at` ends; `at` if it does not match."""
    found = pattern.match(text, at)
    return found.end() if found else at


def skip_space(text: str, at: int) -> int:
    """The first position from `at` on that is not white space."""
    return skip(_SPACE, text, at)


def unescape(text: str) -> str:
    r"""Text with `\n`, `\t`, `\r`, `\'`, `\"` and `\\` decoded; other backslashes are kept."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[0]), text)


def _read_arguments(text: str, at: int, *, lenient: bool) -> tuple[list[Argument], int]:
    arguments: list[Argument] = []
    pos = skip_space(text, at)
    while peek(text, pos) != ")":
        if pos >= len(text):
            raise ParseError("truncated", pos, "the reply ends inside an action")
        keyword = _KEYWORD.match(text, pos)
        name = keyword[1].lower() if keyword else None
        start = keyword.end() if keyword else pos
        value, pos = read_value(text, start, free=lenient and name in FREE_TEXT)
        arguments.append(Argument(name, value, start))
        pos = skip_space(text, pos)
        if peek(text, pos) == ",":
            pos = skip_space(text, pos + 1)
        elif peek(text, pos) != ")":
            if _MAY_LACK_PAREN.match(text, pos):
                return arguments, pos
            raise ParseError("bad_syntax", pos, f"',' or ')' was expected, not {text[pos : pos + 20]!r}")
    return arguments, pos + 1


def read_value(text: str, at: int, *, free: bool = False, depth: int = 0) -> tuple[Value, int]:
    """The value at `at`, and where it ends; a quoted text is `free` if it may contain its own quote.

    Raises:
        ParseError: `bad_syntax`; or `truncated`, if the text ends inside it.
    """
    first = peek(text, at)
    if first in QUOTES:
        return _read_string(text, at, free=free)
    if first in ("(", "["):
        return _read_sequence(text, at, depth)
    if first == "<" and (tagged := _TAGGED.match(text, at)):
        return tagged[0], tagged.end()
    if number := _NUMBER.match(text, at):
        is_integer = number[0].lstrip("+-").isdigit()
        return int(number[0]) if is_integer else float(number[0]), number.end()
    if word := _WORD.match(text, at):
        return _CONSTANTS.get(word[0].lower(), word[0]), word.end()
    if at >= len(text):
        raise ParseError("truncated", at, "the reply ends inside an action")
    raise ParseError("bad_syntax", at, f"a value was expected, not {text[at : at + 20]!r}")


def _read_sequence(text: str, at: int, depth: int) -> tuple[Value, int]:
    closing = {"(": ")", "[": "]"}[peek(text, at)]
    if depth >= _MAX_DEPTH:
        raise ParseError("bad_syntax", at, "brackets are nested too deeply")
    values: list[Value] = []
    pos = skip_space(text, at + 1)
    while peek(text, pos) != closing:
        value, pos = read_value(text, pos, depth=depth + 1)
        values.append(value)
        pos = skip_space(text, pos)
        if peek(text, pos) == ",":
            pos = skip_space(text, pos + 1)
        elif pos >= len(text):
            raise ParseError("truncated", pos, "the reply ends inside a list")
        elif peek(text, pos) != closing:
            raise ParseError("bad_syntax", pos, f"',' or '{closing}' was expected, not {text[pos : pos + 20]!r}")
    return tuple(values), pos + 1


def _read_string(text: str, at: int, *, free: bool) -> tuple[Value, int]:
    quote, start = text[at], at + 1
    if quote in _TRIPLE and text.startswith(quote * 3, at) and (triple := _TRIPLE[quote].match(text, at + 3)):
        return unescape(text[at + 3 : triple.end() - 3]), triple.end()
    end = _string_end(text, at, quote, free=free)
    if end is None and quote == '"':
        end = _string_end(text, at, "\u201c", free=free)  # closed by a curly quote
    if end is not None:
        return unescape(text[start:end]), end + 1
    # The closing quote is missing. A point in closed brackets is still complete.
    remainder = text[start : start + 300].removesuffix("```").rstrip()
    if not free and start + 300 > len(text) and is_closed_point(remainder):
        return remainder, len(text)
    raise ParseError("truncated", at, "the reply ends inside a quoted text")


def _string_end(text: str, at: int, opening: str, *, free: bool) -> int | None:
    if free:
        return free_text_end(text, at, _ENDS_FREE_TEXT, opening)
    closed = _CLOSED_BY[opening].match(text, at + 1)
    return closed.end() - 1 if closed else None


def free_text_end(text: str, at: int, ends_free_text: re.Pattern[str], opening: str) -> int | None:
    """The position of the first quote that closes the one at `at` and is followed by `ends_free_text`, if any."""
    for found in _QUOTE_OR_ESCAPE[opening].finditer(text, at + 1):
        if found[0][0] != "\\" and ends_free_text.match(text, found.end()):
            return found.start()
    return None
