"""The checks of `screenwright doctor --env android`: connection, screenshot, and text input."""

import time
from collections.abc import Iterator

from ..check import Check, CheckStatus
from ..env import EnvError
from .env import KEYBOARD, KEYBOARD_PAGE, AndroidEnv
from .phone import no_new_server

_SCREENSHOT = "android: screenshot"


def check_android(serial: str | None = None, server: tuple[str, int] | None = None) -> Iterator[Check]:
    """Check the phone `serial`, or the only one; only wakes its screen. An adb server that it starts is ended."""
    with no_new_server(server), AndroidEnv(serial, server=server) as env:
        try:
            env.observe()
            started = time.monotonic()
            seen = env.observe()
        except EnvError as error:
            yield Check("android: phone", CheckStatus.FAILED, str(error), "adb devices lists the connected phones")
            return
        info = env.info()
        yield Check("android: phone", CheckStatus.OK, f"{info.program}, {info.settings['serial']}")
        took_ms = 1000 * (time.monotonic() - started)
        if seen.screenshot.image.getbbox() is None:
            yield Check(
                _SCREENSHOT, CheckStatus.FAILED, "all black", "unlock the phone, and leave apps that block screenshots"
            )
        else:
            yield Check(_SCREENSHOT, CheckStatus.OK, f"{seen.screenshot.size}, {took_ms:.0f} ms")
        yield _keyboard(env)


def _keyboard(env: AndroidEnv) -> Check:
    what = "android: text"
    if env.can_type_unicode():
        return Check(what, CheckStatus.OK, f"ASCII by input, other text by {KEYBOARD}")
    fix = f"to type other text, install ADBKeyboard on the phone: {KEYBOARD_PAGE}"
    return Check(what, CheckStatus.WARNING, "only ASCII", fix)
