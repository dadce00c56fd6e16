"""Tasks across programs: what one of them shows belongs into the file of another."""

from dataclasses import replace

from ..documents import Text
from ..documents.letters import Paragraph
from ..documents.mails import Mail, MailFolder
from ..documents.sheets import Sheet
from ..oracle import key, write
from ..template import Case, Collection, Job, miss
from ..words import PEOPLE, SENTENCES, TOPICS, TOWNS
from . import calc, database, editor, mail, notes, terminal, writer
from .office import goto

TASKS = Collection(name="cross")


def _note(case: Case, count: int = 3) -> Text:
    return Text(f"Notes to self/{case.pick(TOPICS)}.txt", editor.text_of(case.some(SENTENCES, count)))


def _with_line(note: Text, line: str) -> Text:
    return replace(note, content=f"{note.content}{line}\n")


@TASKS.task(
    "The open note says how many visitors {town} had in {year}. Enter that number into the sheet and save it.",
    "Take the figure of {town} from the text in the editor and put it into {file}, in the column {year}. Save it.",
    "{file} has an old number for {town} in {year}; the right one is in the open note. Correct and save it.",
    "Update the cell for {town} and {year} in the sheet with the number in the note, then save.",
    apps=(editor.APP, calc.APP),
)
def note_to_sheet(case: Case) -> Job:
    """A number from a text."""
    sheet = calc.towns_sheet(case)
    rows = next(iter(sheet.tables.values()))
    (row, other), column, value = case.some(range(1, 7), 2), case.number(1, 2), case.number(1000, 9999)
    note = _note(case)
    lines = [f"{rows[at][0]} had {number} visitors in {rows[0][column]}." for at, number in ((row, value), (other, 77))]
    case.random.shuffle(lines)
    note = replace(note, content=note.content + editor.text_of(lines))
    return Job(
        {"town": rows[row][0], "year": rows[0][column], "file": sheet.path},
        (sheet, note),
        (*editor.opens(note.path), *calc.opens(sheet)),
        (*goto(f"{'ABC'[column]}{row + 1}"), *write(f"{value}\n"), *key("ctrl+s")),
        (sheet.at(row, column, value),),
        (
            miss("the number of another town", sheet.at(row, column, 77)),
            miss("the other year", sheet.at(row, 3 - column, value)),
            miss("for another town", sheet.at(other, column, value)),
        ),
    )


@TASKS.task(
    "Add a line to the open note with the name of the town that had the most visitors in {year}, and save the note.",
    "Find the town with the largest number of {year} in the sheet and write its name at the end of {file}; save it.",
    "The note needs a last line: just the name of the town that leads the column {year} of the sheet. Save it.",
    "Append the name of the most visited town of {year} (see the sheet) to {file} and save.",
    apps=(calc.APP, editor.APP),
)
def largest_to_note(case: Case) -> Job:
    """A name from a table."""
    sheet, column, note = calc.towns_sheet(case, 9), case.number(1, 2), _note(case)
    heading, *rows = next(iter(sheet.tables.values()))
    ordered = sorted(rows, key=lambda row: float(str(row[column])))
    best, second = str(ordered[-1][0]), str(ordered[-2][0])
    return Job(
        {"year": heading[column], "file": note.path},
        (sheet, note),
        (*calc.opens(sheet), *editor.opens(note.path)),
        (*key("ctrl+end"), *write(best), *key("ctrl+s")),
        (_with_line(note, best),),
        (
            miss("the second", _with_line(note, second)),
            miss("in a new file", Text(f"{note.path[:-4]}-2.txt", f"{best}\n")),
            miss("at the start", replace(note, content=f"{best}\n{note.content}")),
        ),
    )


@TASKS.task(
    "Add up the amounts in {data} in the terminal, and enter the sum into cell E1 of the open sheet. Save it.",
    "Cell E1 of {file} should be the total of the column amount of {data}. Save the sheet.",
    "Put the sum of all amounts of {data} into E1 of the sheet as a number, then save.",
    "Compute the total of the third column of {data} and write it into E1 of {file}; save.",
    apps=(terminal.APP, calc.APP),
)
def total_to_sheet(case: Case) -> Job:
    """A number from a file of data."""
    sheet = calc.towns_sheet(case)
    rows = [(case.pick(PEOPLE), case.pick(TOWNS), case.number(10, 999)) for _ in range(20)]
    data = Text(f"Data/{case.pick(TOPICS)}.csv", terminal.csv_of(rows))
    total = sum(amount for _, _, amount in rows)

    def with_sum(value: int, row: int = 0, column: int = 4) -> Sheet:
        return sheet.at(row, column, value)

    return Job(
        {"data": data.path, "file": sheet.path},
        (sheet, data),
        (*terminal.OPEN, *calc.opens(sheet)),
        (*goto("E1"), *write(f"{total}\n"), *key("ctrl+s")),
        (with_sum(total),),
        (
            miss("without the last row", with_sum(total - rows[-1][2])),
            miss("in F1", with_sum(total, column=5)),
            miss("in E2", with_sum(total, row=1)),
        ),
    )


