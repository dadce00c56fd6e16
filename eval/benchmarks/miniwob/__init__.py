"""MiniWoB++: 130 small web pages, each with an instruction and a reward function."""

from .benchmark import MiniWob, MiniwobInstance, MiniwobTask, close_browsers, miniwob, miniwob_browsergym, miniwob_timed
from .protocol import BROWSERGYM, OURS, EpisodeTiming, Protocol

__all__ = [
    "BROWSERGYM",
    "OURS",
    "EpisodeTiming",
    "MiniWob",
    "MiniwobInstance",
    "MiniwobTask",
    "Protocol",
    "close_browsers",
    "miniwob",
    "miniwob_browsergym",
    "miniwob_timed",
]
