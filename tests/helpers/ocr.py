"""What the reader reads on a screenshot."""

from screenwright import Screenshot, read_screen


def text_on(screenshot: Screenshot) -> str:
    """All texts on `screenshot`, in reading order."""
    return " ".join(segment.text for segment in read_screen(screenshot.image).segments)
