"""Tasks in LibreOffice Impress."""

from dataclasses import replace

from ..documents.slides import Slide, Slides
from ..oracle import Step, click, key, write
from ..template import App, Case, Collection, Job, miss
from ..words import PEOPLE, SENTENCES, TOPICS, TOWNS
from .office import PACKAGES, PREPARED, SETTINGS, START

APP = App("slides", "loimpress", PACKAGES, SETTINGS, PREPARED)
TASKS = Collection(APP)
_FIRST = click(102, 217)
"""The first slide in the list of slides."""


def opens(slides: Slides) -> tuple[tuple[str, ...], ...]:
    """The command that opens a presentation."""
    return ((*START, "--impress", f"~/{slides.path}"),)


def slides_of(case: Case, count: int = 4) -> Slides:
    """Slides with a title and two lines."""
    made = [Slide(f"{topic.title()}", tuple(case.some(SENTENCES, 2))) for topic in case.some(TOPICS, count)]
    return Slides(f"Documents/{case.pick(TOPICS)}.pptx", made)


def replaces(old: str, new: str) -> tuple[Step, ...]:
    """Replace a word on all slides."""
    return (*key("ctrl+h"), *write(f"{old}\t\t\t\t{new}"), *click(840, 372), *key("escape"))


@TASKS.task(
    "Delete the first slide of the open presentation and save it in its own format.",
    "Remove the slide '{title}' from {file} and save, keeping the format.",
    "The presentation should start with its second slide: delete the first one and save.",
    "Take the slide with the title {title} out of {file}, then save.",
)
def delete_first(case: Case) -> Job:
    """A slide less."""
    slides = slides_of(case)
    return Job(
        {"file": slides.path, "title": slides.slides[0].title},
        (slides,),
        opens(slides),
        (*_FIRST, *key("delete"), *key("ctrl+s")),
        (replace(slides, slides=slides.slides[1:]),),
        (
            miss("the last", replace(slides, slides=slides.slides[:-1])),
            miss("only its text", slides.at(0, Slide(""))),
        ),
    )


@TASKS.task(
    "Duplicate the first slide of the open presentation and save it in its own format.",
    "{file} should have its first slide twice, one after the other. Save it.",
    "Make a duplicate of the slide '{title}' directly after it, and save the presentation.",
    "Copy slide 1 of {file} so that slide 2 is the same, then save.",
)
def duplicate_first(case: Case) -> Job:
    """A slide twice."""
    slides = slides_of(case)
    first = slides.slides[0]
    return Job(
        {"file": slides.path, "title": first.title},
        (slides,),
        opens(slides),
        (*_FIRST, *key("ctrl+c"), *key("ctrl+v"), *key("ctrl+s")),
        (replace(slides, slides=[first, *slides.slides]),),
        (
            miss("at the end", replace(slides, slides=[*slides.slides, first])),
            miss("an empty slide", replace(slides, slides=[first, Slide(""), *slides.slides[1:]])),
        ),
    )


@TASKS.task(
    "Move the first slide of the presentation to the end and save it in its own format.",
    "In {file}, the slide '{title}' should be the last one. Save it.",
    "Put slide 1 behind all others and save the presentation.",
    "The first slide of {file} belongs to the end. Move it there, then save.",
)
def first_to_end(case: Case) -> Job:
    """Slides in another order."""
    slides = slides_of(case)
    first, *rest = slides.slides
    return Job(
        {"file": slides.path, "title": first.title},
        (slides,),
        opens(slides),
        (*_FIRST, *key("ctrl+x"), *key("end"), *key("ctrl+v"), *key("ctrl+s")),
        (replace(slides, slides=[*rest, first]),),
        (
            miss("down by one", replace(slides, slides=[rest[0], first, *rest[1:]])),
            miss("copied", replace(slides, slides=[first, *rest, first])),
        ),
    )


@TASKS.task(
    "Replace {old} by {new} on all slides of the presentation and save it.",
    "In {file}, each {old} should become {new}. Save it in its own format.",
    "Change the name {old} to {new} throughout the slides, then save.",
    "The presentation says {old} in several places: use {new} instead and save {file}.",
)
def replace_name(case: Case) -> Job:
    """A word on all slides."""
    (old, new), town = case.some([one.split()[1] for one in PEOPLE], 2), case.pick(TOWNS)
    texts = [
        (f"{old} in {town}", "All is ready."),
        ("Keys", f"Ask {old} for the keys."),
        ("Plan", f"{old} has the plan."),
    ]

    def slides(count: int) -> Slides:
        made = [
            (title, line) if at >= count else (title.replace(old, new), line.replace(old, new))
            for at, (title, line) in enumerate(texts)
        ]
        return Slides(path, [Slide(title, (line,)) for title, line in made])

    path = f"Documents/{case.pick(TOPICS)}.pptx"
    return Job(
        {"file": path, "old": old, "new": new},
        (slides(0),),
        opens(slides(0)),
        (*replaces(old, new), *key("ctrl+s")),
        (slides(3),),
        (miss("only the first slide", slides(1)), miss("not the last slide", slides(2))),
    )
