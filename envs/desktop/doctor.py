"""What `screenwright doctor` looks at on a desktop: can its screen be seen, and do mouse and keyboard reach it.

A mark of our own is shown for a moment and looked for in the capture, since a screen that is all wallpaper would pass
for a captured one. Then the pointer goes to where the mark was seen, and is looked for in turn: the way of every click,
from a pixel of the screenshot to the place where the mouse arrives. The pointer is put back.
"""

import os
import platform
import shutil
import time
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

from ..check import Check, CheckStatus
from ..env import EnvError, Observation
from ..geometry import Size
from .address import DisplayAddress
from .capture import Capture, screenshot_of
from .env import DesktopEnv
from .marks import PLACES, Bench, Sample, fitted, is_black, open_bench, place, sample, shows_marks
from .session import INPUT_DEVICES
from .virtual.display import VirtualDisplay
from .virtual.packages import OPTIONAL, VIRTUAL_PACKAGES, missing, packages_for
from .virtual.watching import WATCHING_PACKAGES, can_be_watched
from .watchdog import DISABLE, start_watchdog
from .watchdog.settings import OFF, InterruptSettings
from .x11.connection import in_x, is_x11
from .x11.keyboard import Keyboard
from .x11.xlib import XDisplay

LARGEST_ERROR_PX = 1.0
"""How far from where it was sent the pointer may arrive."""

_REAL, _VIRTUAL = "desktop", "virtual"
_AFRESH_S = 0.5
_ASCII = "".join(chr(code) for code in range(0x20, 0x7F))
_USE_VIRTUAL = "use a display of its own: screenwright run --env desktop --virtual"
_PERMIT = "allow this terminal under System Settings > Privacy & Security > Screen Recording, then start it again"


def check_desktop(size: Size = Size(1280, 720), display: str | None = None) -> Generator[Check]:
    """Look at the screen of `display` (by default the one that DISPLAY names), then at a virtual one of `size`.

    Each line comes when it is known. Nothing stays behind, also where the iterator is closed early.
    """
    works = False
    can_be_virtual = platform.system() == "Linux" and set(missing(VIRTUAL_PACKAGES)) <= OPTIONAL
    for check in _real(display, can_be_virtual):
        works = works or (check.what == f"{_REAL}: display" and check.status is CheckStatus.OK)
        yield check
    if platform.system() == "Linux":
        yield from _virtual(size, needed=not works)


def _real(display: str | None, can_be_virtual: bool) -> Iterator[Check]:
    """The screen that a person sits at."""
    trouble = CheckStatus.WARNING if can_be_virtual else CheckStatus.FAILED
    what = f"{_REAL}: display"
    name = display or os.environ.get("DISPLAY")
    with DesktopEnv(display=display, interrupts=InterruptSettings(OFF, 0.0)) as env:
        try:
            observation = _first_look(env)
        except EnvError as error:
            fix = _PERMIT if platform.system() == "Darwin" else _how_to_get_one(can_be_virtual)
            yield Check(what, trouble, str(error), fix)
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
    """A screen of a compositor that lets programs work it."""
    yield Check(what, CheckStatus.OK, f"Wayland, {observation.screenshot.size}")
    if is_black(observation.screenshot.image):
        yield Check(f"{_REAL}: capture", CheckStatus.FAILED, "all black", _AWAKE)
    else:
        yield Check(f"{_REAL}: capture", CheckStatus.OK, "shows something")
    yield Check(f"{_REAL}: pointer", CheckStatus.SKIPPED, "cannot be told from the picture here")
    yield _hot_key(DisplayAddress(), INPUT_DEVICES)


def _hot_key(address: DisplayAddress, devices: Path | None = None) -> Check:
    """Whether the person at the screen can be seen to press it."""
    what, interrupts = f"{_REAL}: hot key", InterruptSettings()
    try:
        start_watchdog(address, interrupts, devices=devices).close()
    except EnvError as error:
        return Check(what, CheckStatus.FAILED, str(error), DISABLE)
    found = f"{interrupts.hot_key} stops a run; mouse and keys in the user's hands hold it"
    return Check(what, CheckStatus.OK, found)


def _first_look(env: DesktopEnv) -> Observation:
    """Look; twice where the connection breaks, since some servers begin anew when their last client has left."""
    try:
        return in_x(env.observe)
    except EnvError:
        time.sleep(_AFRESH_S)
        return in_x(env.observe)


