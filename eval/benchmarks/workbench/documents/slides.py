"""Presentations in Office Open XML, by python-pptx: the texts of each slide."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .document import first_difference, target, unreadable

_TITLE_AND_CONTENT = 1


@dataclass(frozen=True, slots=True)
class Slide:
    """A slide: its title, its other paragraphs, and its notes."""

    title: str
    lines: tuple[str, ...] = ()
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Slides:
    """A presentation."""

    path: str
    slides: Sequence[Slide]

    def at(self, number: int, slide: Slide) -> "Slides":
        """A copy with another slide; they count from 0."""
        slides = list(self.slides)
        slides[number] = slide
        return replace(self, slides=slides)

    def write(self, home: Path) -> None:
        """See `Document`."""
        from pptx import Presentation

        document: Any = Presentation()
        for one in self.slides:
            slide = document.slides.add_slide(document.slide_layouts[_TITLE_AND_CONTENT])
            slide.shapes.title.text = one.title
            slide.placeholders[1].text_frame.text = "\n".join(one.lines)
            if one.notes:
                slide.notes_slide.notes_text_frame.text = one.notes
        document.save(str(target(home, self.path)))

    def problems(self, home: Path) -> list[str]:
        """See `Document`."""
        try:
            found = read_slides(home / self.path)
        except Exception as error:  # noqa: BLE001 -- a damaged file raises many kinds
            return [unreadable(self.path, error)]
        return [f"{self.path}: {one}" for one in first_difference(list(self.slides), found, "slide")]


def read_slides(file: Path) -> list[Slide]:
    """The slides of a presentation; pictures and tables are lines in brackets."""
    from pptx import Presentation

    if not file.exists():
        raise FileNotFoundError(file)
    document: Any = Presentation(str(file))
    slides: list[Slide] = []
    for slide in document.slides:
        texts = [shape.text_frame.text.strip() for shape in slide.shapes if shape.has_text_frame]
        texts = [text for text in texts if text]
        lines = tuple(line for text in texts[1:] for line in text.replace("\v", "\n").split("\n"))
        lines += tuple(f"[{shape.shape_type}]" for shape in slide.shapes if not shape.has_text_frame)
        notes = slide.notes_slide.notes_text_frame.text.strip() if slide.has_notes_slide else ""
        slides.append(Slide(texts[0] if texts else "", lines, notes))
    return slides
