"""A headless sway with a terminal."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

NOBODY = 65534
CONFIG = """
output HEADLESS-1 resolution {size}
exec {program}
"""
TERMINAL = "foot -o colors.background=c81ea0 sh"


class Compositor:
    """A sway process. It refuses to run as root, so as root it runs as the user nobody."""

    def __init__(self, program: str = TERMINAL, size: str = "640x480") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="screenwright-sway-"))
        (self.folder / "config").write_text(CONFIG.format(program=program, size=size))
        prefix = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if os.geteuid() == 0 else []
        if prefix:
            os.chown(self.folder, NOBODY, NOBODY)
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.folder), "XDG_RUNTIME_DIR": str(self.folder),
            "LC_ALL": "C.UTF-8", "WLR_BACKENDS": "headless", "WLR_LIBINPUT_NO_DEVICES": "1", "WLR_RENDERER": "pixman",
        }  # fmt: skip
        command = [*prefix, "sway", "-c", str(self.folder / "config")]
        self.process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )

    def name(self) -> str:
        return next((path.name for path in self.folder.glob("wayland-?")), "")

    def message(self, *words: str) -> None:
        (address,) = self.folder.glob("sway-ipc*")
        subprocess.run(["swaymsg", "-s", str(address), *words], check=True, capture_output=True)

    def end(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        shutil.rmtree(self.folder)
