"""Work of another thread that has ended when the block is left, so that it cannot outlive a fixture it uses."""

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any


@contextmanager
def after(seconds: float, work: Callable[[], Any]) -> Generator[None]:
    timer = threading.Timer(seconds, work)
    timer.start()
    try:
        yield
    finally:
        timer.join()
