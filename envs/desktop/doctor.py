"""The checks of `screenwright doctor` for desktops: capture, pointer accuracy, keyboard, clipboard, hot key.

The capture check shows a mark on the screen and searches for it in the capture, since a capture can miss all windows
and still contain the wallpaper. The pointer check then moves the pointer to the mark and measures where it arrives,
which is the path of every click: from a pixel of the screenshot to a position of the mouse. It is then moved back.
"""

import os
import platform
import shutil
import time
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

from PIL import Image

from ..check import Check, CheckStatus
from ..env import EnvError, Observation
from ..geometry import Size
from .address import DisplayAddress
from .capture import Capture, screenshot_of
from .env import DesktopEnv
from .marks import SAMPLE_POINTS, Bench, Sample, fitted, is_black, open_bench, point_at, sample, shows_marks
from .session import INPUT_DEVICES
from .virtual.display import VirtualDisplay
from .virtual.packages import OPTIONAL, VIRTUAL_PACKAGES, missing, packages_for
from .virtual.sandbox.bubblewrap import why_unavailable
from .virtual.watching import WATCHING_PACKAGES, can_be_watched
from .watchdog import DISABLE, start_watchdog
from .watchdog.settings import OFF, InterruptSettings
from .x11.connection import call_x, is_x11
from .x11.keyboard import Keyboard
from .x11.xlib import XDisplay

LARGEST_ERROR_PX = 1.0
"""The largest distance between the target of the pointer and where it arrives."""

_REAL, _VIRTUAL = "desktop", "virtual"
_RETRY_S = 0.5
_ASCII = "".join(chr(code) for code in range(0x20, 0x7F))
_USE_VIRTUAL = "use a virtual display: screenwright run --env desktop --virtual"
_ALLOW_NAMESPACES = "allow user namespaces: sysctl kernel.unprivileged_userns_clone=1, or --privileged for a container"
_PERMIT = "allow this terminal under System Settings > Privacy & Security > Screen Recording, then start it again"


def check_desktop(size: Size = Size(1280, 720), display: str | None = None) -> Generator[Check]:
    """Check the screen of `display` (by default that of DISPLAY), then a virtual display of `size`.

    Yields each result at once. Frees everything even if the iterator is closed early.
    """
    is_available = False
    can_be_virtual = platform.system() == "Linux" and set(missing(VIRTUAL_PACKAGES)) <= OPTIONAL
    for check in _real(display, can_be_virtual):
        is_available = is_available or (check.what == f"{_REAL}: display" and check.status is CheckStatus.OK)
        yield check
    if platform.system() == "Linux":
        yield from _virtual(size, needed=not is_available)


def _real(display: str | None, can_be_virtual: bool) -> Iterator[Check]:
    """The user's screen."""
    status = CheckStatus.WARNING if can_be_virtual else CheckStatus.FAILED
    what = f"{_REAL}: display"
    name = display or os.environ.get("DISPLAY")
    with DesktopEnv(display=display, interrupts=InterruptSettings(OFF, 0.0)) as env:
        try:
            observation = _first_observation(env)
        except EnvError as error:
            fix = _PERMIT if platform.system() == "Darwin" else _display_advice(can_be_virtual)
            yield Check(what, status, str(error), fix)
            return
        assert env.address is not None
        if env.wayland:
            yield from _wayland(what, observation)
            return
        kind = f"{name}, " if name and is_x11() else ""
        yield Check(what, CheckStatus.OK, f"{kind}{observation.screenshot.size}")
        yield from _screen(_REAL, env.address)
        yield _hot_key(env.address)
        yield _clipboard_tool()


def _wayland(what: str, observation: Observation) -> Iterator[Check]:
    """The screen of a supported Wayland compositor."""
    yield Check(what, CheckStatus.OK, f"Wayland, {observation.screenshot.size}")
    yield from _capture_only(observation.screenshot.image, _AWAKE, "not all black")
    yield _hot_key(DisplayAddress(), INPUT_DEVICES)


