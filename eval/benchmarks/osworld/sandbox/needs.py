"""What a task of OSWorld needs that a sandbox does not have, by its file."""

import re
from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from ..benchmark import Example

NETWORK, FILES, ACCOUNT = "the internet", "files that OSWorld downloads", "a Google account"
GNOME, SYSTEM, CODE = "GNOME", "systemd or root", "Visual Studio Code"

_WEB = frozenset({
    "active_tab_html_parse", "active_tab_url_parse", "gotoRecreationPage_and_get_html_content", "info_from_website",
    "page_info", "pdf_from_url", "url_dashPart", "url_path_parse",
})  # fmt: skip
_DOWNLOADS = frozenset({"cloud_file", "download", "update_browse_history"})
_TREE = frozenset({"accessibility_tree", "vm_terminal_output"})
"""Getters that read what programs show through GNOME's accessibility service."""

_IN_TEXT = {
    GNOME: re.compile(r"gnome-terminal|gnome-shell|gnome-control|nautilus"),
    SYSTEM: re.compile(r"timedatectl|systemctl|loginctl|hostnamectl|useradd|adduser|sshd|\bsnap \b"),
    CODE: re.compile(r'"(vscode|vs_code)"|"code"|\bcode /home'),
}
_BY_ID = {
    "48d05431": (NETWORK,),  # installs conda
    "69acbb55": (NETWORK, CODE),  # clones a repository
    "94d95f96": (NETWORK, SYSTEM),  # installs Spotify
    "e1fc0df3": (NETWORK, SYSTEM),  # installs an extension and Java
    "f8369178": (NETWORK, GNOME),  # installs a theme
}
"""Needs that only the instruction names."""


def needs_of(example: Example) -> tuple[str, ...]:
    """What it lacks in a sandbox; empty if it can run there without a download."""
    steps: list[Mapping[str, JsonValue]] = [*example.config, *_steps(example.evaluator.model_extra or {})]
    kinds = {str(step.get("type")) for step in steps} | {*_getters(example.evaluator.model_extra or {})}
    text = example.model_dump_json(exclude={"instruction"})
    found = [*_BY_ID.get(example.id[:8], ())]
    if kinds & _DOWNLOADS or "huggingface.co" in text:
        found.append(FILES)
    if kinds & _WEB or _opens_pages(steps) or re.search(r"https?://", example.instruction):
        found.append(NETWORK)
    if kinds & {"googledrive", "login", "googledrive_file"}:
        found.append(ACCOUNT)
    if kinds & _TREE:
        found.append(GNOME)
    found += [need for need, pattern in _IN_TEXT.items() if pattern.search(text)]
    return tuple(dict.fromkeys(found))


def _steps(evaluator: Mapping[str, JsonValue]) -> Iterator[Mapping[str, JsonValue]]:
    later = evaluator.get("postconfig")
    yield from (step for step in (later if isinstance(later, list) else []) if isinstance(step, dict))


def _getters(evaluator: Mapping[str, JsonValue]) -> Iterator[str]:
    for side in ("result", "expected"):
        given = evaluator.get(side)
        yield from (
            str(one.get("type")) for one in (given if isinstance(given, list) else [given]) if isinstance(one, dict)
        )


def _opens_pages(steps: list[Mapping[str, JsonValue]]) -> bool:
    return any(step.get("type") == "chrome_open_tabs" and "http" in str(step.get("parameters")) for step in steps)
