"""A recorded run as a strip of pictures, for notebooks."""

import html
import io
from collections.abc import Sequence

from PIL import Image

from ..events import Event
from ..html import image_url
from ..steps import StepEvents, with_user_steps
from .video import caption

MAX_STEPS = 12
"""Pictures of a strip: the first and the last steps of a longer run."""

_WIDTH_PX = 240
_FIGURE = "display:inline-block;margin:4px;width:240px;vertical-align:top;font-size:11px"


def render_strip(events: Sequence[Event]) -> str:
    """HTML without scripts: a picture of each step with its actions. Texts of the run are escaped."""
    steps = with_user_steps(events)
    first = MAX_STEPS // 2
    shown = steps if len(steps) <= MAX_STEPS else [*steps[:first], *steps[first - MAX_STEPS :]]
    left_out = f"<p>Steps not shown in between: {len(steps) - len(shown)}.</p>" if len(shown) < len(steps) else ""
    return left_out + "".join(map(_figure, shown))


def _figure(step: StepEvents) -> str:
    screenshot = step.observed.observation.screenshot
    width, height = screenshot.size.width, screenshot.size.height
    image = screenshot.image.resize((_WIDTH_PX, max(1, round(height * _WIDTH_PX / width))), Image.Resampling.LANCZOS)
    screenshot.release()
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=80)
    text = html.escape(caption(step))
    picture = f'<img alt="step {step.name}" src="{image_url(buffer.getvalue(), "webp")}" width="{_WIDTH_PX}">'
    return f'<figure style="{_FIGURE}">{picture}<figcaption>{text}</figcaption></figure>'
