"""A recorded run as a film: one picture for each step, with what it does below and marked at its points."""

import io
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from screenwright._files import write_file
from screenwright._text import one_line

from ....envs.actions import points_of
from ....envs.geometry import Size
from ...core.describe import describe_action, describe_ending
from ..events import Decided, Event
from ..steps import StepEvents, with_user_steps

STEP_S = 1.5
LAST_S = 4.0
MAX_WIDTH_PX = 960
_RATE = 2  # pictures a second, of which a step has several
_BAR_PX = 40
_COLOURS = 128
_BACKGROUND = (32, 33, 36)
_ACCENT = (230, 40, 60)
_RINGS = ((20, "white"), (18, _ACCENT), (6, "white"), (4, _ACCENT))
_FFMPEG_S = 600.0


def write_video(events: Sequence[Event], path: Path, *, max_width: int = MAX_WIDTH_PX) -> None:
    """Write the run as an animated GIF or, with ffmpeg, as an MP4, by the ending of `path`.

    Raises:
        ValueError: the run has no step, the ending is another one, or ffmpeg is missing or fails.
        OSError: the file cannot be written.
    """
    steps = with_user_steps(events)
    if not steps:
        raise ValueError("the run has no step that a video could show")
    size = _size_of(steps, max_width)
    frames = (_frame(step, size) for step in steps)
    match path.suffix.lower():
        case ".gif":
            write_file(path, _gif(frames, len(steps)))
        case ".mp4":
            _write_mp4(frames, size, len(steps), path)
        case _:
            raise ValueError(f"{path} is not a video: end the name with .gif or .mp4")


def _size_of(steps: Sequence[StepEvents], max_width: int) -> Size:
    """The size of all pictures, in even numbers: that of the largest screenshot, scaled, with the bar below it."""
    sizes = [step.observed.observation.screenshot.size for step in steps]
    width, height = max(size.width for size in sizes), max(size.height for size in sizes)
    scale = min(1.0, max_width / width)
    return Size(max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2) + _BAR_PX)


def _frame(step: StepEvents, size: Size) -> Image.Image:
    screenshot = step.observed.observation.screenshot
    width, height = screenshot.size.width, screenshot.size.height
    scale = min(size.width / width, (size.height - _BAR_PX) / height)
    shown = screenshot.image.resize((max(1, round(width * scale)), max(1, round(height * scale))))
    screenshot.release()  # a run has hundreds
    frame = Image.new("RGB", (size.width, size.height), _BACKGROUND)
    frame.paste(shown)
    draw, decided = ImageDraw.Draw(frame), step.first(Decided)
    for action in decided.actions if decided is not None else ():
        for point in points_of(action):
            x, y = point.x * scale, point.y * scale
            for radius, colour in _RINGS:
                draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=colour, width=3)
    draw.text((12, size.height - _BAR_PX + 9), caption(step), "white", _font())
    return frame


def caption(step: StepEvents) -> str:
    """One line about a step: its number, and its actions or how it ends the run."""
    decided = step.first(Decided)
    parts = [] if decided is None else [describe_action(action) for action in decided.actions]
    if decided is not None and decided.ending is not None:
        parts.append(describe_ending(decided.ending))
    by = "the user: " if step.user_action else ""
    return one_line(f"{step.name}. {by}{'; '.join(parts)}", 110)


def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    try:
        return ImageFont.truetype("DejaVuSans.ttf", 17)
    except OSError:
        return ImageFont.load_default(17)


def _gif(frames: Iterator[Image.Image], count: int) -> bytes:
    pictures = (frame.quantize(_COLOURS, dither=Image.Dither.NONE) for frame in frames)
    durations = [*[round(1000 * STEP_S)] * (count - 1), round(1000 * LAST_S)]
    buffer = io.BytesIO()
    # Without `optimize=False`, equal pictures are merged, and the durations no longer fit.
    next(pictures).save(
        buffer, "GIF", save_all=True, append_images=pictures, duration=durations, loop=0, optimize=False
    )
    return buffer.getvalue()


def _write_mp4(frames: Iterator[Image.Image], size: Size, count: int, path: Path) -> None:
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        raise ValueError("an MP4 needs ffmpeg: install it, or end the file with .gif")
    given = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", str(size), "-r", str(_RATE), "-i", "pipe:0")
    made = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-movflags", "+faststart", "-y", str(path.absolute()))
    command = [ffmpeg, "-loglevel", "error", *given, *made]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        try:
            for number, frame in enumerate(frames, 1):
                process.stdin.write(frame.tobytes() * round(_RATE * (STEP_S if number < count else LAST_S)))
            process.stdin.close()
            process.stdin = None
        except BrokenPipeError:
            pass  # it ended, and says why
        _, errors = process.communicate(timeout=_FFMPEG_S)
    if process.returncode:
        raise ValueError(f"ffmpeg cannot write {path}: {one_line(errors.decode(errors='replace'))}")
