"""An Android device or emulator, over adb.

    with AndroidEnv() as env:
        env.execute(OpenApp("Settings"))

Nothing is installed on the device. Android's `input` types only ASCII; other text needs the app ADBKeyboard.
"""

import base64
import re
import shlex
import time
from contextlib import nullcontext, suppress

from ..actions import Action, ButtonDown, ButtonUp, Drag, LongPress, OpenApp, Type, Wait
from ..base import ScreenEnv, act_and_settle, check_bounds, size_facts, wait
from ..env import ActionRefused, ActionResult, EnvError, EnvInfo, EnvLost, Fact, Observation
from ..geometry import ScreenPoint, Size
from ..interrupt import interruptible, sleep
from ..screenshot import Screenshot
from ..settle import RawFrame, Settler, SettleTimeouts
from .apps import find_app, launchable
from .commands import commands_of, text_commands
from .keycodes import ENTER, WAKE_UP
from .phone import Phone

KEYBOARD = "com.android.adbkeyboard/.AdbIME"
KEYBOARD_PAGE = "https://github.com/senzhk/ADBKeyBoard"

_LAUNCHABLE = "cmd package query-activities --brief -a android.intent.action.MAIN -c android.intent.category.LAUNCHER"
_FOCUS = "dumpsys window | grep mCurrentFocus || true"
_KEYBOARD_START_S = 0.5
_NAMES_SHOWN = 12


