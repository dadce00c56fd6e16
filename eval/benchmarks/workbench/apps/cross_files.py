"""Tasks across programs: figures of a PDF, attachments, lists and names that belong somewhere else."""

from dataclasses import replace

from ..documents import Text
from ..documents.letters import Paragraph
from ..documents.mails import Mail, MailFolder
from ..documents.pages import Pages
from ..documents.slides import Slide
from ..oracle import click, key, on, until, write
from ..template import App, Case, Collection, Job, miss
from ..words import ITEMS, PEOPLE, TOPICS, TOWNS
from . import calc, database, editor, files, mail, notes, slides, writer
from .office import goto

VIEWER = App("viewer", "mupdf", ("mupdf",))
TASKS = Collection(name="cross")
_MINIMIZE = click(1239, 9)
"""The button of a window that fills the screen."""


@TASKS.task(
    "The PDF says how many visitors {town} had in {year}. Enter that number into the sheet and save it.",
    "Take the figure of {town} from the open PDF and put it into {file}, in the column {year}. Save the sheet.",
    "Correct the {year} number of {town} in the sheet: the right one is in the report, a PDF. Save it.",
    "The cell of {town} and {year} in {file} should have the number that the PDF names. Save the sheet.",
    apps=(VIEWER, calc.APP),
)
def pdf_to_sheet(case: Case) -> Job:
    """A number from a PDF."""
    sheet = calc.towns_sheet(case)
    rows = next(iter(sheet.tables.values()))
    (row, other), column = case.some(range(1, 7), 2), case.number(1, 2)
    value, wrong = case.some(range(1000, 9999), 2)
    lines = [f"{rows[at][0]} had {number} visitors." for at, number in ((row, value), (other, wrong))]
    case.random.shuffle(lines)
    report = Pages(f"Reports/{case.pick(TOPICS)}.pdf", (f"Report of {rows[0][column]}", "", *lines))
    return Job(
        {"town": rows[row][0], "year": rows[0][column], "file": sheet.path},
        (sheet, report),
        (("mupdf", f"~/{report.path}"), *calc.opens(sheet)),
        (*goto(f"{'ABC'[column]}{row + 1}"), *write(f"{value}\n"), *key("ctrl+s")),
        (sheet.at(row, column, value),),
        (
            miss("the number of another town", sheet.at(row, column, wrong)),
            miss("the other year", sheet.at(row, 3 - column, value)),
            miss("and deleted a row", sheet.having([*rows[:row], (rows[row][0], value, value), *rows[row + 2 :]])),
        ),
    )


@TASKS.task(
    "Save the attachment of the mail '{subject}' in the folder {folder}, under its own name.",
    "The mail '{subject}' has a file attached. Put that file into {folder}, which the file manager shows.",
    "Store the attached file of the message '{subject}' in {folder}. Keep its name.",
    "Copy {name}, which is attached to the mail '{subject}', into the folder {folder}.",
    apps=(mail.APP, files.APP),
)
def attachment_to_folder(case: Case) -> Job:
    """A file out of a mail."""
    box, folder = mail.inbox(case, 4), case.pick(TOPICS).title()
    name, content = f"{case.pick(ITEMS)}.txt", f"{case.number(100, 999)} pieces\n"
    with_file = Mail(f"Your {case.pick(ITEMS)}", mail.address(case.pick(PEOPLE)), "Here it is.", "", ((name, content),))
    box = box.adding(with_file)
    there = [Text(f"{folder}/{topic}.txt", f"{topic}\n") for topic in case.some(TOPICS, 3)]
    right = Text(f"{folder}/{name}", content)
    return Job(
        {"subject": with_file.subject, "folder": folder, "name": name},
        (*mail.home(box), *there),
        (("pcmanfm", f"~/{folder}"), *mail.OPEN),
        (
            *on(with_file.subject),
            *key("a", 2),
            *key("y"),
            *until("Save"),
            *key("ctrl+a"),
            *write(f"~/{folder}/{name}"),
            *key("alt+s"),
        ),
        (right,),
        (
            miss("in the home", Text(name, content)),
            miss("only the name", Text(right.path, "")),
            miss("and removed the mail", right, box.without(with_file)),
        ),
    )


@TASKS.task(
    "Save a draft to {to} with the subject 'Visitors' whose text is the town with the most visitors in {year}.",
    "The sheet has visitors. Write a mail to {to}, subject 'Visitors', that just names the first of {year}: a draft.",
    "Which town leads column {year}? Put its name into a draft to {to} with the subject 'Visitors'; do not send it.",
    "Keep a message for {to} in the drafts: subject 'Visitors', text only the most visited town of {year}.",
    apps=(calc.APP, mail.APP),
)
def largest_to_draft(case: Case) -> Job:
    """A name from a sheet in a message."""
    sheet, column, box = calc.towns_sheet(case, 8), case.number(1, 2), mail.inbox(case, 3)
    heading, *rows = next(iter(sheet.tables.values()))
    ordered = sorted(rows, key=lambda row: float(str(row[column])))
    best, second = str(ordered[-1][0]), str(ordered[-2][0])
    to = mail.recipient(case.pick(PEOPLE))

    def drafted(text: str, folder: str = "draft") -> MailFolder:
        return MailFolder(f"Mail/{folder}", [Mail("Visitors", "Robin <robin@home.example>", text, to)])

    return Job(
        {"to": to, "year": heading[column]},
        (sheet, *mail.home(box)),
        (*mail.OPEN, *calc.opens(sheet)),
        (*_MINIMIZE, *until("Claws Mail"), *mail.drafts(to, "Visitors", best)),
        (drafted(best),),
        (miss("the second", drafted(second)), miss("queued", drafted(best, "queue")), miss("empty", drafted(""))),
    )


