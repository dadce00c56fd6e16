"""Which programs the templates need, which are missing, and how to install them."""

from collections import Counter
from collections.abc import Iterator, Sequence

from ....envs.desktop.virtual.packages import install_packages, packages_missing
from ....envs.desktop.virtual.sandbox.bubblewrap import why_unavailable
from ....envs.env import EnvUnavailable
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
    try:
        install_packages(packages)
    except EnvUnavailable as error:
        raise TaskError(str(error)) from error
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
