"""How real programs start on a virtual display: behind splash screens, and without first-run dialogs.

    PYTHONPATH=tests/helpers .venv/bin/python tests/acceptance/program_starts.py [PROGRAM...]

Each program is started in a private home. Reported are the seconds until the first observation, the titles of its
windows, and whether the screen changed by more than a caret in the next 4 s, so that the observation was early.
Programs that are not installed are named and left out.
"""

import shlex
import shutil
import sys
import time

from screenwright.envs.desktop import DesktopEnv, VirtualDisplay
from screenwright.envs.env import EnvError
from screenwright.envs.settle import BLINK_PX, RawFrame, changed

PROGRAMS = (
    "gimp", "inkscape", "krita", "libreoffice --writer", "libreoffice --calc", "libreoffice --impress",
    "libreoffice --draw", "audacity", "gnumeric", "gnome-text-editor", "mousepad", "pcmanfm", "emacs", "kate", "xterm",
)  # fmt: skip
WATCH_S = 4.0


def start(program: str) -> tuple[float, list[str], bool]:
    """Seconds to the first observation, the titles of the windows then, and whether the observation was early."""
    started = time.monotonic()
    with DesktopEnv(virtual=VirtualDisplay(programs=(tuple(shlex.split(program)),))) as env:
        seen = RawFrame.of(env.observe().screenshot.image)
        seconds = time.monotonic() - started
        titles = [window.title for window in env.windows()]
        time.sleep(WATCH_S)
        change = changed(seen, RawFrame.of(env.observe().screenshot.image))
        return seconds, titles, change is not None and change.pixels > 2 * BLINK_PX


def main(programs: list[str]) -> int:
    """Start the programs and print a line for each; returns the number of those that failed or were early."""
    failed = 0
    for program in programs:
        if shutil.which(shlex.split(program)[0]) is None:
            print(f"{program:24} not installed")
            continue
        try:
            seconds, titles, early = start(program)
        except EnvError as error:
            print(f"{program:24} {error}")
            failed += 1
            continue
        print(f"{program:24} {seconds:5.1f} s {'EARLY' if early else 'ok':6}{'; '.join(titles)}", flush=True)
        failed += early
    return failed


if __name__ == "__main__":
    raise SystemExit(min(main(sys.argv[1:] or list(PROGRAMS)), 1))