class AndroidEnv(ScreenEnv):
    """An Android device; the first observation wakes its screen; closing changes nothing.

    Args:
        serial: By default ANDROID_SERIAL, or the only device.
        server: Host and port of the adb server; by default the local one.
        timeouts: How long to wait for the screen to settle after an action.
    """

    name = "connection to the phone"

    def __init__(
        self,
        serial: str | None = None,
        *,
        server: tuple[str, int] | None = None,
        timeouts: SettleTimeouts = SettleTimeouts(),
    ) -> None:
        self.serial, self.server, self.timeouts = serial, server, timeouts
        self._phone: Phone | None = None
        self._size: Size | None = None
        self._settler = Settler(self._frame)
        self._display = ""
        self._finger: ScreenPoint | None = None

    def info(self) -> EnvInfo:
        """See `Env`."""
        program = self._phone.model if self._phone else ""
        return EnvInfo("android", program, {"serial": self._phone.serial if self._phone else self.serial or "any"})

    def observe(self) -> Observation:
        """See `Env`."""
        phone = self._opened()
        shot = self._capture()
        facts = tuple(self._facts(shot))
        self._size = shot.size
        with suppress(ActionRefused):
            focus = re.search(r"mCurrentFocus=Window\{\S+ \S+ ([^}]+)\}", phone.run(_FOCUS))
            return Observation(shot, facts, focus[1] if focus else "")
        return Observation(shot, facts)

    def execute(self, action: Action) -> ActionResult:
        """See `Env`."""
        phone = self._opened()
        size = self._size or self._capture().size
        self._size = size
        check_bounds(action, size)
        if isinstance(action, Wait):
            return wait(action.seconds)
        timeouts = self.timeouts.for_opening if isinstance(action, OpenApp) else self.timeouts
        return act_and_settle(action, size, lambda: self._do(phone, action, size), self._settler, timeouts)

    def can_type_unicode(self) -> bool:
        """Whether ADBKeyboard is installed, which types text that is not ASCII."""
        return KEYBOARD in self._opened().run("ime list -s -a").split()

    def release(self) -> None:
        """See `Env`."""
        finger, self._finger = self._finger, None
        if finger is not None and self._phone is not None:
            with suppress(EnvError):
                (lift,) = commands_of(ButtonUp(at=finger), self._size or Size(1, 1))
                self._phone.run(lift)

    def _opened(self) -> Phone:
        self._check_open()
        if self._phone is None:
            phone = Phone(self.serial, self.server)
            phone.run(f"input keyevent {WAKE_UP}")
            self._phone = phone
        return self._phone

    def _capture(self) -> Screenshot:
        """The screen; of the first display that is on, if the one that was on is black, as on a folded phone."""
        phone = self._opened()
        shot = _decoded(phone.screenshot(self._display))
        if not _is_black(shot):
            return shot
        for display in phone.displays():
            with suppress(EnvLost):  # Android lists displays that it cannot capture
                other = _decoded(phone.screenshot(display))
                if not _is_black(other):
                    self._display = display
                    return other
        return shot

    def _frame(self) -> RawFrame:
        return RawFrame.of(self._capture().image)

    def _facts(self, shot: Screenshot) -> list[Fact]:
        facts = list(size_facts(self._size, shot.size))
        if _is_black(shot):
            facts.append(Fact("The screenshot is black. The display is off, or the app blocks screenshots."))
        return facts

    def _do(self, phone: Phone, action: Action, size: Size) -> str:
        """Perform the action; returns the method if there was a choice."""
        match action:
            case Type(text, submit):
                return self._type(phone, re.sub(r"\r\n?", "\n", text), submit=submit)
            case OpenApp(app):
                self._open(phone, app)
                return "started"
            case LongPress() | Drag():
                self._touch(phone, action, size)
            case _:
                for command in commands_of(action, size):
                    phone.run(command)
        if isinstance(action, ButtonDown | ButtonUp):
            self._finger = action.at if isinstance(action, ButtonDown) else None
        return ""

    def _touch(self, phone: Phone, action: LongPress[ScreenPoint] | Drag[ScreenPoint], size: Size) -> None:
        """Touch, hold or move, and lift the finger, also if interrupted."""
        *parts, last = commands_of(action, size)
        try:
            for part in parts:
                phone.run(part)
            if parts and isinstance(action, LongPress):
                sleep(action.seconds)
        finally:
            with interruptible(by=None) if parts else nullcontext():
                phone.run(last)

    def _type(self, phone: Phone, text: str, *, submit: bool) -> str:
        method = "" if not text else "input" if text.isascii() else "ADBKeyboard"
        if method == "ADBKeyboard":
            self._type_unicode(phone, text)
        else:
            for command in text_commands(text):
                phone.run(command)
        if submit:
            phone.run(f"input keyevent {ENTER}")
        return method

    def _type_unicode(self, phone: Phone, text: str) -> None:
        """Switch to ADBKeyboard, type, and switch back."""
        if not self.can_type_unicode():
            character = next(character for character in text if not character.isascii())
            raise ActionRefused(
                f"this phone can type only ASCII, not {character!r}, unless ADBKeyboard is installed: {KEYBOARD_PAGE}"
            )
        before = phone.run("settings get secure default_input_method").strip()
        phone.run(f"ime enable {KEYBOARD} && ime set {KEYBOARD}")
        time.sleep(_KEYBOARD_START_S)
        try:
            for part in re.findall(r"[\n\t]|[^\n\t]+", text):
                if part in "\n\t":
                    phone.run(next(text_commands(part)))
                else:
                    encoded = base64.b64encode(part.encode()).decode()
                    phone.run(f"am broadcast -a ADB_INPUT_B64 --es msg {encoded}")
        finally:
            if before and before not in ("null", KEYBOARD):
                phone.run(f"ime set {shlex.quote(before)}")

    def _open(self, phone: Phone, app: str) -> None:
        components = launchable(phone.run(_LAUNCHABLE))
        component = find_app(app, components)
        if component is None:
            names = sorted({name.partition("/")[0] for name in components})
            shown = ", ".join(names[:_NAMES_SHOWN]) + (", ..." if len(names) > _NAMES_SHOWN else "")
            raise ActionRefused(f"no single app matches {app!r:.60}; installed apps: {shown or 'none'}")
        phone.run(f"am start -n {shlex.quote(component)}")


def _decoded(png: bytes) -> Screenshot:
    try:
        return Screenshot.decoded(png)
    except ValueError as error:
        raise EnvLost("the phone sent an invalid screenshot") from error


def _is_black(shot: Screenshot) -> bool:
    return shot.image.getbbox() is None
