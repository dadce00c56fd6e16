"""Tasks in a wiki, TiddlyWiki, whose notes are files."""

from dataclasses import replace

from ...oracle import Step, key, write
from ...template import Case, Job, miss
from ...words import ITEMS, PEOPLE, SENTENCES, TOPICS, TOWNS
from ..collection import WebCollection
from ..documents import Tiddler, Wiki
from ..finding import press
from ..program import WebProgram

PROGRAM = WebProgram(
    "wiki",
    ("NPM/node_modules/.bin/tiddlywiki", "HOME/Wiki", "--listen", "host=127.0.0.1", "port=PORT"),
    npm=("tiddlywiki",),
    path="/status",
)
TASKS = WebCollection(PROGRAM)
_OPEN = (("/",),)
_CORE = ".tc-btn-\\%24\\%3A\\%2Fcore\\%2Fui\\%2FButtons\\%2F"
_SAVE, _DELETE = press(f"{_CORE}save"), press(f"{_CORE}delete")
_BODY, _TITLE = ".tc-edit-texteditor-body", ".tc-titlebar.tc-edit-texteditor"


def wiki_of(case: Case, shown: int = 2) -> Wiki:
    """Eight notes, some of them open."""
    names = [name.capitalize() for name in case.some(TOPICS, 8)]
    notes = tuple(Tiddler(name, "\n\n".join(case.some(SENTENCES, 3)), (case.pick(_TAGS),)) for name in names)
    return Wiki("Wiki", notes, tuple(names[:shown]))


def _edit(note: Tiddler) -> tuple[Step, ...]:
    """Open the editor of a note that is shown."""
    return press(f"[data-tiddler-title='{note.title}'] {_CORE}edit")


_TAGS = ("public", "internal", "old")


def _search(text: str, title: str) -> tuple[Step, ...]:
    """Find a note by the search and open it."""
    return (*press("[type=search]"), *write(text), *press(f"[href='#{title}']"))


@TASKS.task(
    "Write a new note called {title} with the text: {text}",
    "Add a note to the wiki. Title: {title}. Text: {text}",
    "Create the note {title}, which says '{text}', and save it.",
    "The wiki needs another note, {title}. Its text is: {text}",
)
def write_note(case: Case) -> Job:
    """A new note."""
    wiki = wiki_of(case)
    title, text = f"{case.pick(TOWNS)} {case.number(2, 40)}", case.pick(SENTENCES)
    new = Tiddler(title, text)
    return Job(
        {"title": title, "text": text},
        (wiki,),
        _OPEN,
        (
            *press("[aria-label='new tiddler']"),
            *key("ctrl+a"),
            *write(title),
            *press(_BODY),
            *write(text),
            *_SAVE,
        ),
        (wiki.having(new),),
        (
            miss("still a draft", wiki.having(Tiddler(f"Draft of '{title}'", text))),
            miss("another title", wiki.having(replace(new, title=title.partition(" ")[0]))),
            miss("without the text", wiki.having(replace(new, text=""))),
        ),
    )


@TASKS.task(
    "Add the line '{line}' at the end of the note {title}, as a paragraph of its own.",
    "The note {title} should end with one more paragraph: {line}",
    "Append this paragraph to {title} and save the note: {line}",
    "Put '{line}' below the last paragraph of {title}, with an empty line between them.",
)
def append_paragraph(case: Case) -> Job:
    """A paragraph at the end of an open note."""
    wiki = wiki_of(case)
    first, other = wiki.notes[:2]
    line = f"{case.pick(PEOPLE)} knows more about it."
    right = replace(first, text=f"{first.text}\n\n{line}")
    return Job(
        {"title": first.title, "line": line},
        (wiki,),
        _OPEN,
        (*_edit(first), *press(_BODY), *key("ctrl+end"), *write(f"\n\n{line}"), *_SAVE),
        (wiki.having(right),),
        (
            miss("in another note", wiki.having(replace(other, text=f"{other.text}\n\n{line}"))),
            miss("instead of the text", wiki.having(replace(first, text=line))),
            miss("at the start", wiki.having(replace(first, text=f"{line}\n\n{first.text}"))),
        ),
    )


@TASKS.task(
    "Rename the note {title} to {new}.",
    "The note {title} should be called {new} from now on.",
    "Change the title of {title} to {new}; the text stays as it is.",
    "Give the note {title} the new title {new}.",
)
def rename_note(case: Case) -> Job:
    """Another title."""
    wiki = wiki_of(case)
    first, other = wiki.notes[:2]
    new = f"{case.pick(TOWNS)} {case.number(2, 40)}"
    return Job(
        {"title": first.title, "new": new},
        (wiki,),
        _OPEN,
        (*_edit(first), *press(_TITLE), *key("ctrl+a"), *write(new), *_SAVE),
        (wiki.without(first.title).having(replace(first, title=new)),),
        (
            miss("a copy", wiki.having(replace(first, title=new))),
            miss("another note", wiki.without(other.title).having(replace(other, title=new))),
        ),
    )


