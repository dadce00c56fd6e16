"""Text from outside, such as a page, a window title, a file or a model, made safe to show or to send.

`printable` is for people, `without_tokens` for models, `plain` for both; `quote` puts it into a sentence of our own.
"""

import re
from functools import lru_cache

MAX_QUOTED = 300
"""Characters of a text from outside that a sentence quotes."""

_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 without tab and line feed, C1: escape sequences of terminals
    "\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # bidirectional and invisible
    "\ud800-\udfff\U000e0000-\U000e01ef]"  # surrogates, invisible tags and variation selectors
)
_NAMES = (
    "s|bos|eos|pad|unk|mask|sep|cls|sop|eop|image|img|video|audio|box|ref|quad|point|think|thinking|answer|action|"
    "tools?|task|system|user|assistant|human|conclusion|operation|seed:[a-z_]*|[a-z0-9]*_[a-z0-9_]*"
)
_TOKEN = re.compile(
    r"<(?=[|\uff5c\[])"  # <|im_end|>, also of fullwidth bars, <[begin_of_sentence]>
    rf"|<(?=/?(?:{_NAMES})\s?/?>)"  # <s>, <image>, <start_of_turn>, </tool_call>
    r"|<(?=<SYS>)|<(?=</SYS>)"
    r"|\[(?=/?(?:INST|SYSTEM_PROMPT|IMG|IMG_BREAK|IMG_END|TOOL_[A-Z]+|AVAILABLE_TOOLS|THINK|[gs]?MASK|CLS|SEP|PAD)\])"
    r"|\](?=<\])"
    r"|\u25c1(?=/?\w)",  # ◁think▷
    re.IGNORECASE,
)
_TURN = re.compile(
    r"<(?=[|\uff5c](?:im_|start|end|eo[dmst]|bo[st]|begin_of_(?!box)|user|assistant|system|observation|return|vision|image|video|"
    r"media|pad|fim|repo|file)(?!_?of_box))"
    r"|<(?=/?(?:s|bos|eos|pad|(?:start|end)_of_[a-z]+|im_[a-z]+)>)"
    r"|\[(?=/?INST\])",
    re.IGNORECASE,
)
_STYLED = re.compile("(\x1b\\[[0-9;]*m|\r\x1b\\[K)")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def printable(text: str) -> str:
    """`text` without control characters and invisible ones, which could act on a terminal or hide what is shown.

    Each becomes U+FFFD; tabs and line breaks stay.
    """
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def printable_styled(text: str) -> str:
    """`printable` text that keeps colours and our own redrawing of a progress line."""
    parts = _STYLED.split(text)
    return "".join(part if index % 2 else printable(part) for index, part in enumerate(parts))


def one_line(text: str, limit: int = MAX_QUOTED) -> str:
    """`printable` text on one line of at most `limit` characters, with single spaces."""
    text = printable(" ".join(text[: 20 * limit].split()))
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def without_tokens(text: str) -> str:
    """`text` in which nothing reads as a special token of a chat template: each gets a space after its first character.

    A tokenizer, or a server, would take `<|im_end|>` in a text for the end of the message.
    """
    return _TOKEN.sub(r"\g<0> ", text)


@lru_cache(maxsize=4096)
def without_turns(reply: str) -> str:
    """A model's `reply` in which nothing reads as the end of it or as an image; box, thought and call tokens stay."""
    return _TURN.sub(r"\g<0> ", reply)


def plain(text: str, limit: int = MAX_QUOTED) -> str:
    """`text` for a person and for a model: one line of at most `limit` characters, without special tokens."""
    return one_line(without_tokens(one_line(text, limit)), limit)


def quote(text: str, limit: int = MAX_QUOTED) -> str:
    """`plain` text in quotation marks, which it cannot close."""
    return f'"{plain(text, limit).replace(chr(34), chr(39))}"'


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """`count` and the noun, whose plural ends in s if none is given: `1 step`, `2,000 steps`, `2 replies`."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def csv_cell(text: str) -> str:
    """`text` as a cell that spreadsheets show as text, not as a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
