"""What each worker would otherwise do first for itself; imported last by the process that all are forked from."""

import gc
import platform

from PIL import Image

Image.preinit()
_ = platform.uname().processor  # a program is started to find it, and the answer is kept; clients tell it to servers
gc.freeze()  # what stands here is never collected, so its pages stay shared
