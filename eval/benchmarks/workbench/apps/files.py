"""Tasks in a file manager, PCManFM."""

from ..documents import Document, Folder, Gone, Text
from ..oracle import key, on, until, write
from ..template import App, Case, Collection, Job, miss
from ..words import ITEMS, TOPICS

_LIST = "[ui]\nview_mode=list\n"
"""One name to a line: below icons, names are broken into lines at any letter."""
APP = App("files", "pcmanfm", ("pcmanfm",), {".config/pcmanfm/default/pcmanfm.conf": _LIST})
TASKS = Collection(APP)


def _open(folder: str) -> tuple[tuple[str, ...], ...]:
    return (("pcmanfm", f"~/{folder}"),)


def _some_files(case: Case, count: int = 5) -> tuple[str, list[Text]]:
    """A folder with files."""
    folder = case.pick(TOPICS).title()
    names = case.some(ITEMS, count)
    return folder, [Text(f"{folder}/{name}.txt", f"{name} {case.number(1, 999)}\n") for name in names]


def _name(file: Text) -> str:
    return file.path.rpartition("/")[2]


@TASKS.task(
    "Rename {old} in the open folder {folder} to {new}.",
    "In the file manager, give the file {old} the name {new}.",
    "The file {old} should be called {new}. It stays in {folder}.",
    "Change the name of {old} to {new}.",
)
def rename(case: Case) -> Job:
    """A new name."""
    folder, files = _some_files(case)
    file, new = files[case.number(0, 4)], f"{case.pick(TOPICS)}-{case.number(2, 99)}.txt"
    renamed = Text(f"{folder}/{new}", file.content)
    return Job(
        {"folder": folder, "old": _name(file), "new": new},
        tuple(files),
        _open(folder),
        (*on(_name(file)), *key("f2"), *key("ctrl+a"), *write(f"{new}\n")),
        (renamed, Gone(file.path)),
        (
            miss("copied", renamed),
            miss("without the ending", Text(renamed.path[:-4], file.content), Gone(file.path)),
            miss("another file", Text(renamed.path, files[0].content + "x"), Gone(file.path)),
        ),
    )


@TASKS.task(
    "Create a folder named {name} in {folder}.",
    "Make a new folder {name} in the folder that is open in the file manager.",
    "{folder} needs a subfolder called {name}. Create it.",
    "Add an empty folder with the name {name} to the open folder.",
)
def new_folder(case: Case) -> Job:
    """An empty folder."""
    folder, files = _some_files(case)
    name = f"{case.pick(TOPICS)} {case.number(2020, 2031)}"
    return Job(
        {"folder": folder, "name": name},
        tuple(files),
        _open(folder),
        (*key("ctrl+shift+n"), *key("ctrl+a"), *write(f"{name}\n")),
        (Folder(f"{folder}/{name}"),),
        (miss("in the home", Folder(name)), miss("a file", Text(f"{folder}/{name}", ""))),
    )


@TASKS.task(
    "Delete the file {name} in {folder} for good, not into a trash can.",
    "Remove {name} from the open folder permanently.",
    "The file {name} is not needed any more. Delete it permanently with the file manager.",
    "Permanently delete {name}, and leave the other files in {folder}.",
)
def delete_file(case: Case) -> Job:
    """One file among others."""
    folder, files = _some_files(case, 6)
    file, other = case.some(files, 2)
    return Job(
        {"folder": folder, "name": _name(file)},
        tuple(files),
        _open(folder),
        (*on(_name(file)), *key("shift+delete"), *key("enter")),
        (Gone(file.path),),
        (
            miss("another file", Gone(other.path)),
            miss("one more", Gone(file.path), Gone(other.path)),
            miss("emptied", Text(file.path, "")),
        ),
    )


@TASKS.task(
    "Move {name} from {folder} into its subfolder {sub}.",
    "Put the file {name} into the folder {sub}, which is in the open folder.",
    "The file {name} belongs into {folder}/{sub}. Move it there.",
    "In the file manager, move {name} to the folder {sub}.",
)
def move_file(case: Case) -> Job:
    """Into a subfolder, by cutting and pasting."""
    folder, files = _some_files(case)
    file, sub = case.pick(files), f"{case.pick(TOPICS)}-{case.number(2020, 2031)}"
    moved = Text(f"{folder}/{sub}/{_name(file)}", file.content)
    return Job(
        {"folder": folder, "name": _name(file), "sub": sub},
        (*files, Folder(f"{folder}/{sub}")),
        _open(folder),
        (*on(_name(file)), *key("ctrl+x"), *on(sub, 2), *until(sub), *key("ctrl+v")),
        (moved, Gone(file.path)),
        (
            miss("copied", moved),
            miss("deleted", Gone(file.path)),
            miss("in the home", Text(_name(file), file.content), Gone(file.path)),
        ),
    )


