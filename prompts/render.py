"""Renders prompt templates strictly: every placeholder is filled and every value is used."""

import hashlib
import string
from functools import cache
from importlib import resources


def render(name: str, **values: str) -> str:
    """Fill the template `prompts/<name>.txt`.

    Templates use `$placeholder` (see `string.Template`); the trailing line break of the file is removed.

    Raises:
        FileNotFoundError: there is no such template.
        KeyError: a placeholder has no value.
        ValueError: a value has no placeholder.
    """
    template = _template(name)
    unused = set(values) - set(template.get_identifiers())
    if unused:
        raise ValueError(f"prompts/{name}.txt has no placeholder for {', '.join(sorted(unused))}")
    return template.substitute(values)


def template_text(name: str) -> str:
    """The template `prompts/<name>.txt`.

    Raises:
        FileNotFoundError: there is no such template.
    """
    return _template(name).template


def prompt_sha256(*texts: str) -> str:
    """The hash of prompt texts in recorded runs: SHA-256 over the texts, each terminated by NUL."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode() + b"\0")
    return digest.hexdigest()


@cache
def _template(name: str) -> string.Template:
    text = resources.files("screenwright.prompts").joinpath(f"{name}.txt").read_text(encoding="utf-8")
    return string.Template(text.removesuffix("\n"))
