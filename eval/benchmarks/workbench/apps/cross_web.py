"""Tasks across a desktop program and a web application, which a browser window on the same desktop shows."""

from dataclasses import replace

from ..documents import Text
from ..documents.letters import Paragraph
from ..documents.mails import Mail
from ..oracle import click, key, on, until, write
from ..template import Case, Collection, Job, miss
from ..web.apps import stock, tables, wiki
from ..web.documents import Tiddler
from ..web.window import WebWindow
from ..words import PEOPLE, SENTENCES, TOPICS, TOWNS
from . import calc, editor, mail, writer
from .office import goto

TASKS = Collection(name="cross")
(_STOCK,), (_TABLES,), (_WIKI,) = stock.TASKS.apps, tables.TASKS.apps, wiki.TASKS.apps


_MINIMIZE = click(1179, 49)
"""The button of the mail program's window."""


def _note(case: Case) -> Text:
    return Text(f"Notes to self/{case.pick(TOPICS)}.txt", editor.text_of(case.some(SENTENCES, 2)))


@TASKS.task(
    "The web page shows the stock of a shop. Add a last line to the open note: the quantity of {item}. Save it.",
    "Look up in the browser how many {item} the shop has, and write that number at the end of {file}. Save it.",
    "The note in the editor should end with the quantity of {item}, as the stock in the browser says. Save it.",
    "Append the number of {item} in stock (see the web application) as a line to {file}, then save the file.",
    apps=(editor.APP, _STOCK),
)
def quantity_to_note(case: Case) -> Job:
    """A number from a web application."""
    shop, note = stock.stock_of(case), _note(case)
    one, other = case.some(shop.rows["item"], 2)

    def noted(line: object) -> Text:
        return replace(note, content=f"{note.content}{line}\n")

    return Job(
        {"item": one[1], "file": note.path},
        (shop, note),
        editor.opens(note.path),
        (*key("ctrl+end"), *write(str(one[3])), *key("ctrl+s")),
        (noted(one[3]),),
        (
            miss("of another item", noted(f"{other[3]} pieces")),
            miss("the price", noted(one[4])),
            miss("and changed the stock", noted(one[3]), shop.having("item", shop.rows["item"][1:])),
        ),
        web=(WebWindow(stock.PROGRAM, stock.ALL_ITEMS),),
    )


@TASKS.task(
    "The note {title} of the wiki has a table. Put it at the end of the letter as a table of two columns; save it.",
    "Copy the table of the wiki page {title} into {file}: a table with {count} rows and 2 columns after the text.",
    "End the letter with a table that has the same {count} rows as the one in the wiki's note {title}. Save it.",
    "{file} should end with the table that the wiki shows in {title}. Keep the rows in their order and save it.",
    apps=(writer.APP, _WIKI),
)
def table_to_letter(case: Case) -> Job:
    """A table from a wiki."""
    pages, letter = wiki.wiki_of(case), writer.letter_of(case, 2)
    rows = [[town, str(case.number(10, 99))] for town in case.some(TOWNS, 3)]
    first = pages.notes[0]
    pages = pages.having(Tiddler(first.title, "\n".join(f"|{town} |{number} |" for town, number in rows), first.tags))
    typed = "\t".join(text for row in rows for text in row)
    dialog = (*key("ctrl+f12"), *until("Insert Table"), *key("tab"), *write(f"2\t{len(rows)}\n"))
    return Job(
        {"title": first.title, "file": letter.path, "count": len(rows)},
        (pages, letter),
        writer.opens(letter),
        (*key("ctrl+end"), *write("\n"), *dialog, *write(typed), *key("ctrl+s")),
        (replace(letter, table=rows), pages),
        (
            miss("as text", replace(letter, paragraphs=[*letter.paragraphs, *(Paragraph(" ".join(r)) for r in rows)])),
            miss("another order", replace(letter, table=rows[::-1])),
            miss("only its first column", replace(letter, table=[[row[0]] for row in rows])),
        ),
        web=(WebWindow(wiki.PROGRAM),),
    )