@TASKS.task(
    "Copy {name} from the open folder into its subfolder {sub}; the original stays.",
    "Put a copy of {name} into {folder}/{sub}.",
    "The folder {sub} should also have the file {name}. Copy it there.",
    "Make a copy of {name} in the subfolder {sub} and keep the file in {folder}.",
)
def copy_file(case: Case) -> Job:
    """Into a subfolder."""
    folder, files = _some_files(case)
    file, sub = case.pick(files), f"{case.pick(TOPICS)}-{case.number(2020, 2031)}"
    copy = Text(f"{folder}/{sub}/{_name(file)}", file.content)
    return Job(
        {"folder": folder, "name": _name(file), "sub": sub},
        (*files, Folder(f"{folder}/{sub}")),
        _open(folder),
        (*on(_name(file)), *key("ctrl+c"), *on(sub, 2), *until(sub), *key("ctrl+v")),
        (copy,),
        (
            miss("moved", copy, Gone(file.path)),
            miss("next to it", Text(f"{folder}/copy of {_name(file)}", file.content)),
        ),
    )


@TASKS.task(
    "How many files are in the folder {sub} inside {folder}? Answer with the number.",
    "Look into {folder}/{sub} with the file manager and tell me how many files it has.",
    "Count the files in the subfolder {sub} of the open folder.",
    "Tell me the number of files in {folder}/{sub}.",
)
def count_files(case: Case) -> Job:
    """A question about a folder."""
    folder, files = _some_files(case)
    sub, count = f"{case.pick(TOPICS)}-{case.number(2020, 2031)}", case.number(3, 9)
    inner = [Text(f"{folder}/{sub}/{name}.txt", f"{name}\n") for name in case.some(ITEMS, count)]
    return Job(
        {"folder": folder, "sub": sub},
        (*files, *inner),
        _open(folder),
        on(sub, 2),
        answer=str(count),
        near=(miss("one less", answer=str(count - 1)), miss("with the others", answer=str(count + 6))),
    )


@TASKS.task(
    "In {folder}, create a folder for each of the years {first} to {last}, named by the year.",
    "Make the folders {first}, {second} and {last} in the open folder.",
    "{folder} should have one subfolder per year from {first} to {last}. Create the three.",
    "Add three folders to {folder}, named {first}, {second} and {last}.",
)
def year_folders(case: Case) -> Job:
    """Several folders."""
    folder, files = _some_files(case, 3)
    years = [str(case.number(1990, 2030))]
    years += [str(int(years[0]) + 1), str(int(years[0]) + 2)]
    made: list[Document] = [Folder(f"{folder}/{year}") for year in years]
    steps = [step for year in years for step in (*key("ctrl+shift+n"), *key("ctrl+a"), *write(f"{year}\n"))]
    return Job(
        {"folder": folder, "first": years[0], "second": years[1], "last": years[2]},
        tuple(files),
        _open(folder),
        tuple(steps),
        tuple(made),
        (
            miss("two of them", *made[:2]),
            miss("inside each other", Folder(f"{folder}/{years[0]}/{years[1]}/{years[2]}")),
            miss("one more", *made, Folder(f"{folder}/{int(years[2]) + 1}")),
        ),
    )


@TASKS.task(
    "Move the file {name} from {folder} to its subfolder {sub}.",
    "Put {name} into the folder {sub}.",
    "{name} should be in {folder}/{sub}. Move it with the file manager.",
    "In the open folder, move {name} into {sub}.",
)
def move_missing(case: Case) -> Job:
    """A file that does not exist."""
    folder, files = _some_files(case, 6)
    sub = f"{case.pick(TOPICS)}-{case.number(2020, 2031)}"
    return Job(
        {"folder": folder, "name": _name(files[0]), "sub": sub},
        (*files[1:], Folder(f"{folder}/{sub}")),
        _open(folder),
        infeasible=f"there is no {files[0].path}",
    )
