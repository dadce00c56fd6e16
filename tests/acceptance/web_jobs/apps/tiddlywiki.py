"""TiddlyWiki: everything in one document, editors in frames, saved in the background."""

import os
import subprocess
from pathlib import Path

from ..app import App, Check, Site
from ..hand import Hand

PROGRAM = "NPM/node_modules/.bin/tiddlywiki"


def prepare(folder: Path) -> None:
    program = Path(os.path.expanduser("~/.cache/screenwright/apps")) / "npm/node_modules/.bin/tiddlywiki"  # noqa: PTH111
    subprocess.run([program, "wiki", "--init", "server"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    tiddlers = folder / "wiki" / "tiddlers"
    tiddlers.mkdir(exist_ok=True)
    for title in ("Shopping", "Holidays", "Old plan"):
        (tiddlers / f"{title}.tid").write_text(f"title: {title}\n\nmilk and bread")
    (tiddlers / "start.tid").write_text("title: $:/DefaultTiddlers\n\nShopping Holidays [[Old plan]]")


APP = App("tiddlywiki", (), (PROGRAM, "FOLDER/wiki", "--listen", "port=PORT"), npm=("tiddlywiki",), prepare=prepare)
SAVE = ".tc-btn-\\%24\\%3A\\%2Fcore\\%2Fui\\%2FButtons\\%2Fsave"
DELETE = ".tc-btn-\\%24\\%3A\\%2Fcore\\%2Fui\\%2FButtons\\%2Fdelete"
EDIT = ".tc-btn-\\%24\\%3A\\%2Fcore\\%2Fui\\%2FButtons\\%2Fedit"


def tiddler(site: Site, title: str) -> str:
    return site.file(f"wiki/tiddlers/{title}.tid")


@APP.job
def write_a_note(hand: Hand, site: Site) -> Check:
    hand.open("/")
    hand.click("[aria-label='new tiddler']")
    hand.press("ctrl", "a")
    hand.type("Meeting")
    hand.press("tab")
    hand.press("tab")
    hand.click(".tc-edit-texteditor-body")
    hand.type("We talked about ''plans''.")
    hand.finish(SAVE)
    return lambda: "We talked about ''plans''." in tiddler(site, "Meeting")


@APP.job
def edit_a_note(hand: Hand, site: Site) -> Check:
    hand.open("/")
    hand.click(EDIT)
    hand.click(".tc-edit-texteditor-body")
    hand.press("ctrl", "end")
    hand.type(" and tea")
    hand.finish(SAVE)
    return lambda: "milk and bread and tea" in tiddler(site, "Shopping")


@APP.job
def rename_a_note(hand: Hand, site: Site) -> Check:
    hand.open("/")
    hand.click(EDIT, 1)
    hand.click(".tc-titlebar.tc-edit-texteditor")
    hand.press("ctrl", "a")
    hand.type("Vacations")
    hand.finish(SAVE)
    return lambda: bool(tiddler(site, "Vacations"))


@APP.job
def tag_a_note(hand: Hand, site: Site) -> Check:
    hand.open("/")
    hand.click(EDIT)
    hand.click("[placeholder='tag name']")
    hand.type("errands")
    hand.click("add")
    hand.finish(SAVE)
    return lambda: "tags: errands" in tiddler(site, "Shopping")


@APP.job
def search_and_edit(hand: Hand, site: Site) -> Check:
    hand.open("/")
    hand.click("[type=search]")
    hand.type("plan")
    hand.click("Old plan")
    hand.click(EDIT, 0)
    hand.click(".tc-edit-texteditor-body")
    hand.press("ctrl", "end")
    hand.type(" found")
    hand.finish(SAVE)
    return lambda: "found" in "".join(tiddler(site, title) for title in ("Old plan", "Shopping"))


@APP.job
def delete_a_note(hand: Hand, site: Site) -> Check:
    hand.open("/")
    hand.click(EDIT)
    hand.click(DELETE)
    hand.press("enter", finish=True)  # the page asks
    return lambda: not tiddler(site, "Shopping")
