"""Render a prompt template by name, strictly: every blank is filled and every value is used."""

import hashlib
import string
from functools import cache
from importlib import resources


def render(name: str, **values: str) -> str:
    """Fill the template `prompts/<name>.txt`.

    Templates use `$blank` (see `string.Template`); the file's last line break is not part of the prompt.

    Raises:
        FileNotFoundError: there is no template of that name.
        KeyError: a blank has no value.
        ValueError: a value has no blank.
    """
    template = _template(name)
    unused = set(values) - set(template.get_identifiers())
    if unused:
        raise ValueError(f"prompts/{name}.txt has no blank for {', '.join(sorted(unused))}")
    return template.substitute(values)


def template_text(name: str) -> str:
    """The template `prompts/<name>.txt` as it is written.

    Raises:
        FileNotFoundError: there is no template of that name.
    """
    return _template(name).template


def prompt_sha256(*texts: str) -> str:
    """The identity of prompt texts, as recorded in every trajectory: SHA-256 over the texts, each ended by NUL."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode() + b"\0")
    return digest.hexdigest()


@cache
def _template(name: str) -> string.Template:
    text = resources.files("screenwright.prompts").joinpath(f"{name}.txt").read_text(encoding="utf-8")
    return string.Template(text.removesuffix("\n"))
