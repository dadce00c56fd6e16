"""Tasks in a text editor, Mousepad."""

from ..documents import Gone, Text
from ..oracle import key, until, write
from ..template import App, Case, Collection, Job, miss
from ..words import ITEMS, PEOPLE, SENTENCES, TOPICS, TOWNS

APP = App("editor", "mousepad", ("mousepad",))
TASKS = Collection(APP)


def _file(case: Case) -> str:
    return f"Documents/{case.pick(TOPICS)}.txt"


def opens(path: str) -> tuple[tuple[str, ...], ...]:
    """The command that opens a text."""
    return (("mousepad", "--disable-server", f"~/{path}"),)


def text_of(lines: list[str]) -> str:
    """The text of lines."""
    return "".join(f"{line}\n" for line in lines)


@TASKS.task(
    "Add the line '{line}' at the end of the text that is open in the editor, and save the file.",
    "The open text needs one more line at its end: '{line}'. Save it afterwards.",
    "Put '{line}' on a new line below the last one of {file}, which is open, then save.",
    "Please append this line to {file} in the editor and save: {line}",
)
def append_line(case: Case) -> Job:
    """A line at the end."""
    path, lines = _file(case), case.some(SENTENCES, 4)
    *kept, line = lines
    before, right = Text(path, text_of(kept)), Text(path, text_of(lines))
    return Job(
        {"file": path, "line": line},
        (before,),
        opens(path),
        (*key("ctrl+end"), *write(line), *key("ctrl+s")),
        (right,),
        (
            miss("at the start", Text(path, text_of([line, *kept]))),
            miss("without the last word", Text(path, text_of([*kept, line.rpartition(" ")[0]]))),
            miss("in another file", Text("Documents/other.txt", right.content)),
        ),
    )


@TASKS.task(
    "In {file}, replace every '{old}' by '{new}' and save the file.",
    "The text in the editor says '{old}' in several places. Change all of them to '{new}', then save.",
    "Use '{new}' instead of '{old}' throughout the open file and save it.",
    "Every occurrence of {old} in {file} should read {new}. Save when you are done.",
)
def replace_word(case: Case) -> Job:
    """A word in all places."""
    path, (old, new, other) = _file(case), case.some(TOWNS, 3)
    lines = [f"The lorry leaves {old} at {case.number(5, 9)}.", f"From {other} it goes back to {old}."]
    lines += [case.pick(SENTENCES), f"Call {old} or {other} if it is late."]
    changed = [line.replace(old, new) for line in lines]
    right = Text(path, text_of(changed))
    dialog = (*key("ctrl+r"), *write(f"{old}\t{new}"), *key("alt+a"), *key("alt+r"), *key("escape"))
    return Job(
        {"file": path, "old": old, "new": new},
        (Text(path, text_of(lines)),),
        opens(path),
        (*key("ctrl+home"), *dialog, *key("ctrl+s")),
        (right,),
        (
            miss("only the first", Text(path, text_of([changed[0], *lines[1:]]))),
            miss("another town too", Text(path, right.content.replace(other, new))),
        ),
    )


@TASKS.task(
    "Delete the line about {who} from {file} and save it.",
    "Remove the whole line that mentions {who} from the text in the editor, then save the file.",
    "{who} is no longer on the list in {file}: take out that line and save.",
    "The open list should be without {who}. Delete the line, leave no empty one, and save.",
)
def delete_line(case: Case) -> Job:
    """A line among others."""
    path, people, place = _file(case), case.some(PEOPLE, 7), case.number(2, 5)
    lines = [f"{who}, {case.pick(TOWNS)}" for who in people]
    kept = [*lines[:place], *lines[place + 1 :]]
    return Job(
        {"file": path, "who": people[place]},
        (Text(path, text_of(lines)),),
        opens(path),
        (*key("ctrl+home"), *key("down", place), *key("shift+down"), *key("delete"), *key("ctrl+s")),
        (Text(path, text_of(kept)),),
        (
            miss("left an empty line", Text(path, text_of([*lines[:place], "", *lines[place + 1 :]]))),
            miss("the line above", Text(path, text_of([*lines[: place - 1], *lines[place:]]))),
        ),
    )


