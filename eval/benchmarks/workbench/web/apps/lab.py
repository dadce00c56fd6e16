"""Tasks in JupyterLab, whose files are those of the home."""

import json
from dataclasses import dataclass
from pathlib import Path

from screenwright._files import read_text_file

from ...documents import Folder, Gone, Text
from ...documents.document import MAX_BYTES, first_difference, target, unreadable
from ...oracle import Step, key, write
from ...template import Case, Job, miss
from ...words import ITEMS, PEOPLE, SENTENCES, TOPICS, TOWNS
from ..collection import WebCollection
from ..finding import menu, press, pull
from ..program import WebProgram


def _prepare(home: Path, apps: Path) -> None:
    """No dialogs about news, and no search for language servers, which starts Node.js."""
    settings = home / ".jupyter/lab/user-settings/@jupyterlab/apputils-extension"
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false", "checkForUpdates": false}')
    extensions = {"jupyter_lsp": False, "notebook_shim": False}
    server = {"ServerApp": {"jpserver_extensions": extensions}}
    (home / ".jupyter/jupyter_server_config.json").write_text(json.dumps(server), encoding="utf-8")


PROGRAM = WebProgram(  # a terminal starts in the folder of the server
    "lab",
    ("/usr/bin/env", "--chdir=HOME/Files", "BIN/jupyter-lab", "--no-browser", "--allow-root",
     "--ip=127.0.0.1", "--port", "PORT", "--ServerApp.root_dir=HOME/Files",
     "--IdentityProvider.token=", "--ServerApp.password=", "--ServerApp.allow_remote_access=True",
     "--FileContentsManager.delete_to_trash=False"),
    pip=("jupyterlab",),
    environment={"JUPYTER_CONFIG_DIR": "HOME/.jupyter", "JUPYTER_DATA_DIR": "HOME/.data",
                 "JUPYTER_RUNTIME_DIR": "HOME/.runtime", "IPYTHONDIR": "HOME/.ipython", "SHELL": "/bin/sh",
                 "PYTHONPATH": "SITES"},
    path="/api/status",
    prepare=_prepare,
)  # fmt: skip
TASKS = WebCollection(PROGRAM)
_OPEN = (("/lab?reset",),)
_CELL = ".jp-CodeCell .cm-content"


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook of code cells; their outputs make no difference."""

    path: str
    cells: tuple[str, ...]

    def write(self, home: Path) -> None:
        """See `Document`."""
        kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
        cells: list[dict[str, object]] = [
            {
                "cell_type": "code",
                "id": f"c{number}",
                "source": one,
                "execution_count": None,
                "metadata": {},
                "outputs": [],
            }
            for number, one in enumerate(self.cells)
        ]
        book = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
        target(home, self.path).write_text(json.dumps(book), encoding="utf-8")

    def problems(self, home: Path) -> list[str]:
        """See `Document`."""
        try:
            cells = json.loads(read_text_file(home / self.path, MAX_BYTES))["cells"]
            found = ["".join(cell["source"]) for cell in cells]
        except (OSError, ValueError, KeyError, TypeError) as error:
            return [unreadable(self.path, error)]
        return [f"{self.path}: {one}" for one in first_difference(self.cells, found, "cell")]


def _files(case: Case) -> tuple[Text, ...]:
    names = case.some(TOPICS, 4)
    return tuple(Text(f"Files/{name}.txt", "".join(f"{line}\n" for line in case.some(SENTENCES, 3))) for name in names)


def _name(file: Text) -> str:
    return file.path.rpartition("/")[2]


@TASKS.task(
    "Rename the file {file} to {new}.",
    "The file {file} should be called {new}.",
    "Change the name of {file} to {new} in the list of files.",
    "Give {file} the name {new}; its content stays.",
)
def rename_file(case: Case) -> Job:
    """A file of the list."""
    files = _files(case)
    first, other = case.some(files, 2)
    new = f"{case.pick(TOWNS).lower()}-{case.number(2, 40)}.txt"
    renamed = Text(f"Files/{new}", first.content)
    return Job(
        {"file": _name(first), "new": new},
        files,
        _OPEN,
        (*menu(_name(first)), *press("Rename"), *key("ctrl+a"), *write(new), *key("enter")),
        (renamed, Gone(first.path)),
        (
            miss("a copy", renamed),
            miss("another file", Text(renamed.path, other.content), Gone(other.path)),
        ),
    )


@TASKS.task(
    "Delete the file {file}.",
    "The file {file} is not needed any more: delete it.",
    "Remove {file} from the list of files for good.",
    "Delete {file}, and no other file.",
)
def delete_file(case: Case) -> Job:
    """A file; the page asks."""
    files = _files(case)
    first, other = case.some(files, 2)
    return Job(
        {"file": _name(first)},
        files,
        _OPEN,
        (*menu(_name(first)), *press("Delete"), *press("Delete", -1)),
        (Gone(first.path),),
        (
            miss("another file", Gone(other.path)),
            miss("two files", Gone(first.path), Gone(other.path)),
            miss("emptied", Text(first.path, "")),
        ),
    )


@TASKS.task(
    "Move the file {file} into the folder {folder}.",
    "The file {file} belongs into the folder {folder}: put it there.",
    "Put {file} into {folder}.",
    "Take {file} and move it to the folder {folder}.",
)
def move_file(case: Case) -> Job:
    """A file into a folder, by dragging."""
    files = _files(case)
    first, other = case.some(files, 2)
    folder = case.pick([one for one in TOPICS if f"Files/{one}.txt" not in {file.path for file in files}])
    moved = Text(f"Files/{folder}/{_name(first)}", first.content)
    return Job(
        {"file": _name(first), "folder": folder},
        (*files, Text(f"Files/{folder}/first.txt", "first\n")),
        _OPEN,
        pull(_name(first), folder),
        (moved, Gone(first.path)),
        (
            miss("a copy", moved),
            miss("another file", Text(f"Files/{folder}/{_name(other)}", other.content), Gone(other.path)),
        ),
    )


@TASKS.task(
    "Make a folder called {folder}.",
    "Create a new folder with the name {folder} in the list of files.",
    "The list of files needs a folder {folder}.",
    "Add an empty folder, {folder}.",
)
def make_folder(case: Case) -> Job:
    """A new folder."""
    folder = f"{case.pick(TOWNS).lower()}-{case.number(2, 40)}"
    return Job(
        {"folder": folder},
        _files(case),
        _OPEN,
        (*press("[data-jp-item-name=new-directory]"), *key("ctrl+a"), *write(folder), *key("enter")),
        (Folder(f"Files/{folder}"),),
        (
            miss("a file", Text(f"Files/{folder}", "")),
            miss("another name", Folder("Files/Untitled Folder")),
        ),
    )


@TASKS.task(
    "Replace the whole text of {file} by '{text}' and save the file.",
    "The file {file} should only say: {text}",
    "Open {file}, overwrite its text with '{text}', and save.",
    "Change the content of {file} to this line and save it: {text}",
)
def rewrite_file(case: Case) -> Job:
    """A text file in the editor."""
    files = _files(case)
    first, other = case.some(files, 2)
    text = f"Ask {case.pick(PEOPLE)} in {case.pick(TOWNS)}."
    return Job(
        {"file": _name(first), "text": text},
        files,
        _OPEN,
        (
            *press(_name(first), count=2),
            *press(".jp-FileEditor .cm-content"),
            *key("ctrl+a"),
            *write(text),
            *key("ctrl+s"),
        ),
        (Text(first.path, text),),
        (
            miss("another file", Text(other.path, text)),
            miss("appended", Text(first.path, f"{first.content}{text}")),
        ),
    )


def _totals(case: Case) -> tuple[Notebook, str, int]:
    """A notebook that writes a total to a file, the file, and the total."""
    numbers = [case.number(10, 99) for _ in range(4)]
    name = f"{case.pick(ITEMS)}.txt"
    cells = (f"numbers = {numbers}", f"open('{name}', 'w').write(str(sum(numbers)))")
    return Notebook("Files/total.ipynb", cells), name, sum(numbers)


@TASKS.task(
    "Run all cells of the notebook total.ipynb.",
    "Open total.ipynb and run the whole notebook; it writes the file {file}.",
    "The notebook total.ipynb computes {file}. Run it from the first cell to the last.",
    "Execute every cell of total.ipynb so that {file} is written.",
)
def run_notebook(case: Case) -> Job:
    """A notebook with a kernel, by its menu."""
    book, name, total = _totals(case)
    return Job(
        {"file": name},
        (book, *_files(case)),
        _OPEN,
        (*press("total.ipynb", count=2), *press("Run"), *press("Run All Cells")),
        (book, Text(f"Files/{name}", str(total))),
        (
            miss("another total", book, Text(f"Files/{name}", str(total + 1))),
            miss("another file", book, Text("Files/other.txt", str(total))),
            miss("without a cell", Notebook(book.path, book.cells[1:]), Text(f"Files/{name}", str(total))),
        ),
    )


@TASKS.task(
    "In total.ipynb, change the first cell to {code} and save the notebook. Do not run it.",
    "The first cell of the notebook total.ipynb should be: {code} Save it.",
    "Replace the code of the first cell in total.ipynb by {code} and save.",
    "Edit total.ipynb: its first cell becomes {code} Then save the notebook.",
)
def edit_cell(case: Case) -> Job:
    """The code of a cell."""
    book, _, _ = _totals(case)
    code = f"numbers = list(range({case.number(3, 9)}))"
    return Job(
        {"code": code},
        (book, *_files(case)),
        _OPEN,
        (*press("total.ipynb", count=2), *press(_CELL), *key("ctrl+a"), *write(code), *key("ctrl+s")),
        (Notebook(book.path, (code, *book.cells[1:])),),
        (
            miss("the second cell", Notebook(book.path, (book.cells[0], code))),
            miss("a new cell", Notebook(book.path, (code, *book.cells))),
        ),
    )


def _terminal(text: str) -> tuple[Step, ...]:
    return (*press("Terminal"), *press(".jp-Terminal"), *write(f"{text}\n"))


@TASKS.task(
    "Use a terminal to write the number of lines of {file} into the file {new}, without anything else.",
    "Count the lines of {file} in a terminal and put only the number into {new}.",
    "The file {new} should hold how many lines {file} has. Use the terminal.",
    "In a terminal, store the line count of {file} (just the number) as {new}.",
)
def count_lines(case: Case) -> Job:
    """A command in a terminal."""
    number = case.number(4, 9)
    file = Text(f"Files/{case.pick(TOPICS)}.txt", "".join(f"{line}\n" for line in case.some(SENTENCES, number)))
    new = f"{case.pick(ITEMS)}.txt"
    return Job(
        {"file": _name(file), "new": new},
        (file,),
        _OPEN,
        _terminal(f"wc -l < {_name(file)} > {new}"),
        (Text(f"Files/{new}", str(number)),),
        (
            miss("with the name", Text(f"Files/{new}", f"{number} {_name(file)}")),
            miss("the words", Text(f"Files/{new}", str(len(file.content.split())))),
        ),
    )
