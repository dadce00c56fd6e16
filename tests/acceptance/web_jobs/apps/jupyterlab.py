"""JupyterLab: Lumino widgets, CodeMirror, kernels and terminals behind sockets."""

import json
from pathlib import Path

from ..app import App, Check, Site
from ..hand import Hand

NOTEBOOK = {
    "cells": [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"c{number}",
            "metadata": {},
            "outputs": [],
            "source": source,
        }
        for number, source in enumerate(
            ("import time\ntime.sleep(0.4)\nprint('ready')", "open('counted.txt', 'w').write(str(sum(range(10))))")
        )
    ],
    "metadata": {"kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


def prepare(folder: Path) -> None:
    files = folder / "files"
    (files / "archive").mkdir(parents=True)
    for name in ("draft.txt", "useless.txt", "notes.txt", "move-me.txt"):
        (files / name).write_text("a draft\n")
    for name in ("count.ipynb", "edit.ipynb"):
        (files / name).write_text(json.dumps(NOTEBOOK))


APP = App(
    "jupyterlab",
    ("jupyterlab",),
    ("BIN/jupyter", "lab", "--no-browser", "--allow-root", "--port", "PORT", "--ServerApp.root_dir=FOLDER/files",
     "--IdentityProvider.token=", "--ServerApp.password="),
    path="/lab",
    environment={"JUPYTER_CONFIG_DIR": "FOLDER/config", "JUPYTER_DATA_DIR": "FOLDER/data", "SHELL": "/bin/sh"},
    prepare=prepare,
)  # fmt: skip
START = "/lab?reset"
CELL = ".jp-CodeCell .cm-content"


def opened(hand: Hand, file: str) -> None:
    """Open `file` from the list."""
    hand.open(START)
    hand.double_click(file)


@APP.job
def rename_a_file(hand: Hand, site: Site) -> Check:
    hand.open(START)
    hand.right_click("draft.txt")
    hand.click("Rename")
    hand.press("ctrl", "a")
    hand.type("final.txt")
    hand.press("enter", finish=True)
    return lambda: bool(site.file("files/final.txt")) and not site.file("files/draft.txt")


@APP.job
def delete_a_file(hand: Hand, site: Site) -> Check:
    hand.open(START)
    hand.right_click("useless.txt")
    hand.click("Move to Trash")
    hand.finish("Move to Trash", 1)
    return lambda: not site.file("files/useless.txt")


@APP.job
def duplicate_a_file(hand: Hand, site: Site) -> Check:
    hand.open(START)
    hand.right_click("notes.txt")
    hand.finish("Duplicate")
    hand.at("notes-Copy1.txt")
    return lambda: bool(site.file("files/notes-Copy1.txt"))


@APP.job
def make_a_folder(hand: Hand, site: Site) -> Check:
    hand.open(START)
    hand.click("[data-jp-item-name=new-directory]")
    hand.press("ctrl", "a")
    hand.type("results")
    hand.press("enter", finish=True)
    return (site.folder / "files" / "results").is_dir


@APP.job
def drag_a_file_into_a_folder(hand: Hand, site: Site) -> Check:
    hand.open(START)
    hand.drag(hand.at("move-me.txt"), hand.at("archive"))
    return lambda: bool(site.file("files/archive/move-me.txt"))


@APP.job
def edit_a_text_file(hand: Hand, site: Site) -> Check:
    opened(hand, "notes.txt")
    hand.click(".cm-content")
    hand.press("ctrl", "a")
    hand.type("def double(x):\n    if x:\n        return [x, 2 * x]\n    return []\n")
    hand.press("ctrl", "s", finish=True)
    return lambda: site.file("files/notes.txt").strip().endswith("return [x, 2 * x]\n    return []")


@APP.job
def run_every_cell_by_the_menu(hand: Hand, site: Site) -> Check:
    opened(hand, "count.ipynb")
    hand.click("Run")
    hand.finish("Run All Cells")
    hand.at("ready")
    return lambda: site.file("files/counted.txt") == "45"


@APP.job
def write_and_run_a_cell(hand: Hand, site: Site) -> Check:
    opened(hand, "edit.ipynb")
    hand.click(CELL)
    hand.press("ctrl", "a")
    hand.type("for name in ['a', 'b']:\n    with open(f'{name}.log', 'w') as file:\n        file.write(name * 3)")
    hand.press("shift", "enter", finish=True, works=True)  # the list of files follows
    return lambda: (site.file("files/a.log"), site.file("files/b.log")) == ("aaa", "bbb")


@APP.job
def see_the_output_of_a_cell(hand: Hand, site: Site) -> Check:
    opened(hand, "edit.ipynb")
    hand.click(CELL)
    hand.press("ctrl", "a")
    hand.type("print('six times seven is', 6 * 7)")
    hand.press("shift", "enter", finish=True, works=True)  # the list of files follows
    hand.at("six times seven is 42")
    hand.press("ctrl", "s")
    return lambda: "six times seven is 42" in site.file("files/edit.ipynb")


@APP.job
def restart_and_run_all(hand: Hand, site: Site) -> Check:
    (site.folder / "files" / "counted.txt").unlink(missing_ok=True)
    opened(hand, "count.ipynb")
    hand.click("Kernel")
    hand.click("Restart Kernel and Run All Cells…")
    hand.finish("Restart")
    return lambda: site.file("files/counted.txt") == "45"


@APP.job
def make_a_notebook(hand: Hand, site: Site) -> Check:
    hand.open(START)
    hand.click("Python 3 (ipykernel)")
    hand.click(CELL)
    hand.type("open('new.txt', 'w').write('new')")
    hand.press("shift", "enter", finish=True, works=True)  # the list of files follows
    return lambda: site.file("files/new.txt") == "new"


@APP.job
def work_in_a_terminal(hand: Hand, site: Site) -> Check:
    hand.open(START)
    hand.click("Terminal")
    hand.click(".jp-Terminal")
    hand.type("echo hello > from-terminal.txt", submit=True)
    return lambda: site.file("from-terminal.txt") == "hello\n"