def _virtual(size: Size, *, needed: bool) -> Iterator[Check]:
    """A display that we start ourselves."""
    trouble = CheckStatus.FAILED if needed else CheckStatus.WARNING
    yield _programs(trouble)
    yield _watching()
    if not set(missing(VIRTUAL_PACKAGES)) <= OPTIONAL:
        return
    what = f"{_VIRTUAL}: display"
    with DesktopEnv(virtual=VirtualDisplay(size)) as env:
        started = time.monotonic()
        try:
            seen = env.observe().screenshot.size
        except EnvError as error:
            yield Check(what, trouble, str(error), "see what its programs say: Xvfb :99, then DISPLAY=:99 openbox")
            return
        assert env.address is not None
        found = f"{env.address.name}, {seen}, up in {time.monotonic() - started:.1f} s"
        if seen != size:
            yield Check(what, CheckStatus.FAILED, f"{found}, though {size} was asked for", "apt-get install xvfb")
            return
        yield Check(what, CheckStatus.OK, found)
        yield from _screen(_VIRTUAL, env.address)


def _programs(trouble: CheckStatus) -> Check:
    """Whether what a virtual display is made of is installed."""
    what, absent = f"{_VIRTUAL}: programs", missing(VIRTUAL_PACKAGES)
    if not absent:
        return Check(what, CheckStatus.OK, ", ".join(str(shutil.which(program)) for program in VIRTUAL_PACKAGES))
    verdict = CheckStatus.WARNING if set(absent) <= OPTIONAL else trouble
    return Check(what, verdict, f"not installed: {', '.join(absent)}", f"apt-get install {_packages(absent)}")


def _watching() -> Check:
    """Whether a virtual display can be watched; few want to."""
    what = f"{_VIRTUAL}: watching"
    if can_be_watched():
        return Check(what, CheckStatus.OK, "TigerVNC's server and noVNC")
    fix = f"apt-get install {' '.join(WATCHING_PACKAGES)}"
    return Check(what, CheckStatus.SKIPPED, "not installed, and needed for --watch alone", fix)


def _packages(programs: Sequence[str]) -> str:
    return " ".join(packages_for(programs))


def _screen(kind: str, address: DisplayAddress) -> Iterator[Check]:
    """Capture, pointer and keyboard of a display that is there."""
    if not is_x11():
        yield from _screen_without_x(kind, address)
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
            yield in_x(lambda: _keyboard(kind, bench.connection))
    except EnvError as error:
        yield Check(f"{kind}: screen", CheckStatus.FAILED, str(error), "see that the display goes on running")


def _monitor(kind: str, bench: Bench, number: str) -> Iterator[Check]:
    """Capture and pointer of one monitor."""
    captured = in_x(lambda: _capture(f"{kind}: capture{number}", bench))
    yield captured
    if captured.status is CheckStatus.OK:
        samples = in_x(lambda: [sample(bench, place(bench, *at)) for at in PLACES])
        yield pointer_check(f"{kind}: pointer{number}", samples)
    else:
        yield Check(f"{kind}: pointer{number}", CheckStatus.SKIPPED, "cannot be found where nothing is seen")


def _monitors(kind: str, monitors: Sequence[str]) -> Check:
    """Which there are, by the numbers that choose them."""
    listed = "; ".join(f"{number} is {placed}" for number, placed in enumerate(monitors, 1))
    return Check(f"{kind}: monitors", CheckStatus.OK, f"{listed}; --monitor chooses")


def _screen_without_x(kind: str, address: DisplayAddress) -> Iterator[Check]:
    """On macOS and Windows, where neither the pointer nor a mark of ours gets into the capture."""
    capture = Capture(address, 1)
    try:
        what = f"{kind}: capture"
        if is_black(screenshot_of(capture.frame()).image):
            yield Check(what, CheckStatus.FAILED, "all black", _PERMIT if platform.system() == "Darwin" else _AWAKE)
        else:
            yield Check(what, CheckStatus.OK, f"{capture.size}, scale {capture.device.scale:g}")
        yield Check(f"{kind}: pointer", CheckStatus.SKIPPED, "captures do not show it on this system")
    finally:
        capture.close()


_AWAKE = "wake and unlock the screen, and close what covers it"


# -- the capture and the pointer


