"""Self-contained HTML pages: one file that loads nothing else, from no server and no network."""

import base64
import html
import json
from collections.abc import Mapping
from importlib import resources

from pydantic import JsonValue

Json = dict[str, JsonValue]

_SCRIPTS = ("elements.js", "marks.js", "base.js")


def html_page(package: str, title: str, data: Json, parts: Mapping[str, str | list[JsonValue]] | None = None) -> str:
    """A page from the `body.html`, `page.css` and `page.js` of `package`; the script reads `data`.

    `parts` are images as data URLs and lists, which the script reads by their names when it shows them. They are at the
    end, so that a page of any size can be used before it is loaded.
    """
    page = _read(__name__, "base.html")
    texts = {
        "TITLE": html.escape(title),
        "STYLE": _read(__name__, "base.css") + _read(package, "page.css"),
        "BODY": _read(package, "body.html"),
        "SCRIPT": "".join(_read(__name__, name) for name in _SCRIPTS) + _read(package, "page.js"),
        "DATA": _script_safe_json(data),
    }
    for name, text in texts.items():
        page = page.replace(f"<!--{name}-->", text, 1)
    start, _, end = page.rpartition("<!--PARTS-->")
    return "".join((start, *(_part(name, content) for name, content in (parts or {}).items()), end))


def _part(name: str, content: str | list[JsonValue]) -> str:
    text = content if isinstance(content, str) else _script_safe_json(content)
    return f'<script type="text/plain" id="part-{name}">{text}</script>\n'


def image_url(data: bytes, image_format: str) -> str:
    """A data URL of an encoded image; `image_format` is the subtype, such as `webp`."""
    return f"data:image/{image_format};base64," + base64.b64encode(data).decode("ascii")


def _script_safe_json(data: JsonValue) -> str:
    """JSON that cannot close the script element that contains it."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").replace("\u2028", "\\u2028")


def _read(package: str, name: str) -> str:
    return resources.files(package).joinpath(name).read_text(encoding="utf-8")