def _capture_only(image: Image.Image, fix: str, found: str) -> Iterator[Check]:
    """Where captures show neither the pointer nor a mark."""
    what = f"{_REAL}: capture"
    if is_black(image):
        yield Check(what, CheckStatus.FAILED, "all black", fix)
    else:
        yield Check(what, CheckStatus.OK, found)
    yield Check(f"{_REAL}: pointer", CheckStatus.SKIPPED, "captures do not show it on this system")


def _hot_key(address: DisplayAddress, devices: Path | None = None) -> Check:
    """Whether the watchdog can detect the hot key."""
    what, interrupts = f"{_REAL}: hot key", InterruptSettings()
    try:
        start_watchdog(address, interrupts, devices=devices).close()
    except EnvError as error:
        return Check(what, CheckStatus.FAILED, str(error), DISABLE)
    found = f"{interrupts.hot_key} stops a run; using mouse or keyboard pauses it"
    return Check(what, CheckStatus.OK, found)


def _first_observation(env: DesktopEnv) -> Observation:
    """Observe; retries once, since some servers reset when their last client disconnects."""
    try:
        return call_x(env.observe)
    except EnvError:
        time.sleep(_RETRY_S)
        return call_x(env.observe)


def _virtual(size: Size, *, needed: bool) -> Iterator[Check]:
    """A virtual display."""
    status = CheckStatus.FAILED if needed else CheckStatus.WARNING
    yield _programs(status)
    yield _watching()
    if not set(missing(VIRTUAL_PACKAGES)) <= OPTIONAL:
        return
    what = f"{_VIRTUAL}: display"
    with DesktopEnv(virtual=VirtualDisplay(size)) as env:
        started = time.monotonic()
        try:
            size_found = env.observe().screenshot.size
        except EnvError as error:
            yield Check(what, status, str(error), "run its programs manually: Xvfb :99, then DISPLAY=:99 openbox")
            return
        assert env.address is not None
        found = f"{env.address.name}, {size_found}, started in {time.monotonic() - started:.1f} s"
        if size_found != size:
            yield Check(what, CheckStatus.FAILED, f"{found}, expected {size}", "apt-get install xvfb")
            return
        yield Check(what, CheckStatus.OK, found)
        yield from _screen(_VIRTUAL, env.address)
    yield _sandbox()


def _sandbox() -> Check:
    """Whether programs on a virtual display are in a sandbox, by trying to get out of it."""
    what = f"{_VIRTUAL}: sandbox"
    if reason := why_unavailable():
        _, _, fix = reason.partition(": ")
        found = f"off: {reason}; programs on a virtual display can do what you can"
        return Check(what, CheckStatus.WARNING, found, fix if fix.startswith("apt-get") else _ALLOW_NAMESPACES)
    from .virtual.sandbox.targets import escapes  # needs modules that Windows does not have

    try:
        tried = escapes()
    except (EnvError, OSError) as error:
        return Check(what, CheckStatus.FAILED, str(error), _ALLOW_NAMESPACES)
    if out := [way for way, error in tried.items() if not error]:
        found = f"{len(out)} of {len(tried)} ways out of it work: {', '.join(out)}"
        return Check(what, CheckStatus.FAILED, found, "leave programs that you do not trust to a container")
    return Check(what, CheckStatus.OK, f"{len(tried)} ways out of it were tried, and none works")


def _programs(missing_status: CheckStatus) -> Check:
    """Whether the programs of a virtual display are installed."""
    what, absent = f"{_VIRTUAL}: programs", missing(VIRTUAL_PACKAGES)
    if not absent:
        return Check(what, CheckStatus.OK, ", ".join(str(shutil.which(program)) for program in VIRTUAL_PACKAGES))
    status = CheckStatus.WARNING if set(absent) <= OPTIONAL else missing_status
    return Check(
        what, status, f"not installed: {', '.join(absent)}", f"apt-get install {' '.join(packages_for(absent))}"
    )


def _watching() -> Check:
    """Whether a virtual display can be watched; optional."""
    what = f"{_VIRTUAL}: watching"
    if can_be_watched():
        return Check(what, CheckStatus.OK, "TigerVNC and noVNC")
    fix = f"apt-get install {' '.join(WATCHING_PACKAGES)}"
    return Check(what, CheckStatus.SKIPPED, "not installed; only --watch needs it", fix)


