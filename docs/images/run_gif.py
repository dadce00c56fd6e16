"""Draw a recorded run as an animated GIF, with each click marked: `python docs/images/run_gif.py RUN OUT.gif`."""

import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from screenwright import Click, Decided, Observed, read_run
from screenwright.agent.core.describe import describe_action

CROP = (0, 0, 800, 540)  # the part of the screen with the form
BAR = 44
ACCENT = (230, 40, 60)


def caption(event: Decided) -> str:
    """One line for a step: the actions and the instruction they carry out, or the answer."""
    answer = getattr(event.ending, "answer", "")
    instruction = (event.thought or "").split(": ", 1)[-1].rstrip(".")
    return f"finished: {answer}" if answer else f"{'; '.join(map(describe_action, event.actions))}   ({instruction})"


def frames(run: Path) -> list[Image.Image]:
    """One frame per step: the screenshot, the caption below it and rings around the clicked points."""
    font = ImageFont.truetype("DejaVuSans.ttf", 17)
    drawn: list[Image.Image] = []
    screen: Image.Image | None = None
    for event in read_run(run).events:
        if isinstance(event, Observed):
            screen = event.observation.screenshot.image
        elif isinstance(event, Decided) and screen is not None:
            frame = Image.new("RGB", (CROP[2], CROP[3] + BAR), (32, 33, 36))
            frame.paste(screen.crop(CROP))
            draw = ImageDraw.Draw(frame)
            draw.text((14, CROP[3] + 11), f"{event.step}  {caption(event)}", "white", font)
            for x, y in [(action.at.x, action.at.y) for action in event.actions if isinstance(action, Click)]:
                for radius, colour in ((20, "white"), (18, ACCENT), (6, "white"), (4, ACCENT)):
                    draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=colour, width=3)
            drawn.append(frame)
    return drawn


def main() -> None:
    """Write the GIF; the last frame is shown longest."""
    run, out = Path(sys.argv[1]), Path(sys.argv[2])
    pictures = [frame.quantize(64, dither=Image.Dither.NONE) for frame in frames(run)]
    durations = [1300] * (len(pictures) - 1) + [4000]
    pictures[0].save(out, save_all=True, append_images=pictures[1:], duration=durations, loop=0, optimize=True)
    print(f"{out}: {len(pictures)} frames, {out.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
