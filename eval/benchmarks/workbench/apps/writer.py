"""Tasks in LibreOffice Writer."""

from dataclasses import replace

from ..documents import Gone
from ..documents.letters import Letter, Paragraph
from ..oracle import click, key, until, write
from ..template import App, Case, Collection, Job, miss
from ..words import PEOPLE, SENTENCES, TOPICS, TOWNS
from .office import PACKAGES, PREPARED, SETTINGS, START

APP = App("writer", "lowriter", PACKAGES, SETTINGS, PREPARED)
TASKS = Collection(APP)


def opens(letter: Letter) -> tuple[tuple[str, ...], ...]:
    """The command that opens a document."""
    return ((*START, "--writer", f"~/{letter.path}"),)


def letter_of(case: Case, paragraphs: int = 5) -> Letter:
    """A document of short paragraphs, the first of which could be its title."""
    title = f"The {case.pick(TOPICS)} in {case.pick(TOWNS)}"
    texts = [title, *case.some(SENTENCES, paragraphs - 1)]
    return Letter(f"Documents/{case.pick(TOPICS)}.docx", [Paragraph(text) for text in texts])


@TASKS.task(
    "Make the first line of the open document bold and save it in its own format.",
    "The first paragraph of {file} should be in bold type. Save the document as it is, in Word format.",
    "Set the whole first line in bold, then save. Keep the file format.",
    "Format the title '{title}' as bold and save {file}.",
)
def bold_title(case: Case) -> Job:
    """Bold text."""
    letter = letter_of(case)
    title = letter.paragraphs[0].text
    word = title.split()[1]
    return Job(
        {"file": letter.path, "title": title},
        (letter,),
        opens(letter),
        (*key("ctrl+home"), *key("shift+end"), *key("ctrl+b"), *key("ctrl+s")),
        (letter.at(0, bold=title),),
        (
            miss("one word", letter.at(0, bold=word)),
            miss("the second paragraph", letter.at(1, bold=letter.paragraphs[1].text)),
            miss("italic", letter.at(0, italic=title)),
        ),
    )


@TASKS.task(
    "Give the first line of the document the paragraph style Heading 1 and save it in its own format.",
    "The line '{title}' in {file} should be a heading of level 1. Save the document, keep its format.",
    "Turn the first paragraph into a Heading 1, then save.",
    "Apply the style Heading 1 to the title of the open document and save it as it is.",
)
def heading(case: Case) -> Job:
    """A paragraph style."""
    letter = letter_of(case)
    return Job(
        {"file": letter.path, "title": letter.paragraphs[0].text},
        (letter,),
        opens(letter),
        (*key("ctrl+home"), *key("ctrl+1"), *key("ctrl+s")),
        (letter.at(0, style="Heading 1"),),
        (
            miss("level 2", letter.at(0, style="Heading 2")),
            miss("only bold", letter.at(0, bold=letter.paragraphs[0].text)),
            miss("another paragraph", letter.at(1, style="Heading 1")),
        ),
    )


@TASKS.task(
    "Center the first line of the document and save it.",
    "The title '{title}' should be centered on the page. Save {file}.",
    "Align the first paragraph of {file} to the center, then save; keep the format.",
    "Put the first line into the middle of the line, centered, and save the document.",
)
def center_title(case: Case) -> Job:
    """An alignment."""
    letter = letter_of(case)
    centered = [replace(one, align="center") for one in letter.paragraphs]
    return Job(
        {"file": letter.path, "title": letter.paragraphs[0].text},
        (letter,),
        opens(letter),
        (*key("ctrl+home"), *key("ctrl+e"), *key("ctrl+s")),
        (letter.at(0, align="center"),),
        (
            miss("to the right", letter.at(0, align="right")),
            miss("all of them", replace(letter, paragraphs=centered)),
        ),
    )


@TASKS.task(
    "Add this paragraph at the end of the document and save it: {text}",
    "{file} needs a last paragraph '{text}'. Save it in its format.",
    "Append a new paragraph to the open document, with the text: {text} Then save.",
    "Write '{text}' as a paragraph of its own after the last one, and save {file}.",
)
def append_paragraph(case: Case) -> Job:
    """A paragraph at the end."""
    letter = letter_of(case, 6)
    *kept, last = letter.paragraphs
    before = replace(letter, paragraphs=kept)
    joined = before.at(-1, text=f"{kept[-1].text} {last.text}")
    return Job(
        {"file": letter.path, "text": last.text},
        (before,),
        opens(letter),
        (*key("ctrl+end"), *write(f"\n{last.text}"), *key("ctrl+s")),
        (letter,),
        (
            miss("in the same paragraph", joined),
            miss("at the start", replace(letter, paragraphs=[last, *kept])),
            miss("an empty one between", replace(letter, paragraphs=[*kept, Paragraph(""), last])),
        ),
    )