def _screen(kind: str, address: DisplayAddress) -> Iterator[Check]:
    """Capture, pointer and keyboard of an open display."""
    if not is_x11():
        yield from _screen_without_x(address)
        return
    try:
        with open_bench(address) as bench:
            yield from _monitor(kind, bench, "")
            monitors = bench.capture.monitors
            if len(monitors) > 1:
                yield _monitors(kind, monitors)
        for number in range(2, len(monitors) + 1):
            with open_bench(address, number) as bench:
                yield from _monitor(kind, bench, f" {number}")
        with open_bench(address) as bench:
            yield call_x(lambda: _keyboard(kind, bench.connection))
            yield call_x(lambda: _grabs(kind, bench.connection))
    except EnvError as error:
        yield Check(f"{kind}: screen", CheckStatus.FAILED, str(error), "check that the display is running")


def _monitor(kind: str, bench: Bench, number: str) -> Iterator[Check]:
    """Capture and pointer of one monitor."""
    captured = call_x(lambda: _capture(f"{kind}: capture{number}", bench))
    yield captured
    if captured.status is CheckStatus.OK and not bench.capture_with_pointer.shows_pointer:
        yield Check(f"{kind}: pointer{number}", CheckStatus.SKIPPED, "captures of this server do not show it")
    elif captured.status is CheckStatus.OK:
        samples = call_x(lambda: [sample(bench, point_at(bench, *at)) for at in SAMPLE_POINTS])
        yield pointer_check(f"{kind}: pointer{number}", samples)
    else:
        yield Check(f"{kind}: pointer{number}", CheckStatus.SKIPPED, "needs a working capture")


def _monitors(kind: str, monitors: Sequence[str]) -> Check:
    """The monitors with their numbers."""
    listed = "; ".join(f"{number} is {placed}" for number, placed in enumerate(monitors, 1))
    return Check(f"{kind}: monitors", CheckStatus.OK, f"{listed}; --monitor chooses")


def _screen_without_x(address: DisplayAddress) -> Iterator[Check]:
    """The screen of macOS or Windows."""
    capture = Capture(address, 1)
    try:
        image, found = screenshot_of(capture.frame()).image, f"{capture.size}, scale {capture.device.scale:g}"
    finally:
        capture.close()
    yield from _capture_only(image, _PERMIT if platform.system() == "Darwin" else _AWAKE, found)


_AWAKE = "wake and unlock the screen, and close whatever covers it"


# -- the capture and the pointer


def _capture(what: str, bench: Bench) -> Check:
    """Whether the capture shows the screen."""
    started = time.monotonic()
    before = screenshot_of(bench.capture.frame()).image
    took_ms = 1000 * (time.monotonic() - started)
    if shows_marks(bench):
        return Check(what, CheckStatus.OK, f"shows what is on the screen, {took_ms:.0f} ms")
    if is_black(before):
        return Check(what, CheckStatus.FAILED, "all black", _AWAKE)
    return Check(what, CheckStatus.FAILED, "does not show a mark on the screen: something covers the screen", _AWAKE)


def pointer_check(what: str, samples: Sequence[Sample | None]) -> Check:
    """Whether the pointer arrives where it is sent; None is a sample where it was not found."""
    found = tuple(sample for sample in samples if sample is not None)
    if len(found) < len(samples):
        missed = f"not found at {len(samples) - len(found)} of {len(samples)} positions"
        return Check(what, CheckStatus.FAILED, missed, _LEAVE_ALONE)
    transform, error_px = fitted(found), max(sample.error_px for sample in found)
    origin = f", origin {transform.origin_x:.0f},{transform.origin_y:.0f}"
    origin_text = "" if max(abs(transform.origin_x), abs(transform.origin_y)) < LARGEST_ERROR_PX else origin
    measured = f"arrives within {error_px:.1f} px of where it is sent, scale {transform.scale:.4g}{origin_text}"
    if error_px > LARGEST_ERROR_PX:
        return Check(what, CheckStatus.FAILED, measured, f"set the scale of the screen to 100 %; {_LEAVE_ALONE}")
    return Check(what, CheckStatus.OK, measured)


_LEAVE_ALONE = "close programs that grab the pointer, disable the mouse integration of a virtual machine, and try again"


