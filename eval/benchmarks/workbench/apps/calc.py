"""Tasks in LibreOffice Calc."""

from ..documents.sheets import Cell, Sheet
from ..oracle import key, write
from ..template import App, Case, Collection, Job, miss
from ..words import ITEMS, TOPICS, TOWNS
from .office import PACKAGES, PREPARED, SETTINGS, START, command, goto

APP = App("calc", "localc", PACKAGES, SETTINGS, PREPARED)
TASKS = Collection(APP)


def opens(sheet: Sheet) -> tuple[tuple[str, ...], ...]:
    """The command that opens a sheet."""
    return ((*START, "--calc", f"~/{sheet.path}"),)


def towns_sheet(case: Case, rows: int = 6) -> Sheet:
    """Towns with visitors of two years."""
    figures = case.some(range(100, 1000), 2 * rows)
    lines = list(zip(case.some(TOWNS, rows), figures[::2], figures[1::2], strict=True))
    year = case.number(2015, 2024)
    return Sheet(f"Documents/{case.pick(TOPICS)}.ods", {"Visitors": [("Town", str(year), str(year + 1)), *lines]})


def prices_sheet(case: Case, rows: int = 5) -> Sheet:
    """Things with numbers and prices."""
    lines = [(item, case.number(2, 40), case.number(3, 60)) for item in case.some(ITEMS, rows)]
    return Sheet(f"Documents/{case.pick(TOPICS)}.ods", {"Orders": [("Item", "Number", "Price"), *lines]})


def _number(value: object) -> float:
    assert isinstance(value, int | float)
    return value


@TASKS.task(
    "In the open sheet, the number of visitors of {town} in {year} is wrong. Make it {value} and save the file.",
    "Correct the table: {town} had {value} visitors in {year}. Save {file} afterwards.",
    "Change the {year} figure of {town} to {value}, then save.",
    "Set the cell for {town} and {year} in {file} to {value} and save.",
)
def set_value(case: Case) -> Job:
    """One cell of a table."""
    sheet = towns_sheet(case)
    row, column, value = case.number(1, 6), case.number(1, 2), case.number(1000, 9999)
    rows = next(iter(sheet.tables.values()))
    cell = f"{'ABC'[column]}{row + 1}"
    return Job(
        {"file": sheet.path, "town": rows[row][0], "year": rows[0][column], "value": value},
        (sheet,),
        opens(sheet),
        (*goto(cell), *write(f"{value}\n"), *key("ctrl+s")),
        (sheet.at(row, column, value),),
        (
            miss("the other year", sheet.at(row, 3 - column, value)),
            miss("another town", sheet.at(row % 6 + 1, column, value)),
            miss("as text", sheet.at(row, column, str(value))),
        ),
    )


@TASKS.task(
    "Add a row at the end of the table: All, and the sums of both years as formulas. Save the file.",
    "Below the last town of {file}, write All in the first column and a formula for the total of each year; save.",
    "The table needs a last row named All with a SUM formula for each year. Save it.",
    "Put a row All under the table with formulas that add up the visitors of each year, and save the sheet.",
)
def total_row(case: Case) -> Job:
    """Two sums by formulas."""
    sheet = towns_sheet(case)
    rows = next(iter(sheet.tables.values()))
    sums = [sum(_number(row[column]) for row in rows[1:]) for column in (1, 2)]
    named = sheet.at(7, 0, "All")
    right = named.at(7, 1, Cell(sums[0], True)).at(7, 2, Cell(sums[1], True))
    return Job(
        {"file": sheet.path},
        (sheet,),
        opens(sheet),
        (*goto("A8"), *write("All\t=SUM(B2:B7)\t=SUM(C2:C7)\n"), *key("ctrl+s")),
        (right,),
        (
            miss("numbers instead of formulas", named.at(7, 1, sums[0]).at(7, 2, sums[1])),
            miss("only the first year", named.at(7, 1, Cell(sums[0], True))),
            miss("a row lower", sheet.at(8, 0, "All").at(8, 1, Cell(sums[0], True)).at(8, 2, Cell(sums[1], True))),
        ),
    )