@TASKS.task(
    "Write the text of the mail '{subject}' at the end of the note that is open in the editor, and save it.",
    "Copy the sentence from the message '{subject}' to the end of {file} and save the file.",
    "The note should end with what the mail '{subject}' says. Add it as a line and save.",
    "Append the one line of the mail with the subject '{subject}' to {file}, then save.",
    apps=(mail.APP, editor.APP),
)
def mail_to_note(case: Case) -> Job:
    """The text of a mail."""
    box, note = mail.inbox(case), _note(case, 2)
    one, other = case.some(box.mails, 2)
    return Job(
        {"subject": one.subject, "file": note.path},
        (*mail.home(box), note),
        (*mail.OPEN, *editor.opens(note.path)),
        (*key("ctrl+end"), *write(one.text), *key("ctrl+s")),
        (_with_line(note, one.text),),
        (
            miss("of another mail", _with_line(note, other.text)),
            miss("the subject", _with_line(note, one.subject)),
            miss("and deleted the mail", _with_line(note, one.text), box.without(one)),
        ),
    )


@TASKS.task(
    "Insert the person that the mail 'New customer' names into the table customers; write the changes.",
    "Enter the new customer of the mail 'New customer' into the open database and commit it.",
    "Add the person in the message 'New customer' to the table customers of {file}, and write the changes.",
    "Read the mail 'New customer' and put its data (id, name, town) into the table customers. Save the database.",
    apps=(mail.APP, database.APP),
)
def mail_to_database(case: Case) -> Job:
    """A row from a mail."""
    shop, box = database.shop_of(case), mail.inbox(case, 4)
    rows = list(shop.rows["customers"])
    who = next(one for one in case.some(PEOPLE, 7) if one not in {row[1] for row in rows})
    number, (town, other) = case.number(50, 99), case.some(TOWNS, 2)
    box = box.adding(Mail("New customer", mail.address(case.pick(PEOPLE)), f"Id {number}: {who}, {town}."))
    return Job(
        {"file": shop.path},
        (*mail.home(box), shop),
        (*mail.OPEN, *database.opens(shop)),
        database.run(f"INSERT INTO customers VALUES ({number}, '{who}', '{town}');"),
        (shop.having("customers", [*rows, (number, who, town)]),),
        (
            miss("another town", shop.having("customers", [*rows, (number, who, other)])),
            miss("the next id", shop.having("customers", [*rows, (7, who, town)])),
            miss("the sender", shop.having("customers", [*rows, (number, box.mails[-1].sender, town)])),
        ),
    )


@TASKS.task(
    "Add a line to the note in the editor with the price of {item} in the database, just the number, and save it.",
    "Look up what {item} cost in the table items and write the number at the end of {file}. Save it.",
    "The note should end with the price of {item} from the open database, as a line of its own. Save.",
    "Append the price of the item {item} to {file} and save the file.",
    apps=(database.APP, editor.APP),
)
def price_to_note(case: Case) -> Job:
    """A value of a database."""
    shop, note = database.shop_of(case), _note(case)
    (_, name, price), (_, _, other) = case.some(shop.rows["items"], 2)
    return Job(
        {"item": name, "file": note.path},
        (shop, note),
        (*database.opens(shop), *editor.opens(note.path)),
        (*key("ctrl+end"), *write(str(price)), *key("ctrl+s")),
        (_with_line(note, str(price)),),
        (
            miss("another price", _with_line(note, str(other))),
            miss("in the last line", replace(note, content=f"{note.content.rstrip()} {price}\n")),
        ),
    )