@TASKS.task(
    "Replace {old} by {new} everywhere in the document and save it.",
    "In {file}, each {old} should become {new}. Save it in its own format.",
    "Change all occurrences of '{old}' in the open document to '{new}', then save.",
    "The name {old} is wrong throughout {file}: use {new} instead and save.",
)
def replace_name(case: Case) -> Job:
    """A word in all places."""
    (old, new), town = case.some([one.split()[1] for one in PEOPLE], 2), case.pick(TOWNS)
    texts = [f"To {old}", case.pick(SENTENCES), f"Please ask {old} in {town} for the keys.", f"{old} has the list."]
    letter = Letter(f"Documents/{case.pick(TOPICS)}.docx", [Paragraph(text) for text in texts])
    right = replace(letter, paragraphs=[Paragraph(text.replace(old, new)) for text in texts])
    dialog = (*key("ctrl+h"), *write(f"{old}\t\t\t\t{new}"), *click(907, 330), *key("escape"))
    return Job(
        {"file": letter.path, "old": old, "new": new},
        (letter,),
        opens(letter),
        (*dialog, *key("ctrl+s")),
        (right,),
        (
            miss("only the first", letter.at(0, text=f"To {new}")),
            miss("not the last", right.at(3, text=letter.paragraphs[3].text)),
        ),
    )


@TASKS.task(
    "Delete the last paragraph of the document and save it.",
    "{file} should end one paragraph earlier: remove the last one, '{text}', and save.",
    "Remove the final paragraph of the open document. Save in the same format.",
    "Take the last paragraph out of {file} and save it.",
)
def delete_last(case: Case) -> Job:
    """A paragraph less."""
    letter = letter_of(case, 6)
    *kept, last = letter.paragraphs
    return Job(
        {"file": letter.path, "text": last.text},
        (letter,),
        opens(letter),
        (*key("ctrl+end"), *key("shift+home"), *key("delete"), *key("backspace"), *key("ctrl+s")),
        (replace(letter, paragraphs=kept),),
        (
            miss("the one before", replace(letter, paragraphs=[*kept[:-1], last])),
            miss("two of them", replace(letter, paragraphs=kept[:-1])),
        ),
    )


@TASKS.task(
    "Move the first paragraph of the open document down by one, so that it becomes the second, and save it.",
    "Swap the first two paragraphs of {file} and save it in its format.",
    "In the document, the first paragraph should come after the second one. Save it.",
    "Exchange paragraph 1 and paragraph 2 of {file}, then save.",
)
def swap_paragraphs(case: Case) -> Job:
    """Paragraphs in another order."""
    letter = letter_of(case, 6)
    first, second, *rest = letter.paragraphs
    return Job(
        {"file": letter.path},
        (letter,),
        opens(letter),
        (*key("ctrl+home"), *key("ctrl+alt+down"), *key("ctrl+s")),
        (replace(letter, paragraphs=[second, first, *rest]),),
        (
            miss("to the end", replace(letter, paragraphs=[second, *rest, first])),
            miss("copied", replace(letter, paragraphs=[second, first, second, *rest])),
        ),
    )


@TASKS.task(
    "Italicize the last paragraph of the document and save it in its own format.",
    "Set the last paragraph of {file} in italics, then save.",
    "The final paragraph, '{text}', should be in italic type. Save the document.",
    "Format the whole last paragraph as italic and save {file} as it is.",
)
def italic_last(case: Case) -> Job:
    """Italic text."""
    letter = letter_of(case, 5)
    text = letter.paragraphs[-1].text
    return Job(
        {"file": letter.path, "text": text},
        (letter,),
        opens(letter),
        (*key("ctrl+end"), *key("shift+home"), *key("ctrl+i"), *key("ctrl+s")),
        (letter.at(-1, italic=text),),
        (
            miss("bold", letter.at(-1, bold=text)),
            miss("the first one", letter.at(0, italic=letter.paragraphs[0].text)),
            miss("one word", letter.at(-1, italic=text.split()[1])),
        ),
    )


@TASKS.task(
    "Save a copy of the open document as {name} in Documents, in Word format like the original.",
    "Use Save As to store {file} also as Documents/{name}.",
    "Make a copy of the document named {name} in the folder Documents, and keep the original.",
    "The open text should also exist as {name} next to the original. Save it under that name.",
)
def save_copy(case: Case) -> Job:
    """A copy under another name."""
    letter = letter_of(case)
    name = f"{case.pick(TOPICS)}-{case.number(2, 99)}.docx"
    copy = replace(letter, path=f"Documents/{name}")
    return Job(
        {"file": letter.path, "name": name},
        (letter,),
        opens(letter),
        (*key("ctrl+shift+s"), *until("Save"), *key("ctrl+a"), *write(name), *key("enter")),
        (copy,),
        (miss("in the home", replace(letter, path=name)), miss("moved", copy, Gone(letter.path))),
    )


@TASKS.task(
    "In the open document, replace the name {old} by {new} and save it.",
    "{file} mentions {old}; it should say {new} instead. Save it.",
    "Change {old} to {new} in the document, then save.",
    "Use {new} in place of {old} in {file} and save.",
)
def missing_word(case: Case) -> Job:
    """A name that the document does not contain."""
    letter, (old, new) = letter_of(case), case.some(PEOPLE, 2)
    return Job(
        {"file": letter.path, "old": old, "new": new}, (letter,), opens(letter), infeasible=f"it does not mention {old}"
    )