@TASKS.task(
    "Fill column D with the amount of each order, number times price, by formulas under the heading Amount. Save it.",
    "Add a column Amount to {file} that multiplies number and price of each item by a formula, and save.",
    "In D1 write Amount, and below it for each row a formula with number times price. Then save the file.",
    "The open table needs a fourth column Amount: Number * Price as a formula in every row. Save when it is done.",
)
def amount_column(case: Case) -> Job:
    """A column of formulas."""
    sheet = prices_sheet(case)
    rows = next(iter(sheet.tables.values()))
    named = right = typed = sheet.at(0, 3, "Amount")
    for number, row in enumerate(rows[1:], 1):
        amount = _number(row[1]) * _number(row[2])
        right, typed = right.at(number, 3, Cell(amount, True)), typed.at(number, 3, amount)
    first = named.at(1, 3, Cell(_number(rows[1][1]) * _number(rows[1][2]), True))
    return Job(
        {"file": sheet.path},
        (sheet,),
        opens(sheet),
        (*goto("D1"), *write("Amount\n"), *goto("D2:D6"), *write("=B2*C2"), *key("alt+enter"), *key("ctrl+s")),
        (right,),
        (miss("typed numbers", typed), miss("only the first row", first), miss("only the heading", named)),
    )


@TASKS.task(
    "Make the heading row of the open table bold and save the file.",
    "The first row of {file} should be in bold type. Save afterwards.",
    "Format the three headings in row 1 as bold, then save.",
    "Set the cells A1 to C1 in bold and save the sheet.",
)
def bold_headings(case: Case) -> Job:
    """Bold text."""
    sheet = prices_sheet(case)
    first, *rest = next(iter(sheet.tables.values()))
    right = sheet.having([[Cell(str(one), bold=True) for one in first], *rest])
    return Job(
        {"file": sheet.path},
        (sheet,),
        opens(sheet),
        (*goto("A1:C1"), *key("ctrl+b"), *key("ctrl+s")),
        (right,),
        (
            miss("only one", sheet.at(0, 0, Cell(str(first[0]), bold=True))),
            miss("the first column too", right.at(1, 0, Cell(str(rest[0][0]), bold=True))),
        ),
    )


@TASKS.task(
    "Delete the row of {town} from the table, without leaving an empty row, and save the file.",
    "{town} should not be in {file} any more: delete its row and save.",
    "Remove the whole line of {town} from the open sheet, then save it.",
    "Take {town} out of the table; the rows below move up. Save.",
)
def delete_row(case: Case) -> Job:
    """A row among others."""
    sheet = towns_sheet(case)
    rows, row = list(next(iter(sheet.tables.values()))), case.number(2, 5)
    kept = [*rows[:row], *rows[row + 1 :]]
    return Job(
        {"file": sheet.path, "town": rows[row][0]},
        (sheet,),
        opens(sheet),
        (*goto(f"A{row + 1}"), *command("Delete Rows"), *key("ctrl+s")),
        (sheet.having(kept),),
        (
            miss("an empty row", sheet.having([*rows[:row], (), *rows[row + 1 :]])),
            miss("the row above", sheet.having([*rows[: row - 1], *rows[row:]])),
        ),
    )


@TASKS.task(
    "Sort the table by the town from A to Z, with the headings on top and each town with its own numbers. Save it.",
    "Put the rows of {file} into alphabetical order of the towns and save the file.",
    "The towns are in no order. Sort the rows of the table alphabetically by town, then save.",
    "Order the open table by its first column, ascending, without touching the headings. Save.",
)
def sort_rows(case: Case) -> Job:
    """Rows in another order."""
    sheet = towns_sheet(case)
    heading, *rows = next(iter(sheet.tables.values()))
    ordered = sorted(rows, key=lambda row: str(row[0]))
    if ordered == rows:
        rows.reverse()
        sheet = sheet.having([heading, *rows])
    names_only = [[good[0], *row[1:]] for good, row in zip(ordered, rows, strict=True)]
    return Job(
        {"file": sheet.path},
        (sheet,),
        opens(sheet),
        (*goto("A2:C7"), *command("Sort Ascending"), *key("ctrl+s")),
        (sheet.having([heading, *ordered]),),
        (
            miss("only the names", sheet.having([heading, *names_only])),
            miss("from Z to A", sheet.having([heading, *ordered[::-1]])),
            miss("with the headings", sheet.having(sorted([heading, *rows], key=lambda row: str(row[0])))),
        ),
    )