# -- the keyboard and the clipboard


def _keyboard(kind: str, connection: XDisplay) -> Check:
    """The keyboard layout, and which ASCII characters have no key."""
    what = f"{kind}: keyboard"
    keyboard = Keyboard(connection)
    pointer = connection.screen().root.query_pointer()
    layout = layout_name(_xkb_rules(connection), pointer.mask >> 13 & 3)
    if pointer.mask & 2:
        return Check(what, CheckStatus.WARNING, f"{layout}; Caps Lock is on", "press Caps Lock")
    absent = [character for character in _ASCII if keyboard.stroke(character) is None]
    if not absent:
        return Check(what, CheckStatus.OK, f"{layout}; keys for all of ASCII, {len(keyboard.spare())} unused keys")
    found = f"{layout}; {len(absent)} of {len(_ASCII)} ASCII characters have no key, such as {absent[0]!r}"
    if keyboard.spare():
        return Check(what, CheckStatus.WARNING, f"{found}: they are pasted", "to type them with keys: setxkbmap us")
    return Check(what, CheckStatus.FAILED, f"{found}, and there are no unused keys", "setxkbmap us")


def _grabs(kind: str, connection: XDisplay) -> Check:
    """Whether another program receives all input, as a screen locker or a menu that is stuck does."""
    from Xlib import X

    what, root, mode = f"{kind}: input", connection.screen().root, X.GrabModeAsync
    pointer = root.grab_pointer(False, 0, mode, mode, X.NONE, X.NONE, X.CurrentTime)
    connection.ungrab_pointer(X.CurrentTime)
    keyboard = root.grab_keyboard(False, mode, mode, X.CurrentTime)
    connection.ungrab_keyboard(X.CurrentTime)
    connection.sync()
    statuses = {"pointer": pointer, "keyboard": keyboard}
    held = [name for name, status in statuses.items() if status in (X.AlreadyGrabbed, X.GrabFrozen)]
    if held:
        found = f"another program receives all input from the {' and the '.join(held)}"
        return Check(what, CheckStatus.FAILED, found, "unlock the screen, close open menus, and end that program")
    return Check(what, CheckStatus.OK, "reaches programs")


def layout_name(rules: tuple[str, ...], group: int) -> str:
    """Describe the active layout from `_XKB_RULES_NAMES` (rules, model, layouts, variants, options)."""
    model, layouts, variants, options = (*rules[1:5], "", "", "", "")[:4]
    names = layouts.split(",")
    if not layouts or group >= len(names):
        return "layout unknown"
    kinds = (variants.split(",") + [""] * len(names))[: len(names)]
    named = [f"{name}({kind})" if kind else name for name, kind in zip(names, kinds, strict=True)]
    others = f", also {', '.join(named[:group] + named[group + 1 :])}" if len(named) > 1 else ""
    return f"layout {named[group]}{others} on {model or 'an unknown model'}{f', {options}' if options else ''}"


def _xkb_rules(connection: XDisplay) -> tuple[str, ...]:
    from Xlib import X

    atom = connection.intern_atom("_XKB_RULES_NAMES")
    found = connection.screen().root.get_full_property(atom, X.AnyPropertyType)
    if found is None:
        return ()
    text = found.value if isinstance(found.value, str) else bytes(found.value).decode("latin-1")
    return tuple(text.split("\0"))


def _clipboard_tool() -> Check:
    """Whether xclip is installed, which keeps the old clipboard content after a run; pasting works without it."""
    what = f"{_REAL}: clipboard"
    if not is_x11():
        return Check(what, CheckStatus.OK, "the system's own")
    tool = shutil.which("xclip")
    if tool is not None:
        return Check(what, CheckStatus.OK, tool)
    found = "no xclip: pasting works, but the old clipboard content is lost when a run ends"
    return Check(what, CheckStatus.WARNING, found, "apt-get install xclip")


# -- advice


def _display_advice(can_be_virtual: bool) -> str:
    if can_be_virtual:
        return _USE_VIRTUAL
    packages = " ".join(VIRTUAL_PACKAGES.values())
    return f"apt-get install {packages}, then {_USE_VIRTUAL}"