@TASKS.task(
    "Delete the note {title}.",
    "The note {title} is out of date: remove it from the wiki.",
    "Take the note {title} out of the wiki.",
    "We do not need {title} any more. Delete that note, and nothing else.",
)
def delete_note(case: Case) -> Job:
    """An open note; the page asks."""
    wiki = wiki_of(case)
    first, other = wiki.notes[:2]
    return Job(
        {"title": first.title},
        (wiki,),
        _OPEN,
        (*_edit(first), *_DELETE, *key("enter")),
        (wiki.without(first.title),),
        (
            miss("another note", wiki.without(other.title)),
            miss("emptied", wiki.having(replace(first, text=""))),
            miss("two notes", wiki.without(first.title).without(other.title)),
        ),
    )


@TASKS.task(
    "Give the note {title} the additional tag {tag}.",
    "Tag the note {title} with {tag}; keep its other tag.",
    "Add the tag {tag} to {title}.",
    "The note {title} should also have the tag {tag}. Save it.",
)
def tag_note(case: Case) -> Job:
    """A tag in addition to the one that is there."""
    wiki = wiki_of(case)
    first, other = wiki.notes[:2]
    tag = case.pick(ITEMS)
    return Job(
        {"title": first.title, "tag": tag},
        (wiki,),
        _OPEN,
        (*_edit(first), *press("[placeholder='tag name']"), *write(tag), *press("add"), *_SAVE),
        (wiki.having(replace(first, tags=(*first.tags, tag))),),
        (
            miss("instead of the tag", wiki.having(replace(first, tags=(tag,)))),
            miss("another note", wiki.having(replace(other, tags=(*other.tags, tag)))),
            miss("in the text", wiki.having(replace(first, text=f"{first.text} {tag}"))),
        ),
    )


@TASKS.task(
    "Find the note {title}, which is not open, and replace its text by: {text}",
    "Search for {title} in the wiki and change its whole text to '{text}'.",
    "The note {title} should only say: {text}",
    "Overwrite what the note {title} says with this sentence: {text}",
)
def find_and_replace(case: Case) -> Job:
    """A note that has to be found first."""
    wiki = wiki_of(case)
    first, other = wiki.notes[5], wiki.notes[0]
    text = f"Ask {case.pick(PEOPLE)} in {case.pick(TOWNS)}."
    return Job(
        {"title": first.title, "text": text},
        (wiki,),
        _OPEN,
        (*_search(first.title, first.title), *_edit(first), *press(_BODY), *key("ctrl+a"), *write(text), *_SAVE),
        (wiki.having(replace(first, text=text)),),
        (
            miss("appended", wiki.having(replace(first, text=f"{first.text}\n\n{text}"))),
            miss("another note", wiki.having(replace(other, text=text))),
        ),
    )


@TASKS.task(
    "The wiki says somewhere who has the key to the cellar. Answer with the name.",
    "Find out from the wiki who keeps the key to the cellar.",
    "Which person has the key to the cellar? Look it up in the wiki and tell me the name.",
    "Search the wiki for the key to the cellar and name the person who has it.",
)
def who_has_the_key(case: Case) -> Job:
    """A question that a note answers."""
    wiki = wiki_of(case)
    who, other = case.some(PEOPLE, 2)
    note = wiki.notes[case.number(3, 7)]
    second = next(one for one in wiki.notes[2:] if one.title != note.title)
    wiki = wiki.having(
        replace(note, text=f"{note.text}\n\nThe key to the cellar is with {who}."),
        replace(second, text=f"{second.text}\n\nThe key to the attic is with {other}."),
    )
    return Job(
        {},
        (wiki,),
        _OPEN,
        _search("cellar", note.title),
        (wiki,),
        answer=who,
        near=(miss("that to the attic", answer=other), miss("the note", answer=note.title)),
    )


@TASKS.task(
    "Delete the note {title}.",
    "The note {title} is out of date: remove it from the wiki.",
    "Take the note {title} out of the wiki.",
    "We do not need {title} any more. Delete that note, and nothing else.",
)
def delete_no_note(case: Case) -> Job:
    """A note that does not exist."""
    title = f"{case.pick(TOWNS)} {case.number(2, 40)}"
    wiki = wiki_of(case)
    return Job({"title": title}, (wiki,), _OPEN, after=(wiki,), infeasible=f"there is no note {title}")