@TASKS.task(
    "Put the average of the prices into cell F1 by a formula, and save the file.",
    "In F1 of {file}, compute the mean of the Price column with a formula. Save it.",
    "I need the average price of the items in F1, as a formula. Save afterwards.",
    "Write a formula to F1 that gives the average of all prices, then save the sheet.",
)
def average(case: Case) -> Job:
    """A formula in a given cell."""
    sheet = prices_sheet(case)
    rows = next(iter(sheet.tables.values()))
    prices, numbers = ([_number(row[column]) for row in rows[1:]] for column in (2, 1))
    mean = sum(prices) / 5
    return Job(
        {"file": sheet.path},
        (sheet,),
        opens(sheet),
        (*goto("F1"), *write("=AVERAGE(C2:C6)\n"), *key("ctrl+s")),
        (sheet.at(0, 5, Cell(mean, True)),),
        (
            miss("a number", sheet.at(0, 5, mean)),
            miss("of the numbers", sheet.at(0, 5, Cell(sum(numbers) / 5 + 0.5, True))),
            miss("in E1", sheet.at(0, 4, Cell(mean, True))),
        ),
    )


@TASKS.task(
    "Which town in the open table had the most visitors in {year}? Answer with its name.",
    "Look at {file} and tell me the town with the highest number in the column {year}.",
    "Name the town that was visited most in {year}, by the table.",
    "In {year}, which of the towns in the sheet has the largest figure?",
)
def largest(case: Case) -> Job:
    """A question about a table."""
    sheet, column = towns_sheet(case, 12), case.number(1, 2)
    rows = next(iter(sheet.tables.values()))
    best, second = sorted(rows[1:], key=lambda row: -_number(row[column]))[:2]
    other = max(rows[1:], key=lambda row: (_number(row[3 - column]), row is not best))
    wrong = str(other[0]) if other is not best else "Atlantis"
    return Job(
        {"file": sheet.path, "year": rows[0][column]},
        (sheet,),
        opens(sheet),
        answer=str(best[0]),
        near=(miss("the second", answer=str(second[0])), miss("of the other year", answer=wrong)),
    )


@TASKS.task(
    "Empty the column {year} of all numbers but keep its heading, and save the file.",
    "Delete the figures of {year} in {file}; the heading stays. Save it.",
    "Clear the cells below {year} in the open table, then save.",
    "The numbers of {year} are not valid. Remove them all from the sheet, leave the heading, and save.",
)
def clear_column(case: Case) -> Job:
    """Cells without content."""
    sheet, column = towns_sheet(case), case.number(1, 2)
    heading, *rows = next(iter(sheet.tables.values()))
    cleared = [[*row[:column], "", *row[column + 1 :]] for row in rows]
    without = [[*heading[:column], "", *heading[column + 1 :]], *cleared]
    letter = "ABC"[column]
    return Job(
        {"file": sheet.path, "year": heading[column]},
        (sheet,),
        opens(sheet),
        (*goto(f"{letter}2:{letter}7"), *key("delete"), *key("ctrl+s")),
        (sheet.having([heading, *cleared]),),
        (
            miss("with the heading", sheet.having(without)),
            miss("not the last", sheet.having([heading, *cleared[:-1], rows[-1]])),
            miss("zeros", sheet.having([heading, *([*row[:column], 0, *row[column + 1 :]] for row in rows)])),
        ),
    )


@TASKS.task(
    "In the open sheet, set the visitors of {town} in {year} to {value} and save the file.",
    "Correct {file}: {town} had {value} visitors in {year}. Save it.",
    "Change the figure of {town} for {year} to {value}, then save.",
    "The value for {town} in {year} should be {value}. Update the table and save.",
)
def missing_town(case: Case) -> Job:
    """A town that is not in the table."""
    sheet = towns_sheet(case, 7)
    heading, absent, *rows = next(iter(sheet.tables.values()))
    sheet = sheet.having([heading, *rows])
    return Job(
        {"file": sheet.path, "town": absent[0], "year": heading[1], "value": case.number(1000, 9999)},
        (sheet,),
        opens(sheet),
        infeasible=f"{absent[0]} is not in the table",
    )