@TASKS.task(
    "End the open letter with the paragraph '{start} N.', where N is the total of {year} in the sheet; save it.",
    "The letter {file} should end with the paragraph '{start} N.', with the sum of the column {year} for N. Save it.",
    "Sum up {year} in the sheet and append '{start} N.' (N is the sum) as a paragraph to the letter. Save it.",
    "End {file} with a new paragraph: {start} N. Here N stands for the total of {year} of the sheet. Save it.",
    apps=(calc.APP, writer.APP),
)
def total_to_letter(case: Case) -> Job:
    """A sum in a sentence."""
    sheet, column, letter = calc.towns_sheet(case, 4), case.number(1, 2), writer.letter_of(case, 4)
    heading, *rows = next(iter(sheet.tables.values()))
    totals = [int(sum(float(str(row[at])) for row in rows)) for at in (column, 3 - column)]
    start = "The total number of visitors was"
    right, wrong = ([*letter.paragraphs, Paragraph(f"{start} {total}.")] for total in totals)
    return Job(
        {"year": heading[column], "file": letter.path, "start": start},
        (sheet, letter),
        (*calc.opens(sheet), *writer.opens(letter)),
        (*key("ctrl+end"), *write(f"\n{start} {totals[0]}."), *key("ctrl+s")),
        (replace(letter, paragraphs=right),),
        (
            miss("of the other year", replace(letter, paragraphs=wrong)),
            miss("with N", replace(letter, paragraphs=[*letter.paragraphs, Paragraph(f"{start} N.")])),
        ),
    )


@TASKS.task(
    "Count the .log files in {folder} and add the number as a last line to the open page. Save it.",
    "How many .log files does {folder} have? Write the number at the end of the page {page} in Zim and save it.",
    "The page {page} should end with a line that is the number of log files (*.log) in {folder}. Save the page.",
    "Append the number of *.log files of {folder} to the open page, as a line of its own, and save.",
    apps=(terminal.APP, notes.APP),
)
def count_to_notes(case: Case) -> Job:
    """A number of files."""
    pages, folder, count = notes.pages_of(case), case.pick(TOPICS).title(), case.number(5, 15)
    page = pages[1]
    logs = [Text(f"Logs/{folder}/{number:03}.log", f"{number}\n") for number in range(count)]
    others = [Text(f"Logs/{folder}/{name}.txt", "\n") for name in ("readme", "list")]
    right, wrong = (page.having(*page.lines, str(one)) for one in (count, count + 2))
    return Job(
        {"folder": f"Logs/{folder}", "page": page.heading},
        (notes.NOTEBOOK, *pages, *logs, *others),
        (*terminal.OPEN, *notes.opens(page)),
        (*key("ctrl+end"), *write(str(count)), *key("ctrl+s")),
        (right,),
        (
            miss("all files", wrong),
            miss("on another page", pages[2].having(*pages[2].lines, str(count))),
        ),
    )


@TASKS.task(
    "Move the mail '{subject}' to the folder work, and add its subject as a last line to the open note. Save it.",
    "File the message '{subject}' under work; then write its subject at the end of {file} and save the file.",
    "Two things: the mail '{subject}' goes to the folder work, and {file} gets one more line, '{subject}'. Save it.",
    "Put the mail '{subject}' into work and note its subject in the last line of {file}; save.",
    apps=(mail.APP, editor.APP),
)
def file_and_note(case: Case) -> Job:
    """A mail and a text."""
    box, note = mail.inbox(case), _note(case, 2)
    one, other = case.some(box.mails, 2)
    moved = (box.without(one), MailFolder("Mail/work", [one]))
    noted = _with_line(note, one.subject)
    return Job(
        {"subject": one.subject, "file": note.path},
        (*mail.home(box), note),
        (*editor.opens(note.path), *mail.OPEN),
        (*mail.moves(one, "work"), *key("alt+tab"), *key("ctrl+end"), *write(one.subject), *key("ctrl+s")),
        (*moved, noted),
        (
            miss("only the mail", *moved),
            miss("only the note", noted),
            miss("another mail", box.without(other), MailFolder("Mail/work", [other]), noted),
        ),
    )


@TASKS.task(
    "Enter the price that the mail 'Price of {item}' names into the database, for that item, and write the changes.",
    "The mail 'Price of {item}' has a new price. Update the table items and write the changes.",
    "Update {item} in the open database with the price in the mail 'Price of {item}'; commit it.",
    "Set the price of {item} in {file} to the number in the message about it, and write the changes.",
    apps=(mail.APP, database.APP),
)
def missing_price(case: Case) -> Job:
    """A mail that does not exist."""
    shop, box = database.shop_of(case), mail.inbox(case, 4)
    item = case.pick(shop.rows["items"])[1]
    return Job(
        {"item": item, "file": shop.path},
        (*mail.home(box), shop),
        (*mail.OPEN, *database.opens(shop)),
        infeasible="there is no such mail",
    )
