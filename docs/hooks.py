"""What mkdocs adds: public names on the reference pages, the example programs, CONTRIBUTING and CHANGELOG."""

import ast
import re
from collections import defaultdict
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent

# The reference page of each public name, by the longest matching module prefix.
PAGES = {
    "agent": "agent",
    "agent.core.change": "events",
    "agent.core.messages": "models",
    "agent.core.model": "models",
    "agent.dialects": "models",
    "agent.models": "models",
    "agent.policy": "models",
    "agent.reader": "models",
    "agent.record": "events",
    "envs": "environments",
    "envs.actions": "actions",
    "envs.geometry": "actions",
    "eval": "evaluation",
    "testing": "testing",
}
STUBS = {"": "screenwright/__init__.pyi", "testing": "screenwright/testing/__init__.pyi", "eval": "eval/__init__.py"}


def public_names() -> dict[str, list[str]]:
    """The public names by reference page, as `module.Name`."""
    pages: dict[str, list[str]] = defaultdict(list)
    for package, stub in STUBS.items():
        for node in ast.parse((ROOT / stub).read_text()).body:
            if isinstance(node, ast.ImportFrom) and not (node.module or "").startswith("_"):
                module = ".".join(part for part in (package, node.module) if part)
                prefix = max((p for p in PAGES if f"{module}.".startswith(f"{p}.")), key=len)
                pages[PAGES[prefix]] += [f"{module}.{alias.name}" for alias in node.names]
    return pages


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Add the public names to a reference page, and the programs to the examples page."""
    if page.file.src_uri == "guides/examples.md":
        programs = re.findall(r"\]\(\.\./examples/(\w+\.py)\)", markdown)
        blocks = [f"## {name}\n\n```python\n{(ROOT / 'docs/examples' / name).read_text()}```" for name in programs]
        return "\n\n".join([markdown, *blocks])
    names = public_names().get(page.file.src_uri.removeprefix("reference/").removesuffix(".md"), ())
    blocks = [f"::: screenwright.{name}" for name in sorted(set(names), key=lambda name: name.rsplit(".")[-1])]
    return "\n\n".join([markdown, *blocks])


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that lie outside docs/."""
    for name in ("CONTRIBUTING", "CHANGELOG"):
        content = re.sub(r"\]\(docs/", "](", (ROOT / f"{name}.md").read_text())
        files.append(File.generated(config, f"{name.lower()}.md", content=content))
    return files
