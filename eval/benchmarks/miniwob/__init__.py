"""MiniWoB++: a hundred and thirty small pages, each with an instruction and a reward of its own."""

from .benchmark import MiniWob, MiniwobScene, MiniwobTask, close_browsers, miniwob, miniwob_browsergym
from .protocol import BROWSERGYM, OURS, Clock, Protocol

__all__ = [
    "BROWSERGYM",
    "OURS",
    "Clock",
    "MiniWob",
    "MiniwobScene",
    "MiniwobTask",
    "Protocol",
    "close_browsers",
    "miniwob",
    "miniwob_browsergym",
]
