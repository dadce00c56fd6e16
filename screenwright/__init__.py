"""A GUI agent that operates a computer from screenshots with mouse and keyboard.

    from screenwright import Agent, BrowserEnv

    with BrowserEnv("https://example.org") as env:
        print(Agent("reader").run('Click "Learn more"', env).stop)

The public names are listed in `__init__.pyi`. Each is imported on first use, so importing this package is cheap and
needs only the extras of what is used.
"""

import lazy_loader

from ._extras import missing_extra

_lazy_getattr, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> object:
    try:
        return _lazy_getattr(name)
    except ModuleNotFoundError as error:
        raise missing_extra(error) or error from error