@TASKS.task(
    "Put the fee of {who} in the table of the browser into cell {cell} of the open sheet, and save the sheet.",
    "The web page lists the members of a club. Enter the fee of {who} into {cell} of {file}; save it.",
    "Cell {cell} of the sheet should be the fee of the member {who} (see the browser), as a number. Save it.",
    "Find the fee of {who} in the web application, write it into {cell} of {file}, then save.",
    apps=(calc.APP, _TABLES),
)
def fee_to_cell(case: Case) -> Job:
    """A number from a table in the browser."""
    club, sheet, row = tables.club_of(case), calc.towns_sheet(case), case.number(1, 6)
    one = case.pick(club.rows["member"])
    other = next(member for member in club.rows["member"] if member[3] != one[3])
    return Job(
        {"who": one[1], "cell": f"E{row + 1}", "file": sheet.path},
        (club, sheet),
        calc.opens(sheet),
        (*goto(f"E{row + 1}"), *write(f"{one[3]}\n"), *key("ctrl+s")),
        (sheet.at(row, 4, int(one[3])),),
        (
            miss("of another member", sheet.at(row, 4, int(other[3]))),
            miss("in the next row", sheet.at(row + 1, 4, int(one[3]))),
            miss("the name", sheet.at(row, 4, str(one[1]))),
        ),
        web=(WebWindow(tables.PROGRAM, "/member/content/"),),
    )


@TASKS.task(
    "The mail 'We have moved' names a town. Change the town of that supplier in the web application and save.",
    "Read the message 'We have moved' and correct the supplier that the browser shows. Save the record.",
    "Enter the new town from the mail 'We have moved' into the record of the supplier in the browser; save it.",
    "Update the supplier {who} in the browser: the mail 'We have moved' says where they are now.",
    apps=(mail.APP, _STOCK),
)
def mail_to_supplier(case: Case) -> Job:
    """A field of a web application by a mail."""
    shop, box = stock.stock_of(case), mail.inbox(case, 3)
    one, other = case.some(shop.rows["supplier"], 2)
    known = {row[2] for row in shop.rows["supplier"]}
    town = case.pick([name for name in TOWNS if name not in known])
    box = box.adding(Mail("We have moved", mail.address(str(one[1])), f"From May on we are in {town}."))
    return Job(
        {"who": one[1]},
        (shop, *mail.home(box)),
        mail.OPEN,
        (*_MINIMIZE, *until("Change supplier"), *on(str(one[2])), *key("ctrl+a"), *write(f"{town}\n")),
        (stock.replaced(shop, "supplier", (*one[:2], town, one[3])),),
        (
            miss("another supplier", stock.replaced(shop, "supplier", (*other[:2], town, other[3]))),
            miss("as the name", stock.replaced(shop, "supplier", (one[0], town, *one[2:]))),
            miss("a new one", stock.replaced(shop, "supplier", (9, one[1], town, one[3]))),
        ),
        web=(WebWindow(stock.PROGRAM, f"{stock.SUPPLIERS}{one[0]}/change/"),),
    )


@TASKS.task(
    "Write the phone number of the supplier {who} (see the browser) at the end of the open note, and save it.",
    "{file} should end with the phone number that the web application has for the supplier {who}. Save the note.",
    "Look up {who} among the suppliers in the browser and append their phone number to {file}; save it.",
    "Add the phone number of {who}, one of the suppliers in the web application, as a last line of the note. Save.",
    apps=(editor.APP, _STOCK),
)
def phone_of_no_one(case: Case) -> Job:
    """A supplier that does not exist."""
    shop, note = stock.stock_of(case), _note(case)
    who = case.pick([name for name in PEOPLE if name not in {row[1] for row in shop.rows["supplier"]}])
    return Job(
        {"who": who, "file": note.path},
        (shop, note),
        editor.opens(note.path),
        infeasible=f"there is no supplier {who}",
        web=(WebWindow(stock.PROGRAM, stock.SUPPLIERS),),
    )