def _capture(what: str, bench: Bench) -> Check:
    """Whether the capture shows what is on the screen."""
    started = time.monotonic()
    before = screenshot_of(bench.capture.frame()).image
    took_ms = 1000 * (time.monotonic() - started)
    if shows_marks(bench):
        return Check(what, CheckStatus.OK, f"shows what is on the screen, {took_ms:.0f} ms")
    if is_black(before):
        return Check(what, CheckStatus.FAILED, "all black", _AWAKE)
    return Check(what, CheckStatus.FAILED, "a mark put on the screen is not in it: something covers the screen", _AWAKE)


def pointer_check(what: str, samples: Sequence[Sample | None]) -> Check:
    """Whether the pointer arrives at the pixels that it is sent to; None stands for one that was not seen."""
    found = tuple(sample for sample in samples if sample is not None)
    if len(found) < len(samples):
        missed = f"not seen at {len(samples) - len(found)} of {len(samples)} places that it was sent to"
        return Check(what, CheckStatus.FAILED, missed, _LEAVE_ALONE)
    transform, error_px = fitted(found), max(sample.error_px for sample in found)
    origin = f", origin {transform.origin_x:.0f},{transform.origin_y:.0f}"
    begins = "" if max(abs(transform.origin_x), abs(transform.origin_y)) < LARGEST_ERROR_PX else origin
    measured = f"arrives within {error_px:.1f} px of where it is sent, scale {transform.scale:.4g}{begins}"
    if error_px > LARGEST_ERROR_PX:
        return Check(what, CheckStatus.FAILED, measured, f"set the scale of the screen to 100 %; {_LEAVE_ALONE}")
    return Check(what, CheckStatus.OK, measured)


_LEAVE_ALONE = "close what holds the pointer, switch off the mouse integration of a virtual machine, and try again"


# -- the keyboard and the clipboard


def _keyboard(kind: str, connection: XDisplay) -> Check:
    """Which layout there is, and what of ASCII cannot be typed by its keys."""
    what = f"{kind}: keyboard"
    keyboard = Keyboard(connection)
    pointer = connection.screen().root.query_pointer()
    layout = layout_name(_xkb_rules(connection), pointer.mask >> 13 & 3)
    if pointer.mask & 2:
        return Check(what, CheckStatus.WARNING, f"{layout}; Caps Lock is on", "press Caps Lock")
    absent = [character for character in _ASCII if keyboard.stroke(character) is None]
    if not absent:
        return Check(what, CheckStatus.OK, f"{layout}; all of ASCII by keys, {len(keyboard.spare())} spare keys")
    found = f"{layout}; {len(absent)} of {len(_ASCII)} ASCII characters have no key, as {absent[0]!r}"
    if keyboard.spare():
        return Check(what, CheckStatus.WARNING, f"{found}: they are pasted", "for typing them by keys: setxkbmap us")
    return Check(what, CheckStatus.FAILED, f"{found}, and none is spare", "setxkbmap us")


def layout_name(rules: tuple[str, ...], group: int) -> str:
    """What `_XKB_RULES_NAMES` tells (rules, model, layouts, variants, options), for the layout that is active."""
    model, layouts, variants, options = (*rules[1:5], "", "", "", "")[:4]
    names = layouts.split(",")
    if not layouts or group >= len(names):
        return "layout unknown"
    kinds = (variants.split(",") + [""] * len(names))[: len(names)]
    named = [f"{name}({kind})" if kind else name for name, kind in zip(names, kinds, strict=True)]
    others = f", beside {', '.join(named[:group] + named[group + 1 :])}" if len(named) > 1 else ""
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
    """Pasting needs none on X; what the clipboard held before survives us by xclip alone."""
    what = f"{_REAL}: clipboard"
    if not is_x11():
        return Check(what, CheckStatus.OK, "the system's own")
    tool = shutil.which("xclip")
    if tool is not None:
        return Check(what, CheckStatus.OK, tool)
    found = "no xclip: texts are pasted all the same, but what was copied before is lost when a run ends"
    return Check(what, CheckStatus.WARNING, found, "apt-get install xclip")


# -- what is there


def _how_to_get_one(can_be_virtual: bool) -> str:
    if can_be_virtual:
        return _USE_VIRTUAL
    packages = " ".join(VIRTUAL_PACKAGES.values())
    return f"apt-get install {packages}, then {_USE_VIRTUAL}"