@TASKS.task(
    "Save the open text under the new name {name} in the folder Documents, and leave {file} as it is.",
    "Make a copy of the text in the editor as Documents/{name} with Save As.",
    "Store the text that is open as {name} in Documents. The old file {file} must stay.",
    "Use Save As to write the open text to Documents/{name}.",
)
def save_as(case: Case) -> Job:
    """A copy under another name."""
    first, second = case.some(TOPICS, 2)
    path, name = f"Documents/{first}.txt", f"{second}-{case.number(2, 99)}.txt"
    text = text_of(case.some(SENTENCES, 3))
    copy = Text(f"Documents/{name}", text)
    return Job(
        {"file": path, "name": name},
        (Text(path, text),),
        opens(path),
        (*key("ctrl+shift+s"), *until("Save As"), *key("ctrl+a"), *write(name), *key("enter")),
        (copy,),
        (
            miss("in the home", Text(name, text)),
            miss("renamed", copy, Gone(path)),
            miss("another name", Text(f"Documents/{second}.txt", text)),
        ),
    )


@TASKS.task(
    "Sort the lines of {file} alphabetically and save the file.",
    "Put the lines of the open list into alphabetical order, from A to Z, and save it.",
    "The list in the editor is unsorted. Sort its lines from A to Z, then save.",
    "Order the lines in {file} by the alphabet and save.",
)
def sort_lines(case: Case) -> Job:
    """Lines in another order."""
    path, items = _file(case), case.some(ITEMS, 6)
    if items == sorted(items):
        items.reverse()
    swapped = sorted(items)
    swapped[2], swapped[3] = swapped[3], swapped[2]
    retyped = (*key("ctrl+a"), *write(text_of(sorted(items))), *key("ctrl+s"))
    return Job(
        {"file": path},
        (Text(path, text_of(items)),),
        opens(path),
        retyped,
        (Text(path, text_of(sorted(items))),),
        (
            miss("backwards", Text(path, text_of(sorted(items, reverse=True)))),
            miss("two swapped", Text(path, text_of(swapped))),
            miss("one left out", Text(path, text_of(sorted(items)[:-1]))),
        ),
    )


@TASKS.task(
    "How many lines of {file} mention {town}? Answer with the number.",
    "Count the lines in the open text that contain {town}, and tell me how many there are.",
    "In how many lines of the text in the editor does {town} occur? Tell me the number only.",
    "Tell me how often {town} is listed in {file}.",
)
def count_lines(case: Case) -> Job:
    """A question about the text."""
    path, (town, *others), count = _file(case), case.some(TOWNS, 5), case.number(3, 7)
    lines = [f"{case.pick(PEOPLE)}, {town}" for _ in range(count)]
    lines += [f"{case.pick(PEOPLE)}, {case.pick(others)}" for _ in range(12 - count)]
    case.random.shuffle(lines)
    return Job(
        {"file": path, "town": town},
        (Text(path, text_of(lines)),),
        opens(path),
        answer=str(count),
        near=(miss("one more", answer=str(count + 1)), miss("all lines", answer="12"), miss("none", answer="")),
    )


@TASKS.task(
    "Replace the name {who} by {new} in {file} and save it.",
    "In the open list, change the entry of {who} to {new}, then save.",
    "{who} has a successor: put {new} in that line of {file} instead, and save.",
    "Correct the text in the editor: it should say {new} where it says {who} now. Save it.",
)
def missing_name(case: Case) -> Job:
    """A name that the text does not contain."""
    path, (who, new, *people) = _file(case), case.some(PEOPLE, 8)
    lines = [f"{one}, {case.pick(TOWNS)}" for one in people]
    return Job(
        {"file": path, "who": who, "new": new},
        (Text(path, text_of(lines)),),
        opens(path),
        infeasible=f"{who} is not in the list",
    )
