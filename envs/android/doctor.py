"""What `screenwright doctor --env android` looks at: is there a phone, can it be seen, and what can be typed on it."""

import time
from collections.abc import Iterator

from ..check import Check, CheckStatus
from ..env import EnvError
from .env import KEYBOARD, KEYBOARD_PAGE, AndroidEnv

_PICTURE = "android: picture"


def check_android(serial: str | None = None, server: tuple[str, int] | None = None) -> Iterator[Check]:
    """Look at the phone `serial`, or the only one there is; its screen is woken up, and nothing else is done to it."""
    with AndroidEnv(serial, server=server) as env:
        try:
            env.observe()
            started = time.monotonic()
            seen = env.observe()
        except EnvError as error:
            yield Check("android: phone", CheckStatus.FAILED, str(error), "adb devices lists the phones that are there")
            return
        info = env.info()
        yield Check("android: phone", CheckStatus.OK, f"{info.program}, {info.settings['serial']}")
        took_ms = 1000 * (time.monotonic() - started)
        if seen.screenshot.image.getbbox() is None:
            yield Check(
                _PICTURE, CheckStatus.FAILED, "all black", "unlock the phone, and leave apps that forbid pictures"
            )
        else:
            yield Check(_PICTURE, CheckStatus.OK, f"{seen.screenshot.size}, {took_ms:.0f} ms")
        yield _keyboard(env)


def _keyboard(env: AndroidEnv) -> Check:
    what = "android: text"
    if env.types_any_script():
        return Check(what, CheckStatus.OK, f"ASCII by input, other text by {KEYBOARD}")
    fix = f"for other text install ADBKeyboard on it, {KEYBOARD_PAGE}"
    return Check(what, CheckStatus.WARNING, "ASCII alone", fix)
