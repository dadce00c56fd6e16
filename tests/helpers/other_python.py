"""A separate Python with doubles of packages, like the environment of a benchmark's own code."""

import stat
import sys
from collections.abc import Mapping
from pathlib import Path


def python_with(modules: Mapping[str, str], folder: Path) -> Path:
    """A Python that also has `modules`, by dotted name with their sources; parents become packages."""
    for name, source in modules.items():
        path = folder / "site" / (name.replace(".", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        for above in path.relative_to(folder / "site").parents:
            (folder / "site" / above / "__init__.py").touch()
        path.write_text(source)
    script = folder / "python"
    script.write_text(f'#!/bin/sh\nPYTHONPATH={folder / "site"} exec {sys.executable} "$@"\n')
    script.chmod(script.stat().st_mode | stat.S_IEXEC)
    return script
