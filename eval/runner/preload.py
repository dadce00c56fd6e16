"""Work that every worker would do at its start; imported last by the fork server."""

import gc
import platform

from PIL import Image

Image.preinit()
_ = platform.uname().processor  # runs a program and caches the result, which HTTP clients report
gc.freeze()  # objects that are never collected keep their memory pages shared
