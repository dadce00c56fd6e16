"""What each worker would otherwise do first for itself: done once, in the process that all of them are forked from."""

import gc
import platform

from PIL import Image

from ..agent.models import served
from ..envs import browser
from . import evaluation

SHARED = (served, browser, evaluation)
"""What it is for: modules that take long to import."""

Image.preinit()
_ = platform.uname().processor  # a program is started to find it, and the answer is kept; clients tell it to servers
gc.freeze()  # what stands here is never collected, so its pages stay shared
