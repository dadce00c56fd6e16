"""Which programs the templates need, which are missing, and how to install them."""

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence

from ....envs.desktop.virtual.packages import packages_missing
from ....envs.desktop.virtual.sandbox.bubblewrap import why_unavailable
from ...core.task import TaskError
from .template import App, Template
from .web.program import install as install_web


def apps_of(templates: Sequence[Template]) -> tuple[App, ...]:
    """Their programs, each once."""
    return tuple({app.name: app for template in templates for app in template.apps}.values())


def missing_apps(templates: Sequence[Template]) -> tuple[App, ...]:
    """The programs that are not installed."""
    return tuple(app for app in apps_of(templates) if not app.is_installed)


def install(templates: Sequence[Template]) -> Iterator[str]:
    """Install what is missing, as root; yields a line for each program, with what is left out without it.

    Raises:
        TaskError: it cannot be installed here; the message has the command to run.
    """
    absent = missing_apps(templates)
    packages = tuple(dict.fromkeys((*packages_missing(), *(one for app in absent for one in app.packages))))
    if packages:
        _apt_get(packages)
    install_web(app.web for app in apps_of(templates) if app.web is not None)
    still = missing_apps(templates)
    counts = Counter(app.name for template in templates for app in template.apps)
    for app in apps_of(templates):
        state = f"missing, its {counts[app.name]} tasks are left out" if app in still else f"{counts[app.name]} tasks"
        yield f"{app.name:12} {app.program or 'web':14} {state}"
    if reason := why_unavailable():
        yield f"there is no sandbox: {reason}; --option sandbox=off runs without one"
    if still:
        names = " ".join(one for app in still for one in app.packages)
        raise TaskError(f"not installed: {', '.join(app.name for app in still)}; try: apt-get install {names}")


def _apt_get(packages: Sequence[str]) -> None:
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if sys.platform != "linux" or shutil.which("apt-get") is None:
        raise TaskError(f"install the equivalents of the Debian packages {' '.join(packages)}")
    if os.geteuid() != 0:
        raise TaskError(f"programs are missing, run: sudo {' '.join(command)}")
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for before in ([], ["apt-get", "update"]):  # the package lists may be missing or out of date
        if before:
            subprocess.run(before, env=quiet, stdout=sys.stderr, check=False)
        if subprocess.run(command, env=quiet, stdout=sys.stderr, check=False).returncode == 0:
            return
    raise TaskError(f"{' '.join(command)} failed: see above")
