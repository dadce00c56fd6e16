"""Pages that mkdocs builds from other files: the API reference from the public names, CONTRIBUTING and CHANGELOG."""

import ast
import re
from collections import defaultdict
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parent.parent

# The reference page of each public name, by the longest matching module prefix.
PAGES = {
    "agent.loop": "agent",
    "agent.guard": "agent",
    "agent.monitor": "agent",
    "agent.core": "agent",
    "agent.core.change": "events",
    "agent.core.messages": "models",
    "agent.core.model": "models",
    "agent.dialects": "models",
    "agent.models": "models",
    "agent.policy": "models",
    "agent.reader": "models",
    "agent.record": "events",
    "envs.actions": "actions",
    "envs.geometry": "actions",
    "envs": "environments",
    "eval": "evaluation",
}
TITLES = {
    "agent": ("Agent", "The agent, its limits, guard and recovery settings."),
    "models": ("Models and dialects", "Models, the messages they receive, dialects and policies."),
    "events": ("Events and runs", "The events of an episode and the recorded run."),
    "actions": ("Actions", "The action vocabulary and its coordinates."),
    "environments": ("Environments", "Screens, what they return and the errors they raise."),
    "evaluation": ("Evaluation", "Import these names from `screenwright.eval`."),
}


def public_names() -> dict[str, list[str]]:
    """The public names of `screenwright` and `screenwright.eval` by reference page, as `module.Name`."""
    pages: dict[str, list[str]] = defaultdict(list)
    for package, stub in (("", "screenwright/__init__.pyi"), ("eval", "eval/__init__.py")):
        for node in ast.parse((ROOT / stub).read_text()).body:
            if isinstance(node, ast.ImportFrom) and not (node.module or "").startswith("_"):
                module = ".".join(part for part in (package, node.module) if part)
                prefix = max((p for p in PAGES if f"{module}.".startswith(f"{p}.")), key=len)
                pages[PAGES[prefix]] += [f"{module}.{alias.name}" for alias in node.names]
    return pages


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    for page, names in public_names().items():
        title, text = TITLES[page]
        blocks = "\n\n".join(f"::: screenwright.{name}" for name in sorted(set(names), key=lambda n: n.rsplit(".")[-1]))
        content = f"# {title}\n\n{text}\n\n{blocks}\n"
        files.append(File.generated(config, f"reference/{page}.md", content=content))
    for name in ("CONTRIBUTING", "CHANGELOG"):
        content = re.sub(r"\]\(docs/", "](", (ROOT / f"{name}.md").read_text())
        files.append(File.generated(config, f"{name.lower()}.md", content=content))
    return files