@TASKS.task(
    "The note says who holds the talk now. Replace {old} by that name on all slides and save the presentation.",
    "Use the name in the last line of the note instead of {old} in {file}, everywhere. Save it in its own format.",
    "{old} does not come: put the person that the note names on all slides in place of {old}, then save.",
    "Change {old} throughout the presentation to the name that the open note gives, and save it.",
    apps=(editor.APP, slides.APP),
)
def note_to_slides(case: Case) -> Job:
    """A name from a text."""
    old, new, other = case.some([one.split()[1] for one in PEOPLE], 3)
    texts = [(f"{old} in {case.pick(TOWNS)}", "All is ready."), ("Keys", f"Ask {old} for the keys.")]
    deck = slides.slides_of(case, 1)
    deck = replace(deck, slides=[Slide(title, (line,)) for title, line in texts])
    note = Text(f"Talks/{case.pick(TOPICS)}.txt", f"{other} opens the day.\nThe talk is held by {new}.\n")

    def named(name: str, count: int = 2) -> list[Slide]:
        made = [Slide(one.title.replace(old, name), (one.lines[0].replace(old, name),)) for one in deck.slides]
        return [*made[:count], *deck.slides[count:]]

    return Job(
        {"old": old, "file": deck.path},
        (deck, note),
        (*editor.opens(note.path), *slides.opens(deck)),
        (*slides.replaces(old, new), *key("ctrl+s")),
        (replace(deck, slides=named(new)),),
        (
            miss("only the first slide", replace(deck, slides=named(new, 1))),
            miss("the other name", replace(deck, slides=named(other))),
        ),
    )


@TASKS.task(
    "The page Orders of the notebook lists three orders. Add them as rows below the last one of the sheet. Save it.",
    "Enter the orders of the open page (item, number, price) at the end of the table in {file}, then save the sheet.",
    "Three lines of the page Orders are missing in the sheet. Add them below its table in the same order and save it.",
    "Copy the three orders from Zim into {file}, one row each under the existing ones, and save.",
    apps=(notes.APP, calc.APP),
)
def page_to_rows(case: Case) -> Job:
    """Rows from a list."""
    sheet = calc.prices_sheet(case)
    rows = list(next(iter(sheet.tables.values())))
    new = [(item, case.number(2, 40), case.number(3, 60)) for item in case.some(ITEMS, 3)]
    home, *others = notes.pages_of(case)
    orders = replace(home, path="Notes/Orders.txt", heading="Orders")
    orders = orders.having(*(f"{item}: {number} at {price} each" for item, number, price in new))
    typed = "".join(f"{item}\t{number}\t{price}\n" for item, number, price in new)
    return Job(
        {"file": sheet.path},
        (notes.NOTEBOOK, home, orders, *others, sheet),
        (*notes.opens(orders), *calc.opens(sheet)),
        (*goto(f"A{len(rows) + 1}"), *write(typed), *key("ctrl+s")),
        (sheet.having([*rows, *new]),),
        (
            miss("one is missing", sheet.having([*rows, *new[:2]])),
            miss("at the start", sheet.having([rows[0], *new, *rows[1:]])),
            miss("number and price exchanged", sheet.having([*rows, *((one[0], one[2], one[1]) for one in new)])),
        ),
    )


@TASKS.task(
    "End the letter with the paragraph '{start} N.', where N is the number of customers from {town}. Save it.",
    "How many customers of the database are from {town}? Append '{start} N.' with that number to {file} and save it.",
    "Count the rows of the table customers with the town {town}; end the letter with '{start} N.' and save it.",
    "Add a last paragraph, '{start} N.', to the letter: N is how many customers {town} has. Keep its format.",
    apps=(database.APP, writer.APP),
)
def count_to_letter(case: Case) -> Job:
    """A number of rows in a sentence."""
    shop, letter = database.shop_of(case), writer.letter_of(case, 3)
    town, other = case.some(TOWNS, 2)
    count = case.number(2, 5)
    rows = [(number, who, town if number <= count else other) for number, who in enumerate(case.some(PEOPLE, 9), 1)]
    case.random.shuffle(rows)
    shop = shop.having("customers", rows)
    start = f"Customers from {town}:"

    def ending(text: str) -> tuple[Paragraph, ...]:
        return (*letter.paragraphs, Paragraph(text))

    return Job(
        {"town": town, "file": letter.path, "start": start},
        (shop, letter),
        (*database.opens(shop), *writer.opens(letter)),
        (*key("ctrl+end"), *write(f"\n{start} {count}."), *key("ctrl+s")),
        (replace(letter, paragraphs=ending(f"{start} {count}.")),),
        (
            miss("all customers", replace(letter, paragraphs=ending(f"{start} 9."))),
            miss("with N", replace(letter, paragraphs=ending(f"{start} N."))),
        ),
    )
