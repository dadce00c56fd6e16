"""Tasks in sqlite-web, a web interface of an SQLite database."""

from ...documents.databases import Database, DatabaseRow
from ...oracle import Step, key, write
from ...template import Case, Job, miss
from ...words import ITEMS, PEOPLE, TOPICS, TOWNS
from ..collection import WebCollection
from ..finding import press
from ..program import WebProgram

PROGRAM = WebProgram(
    "tables",
    ("BIN/sqlite_web", "--host", "127.0.0.1", "--port", "PORT", "--no-browser", "HOME/Data/club.db"),
    pip=("sqlite-web",),
)
TASKS = WebCollection(PROGRAM)
_COLUMNS = {
    "member": ("id integer primary key", "name text", "town text", "fee integer"),
    "loan": ("id integer primary key", "item text", "member_id integer", "days integer"),
}
_MEMBERS, _LOANS = (("/member/content/",),), (("/loan/content/",),)


def club_of(case: Case) -> Database:
    """A club with members who borrow things."""
    people = zip(case.some(PEOPLE, 7), case.some(TOWNS, 7), strict=True)
    members = [(number, who, town, case.number(2, 19) * 5) for number, (who, town) in enumerate(people, 1)]
    loans = [
        (number, item, case.number(1, 7), case.number(2, 60)) for number, item in enumerate(case.some(ITEMS, 6), 1)
    ]
    return Database("Data/club.db", _COLUMNS, {"member": members, "loan": loans})


def changed(club: Database, table: str, row: DatabaseRow) -> Database:
    """The club with `row` instead of that with the same id."""
    return club.having(table, [row if one[0] == row[0] else one for one in club.rows[table]])


def _fill(column: str, text: str) -> tuple[Step, ...]:
    """A value of a new row."""
    return (*press(f"#id_{column}"), *key("ctrl+a"), *write(text))


def _change(column: str, text: str) -> tuple[Step, ...]:
    """A value of a row that is there, whose columns are locked at first."""
    return (*press(f"[name=chk_{column}]"), *_fill(column, text))


def _link(table: str, row: DatabaseRow, what: str) -> tuple[Step, ...]:
    """The link in a row of the table, which is in the order of its ids."""
    return press(f"[href*='/{table}/{what}/']", int(row[0]) - 1)


def _query(text: str) -> tuple[Step, ...]:
    return (*press("#table-sql"), *key("ctrl+a"), *write(text), *press("Execute"))


@TASKS.task(
    "In the table member, change the town of {who} to {town}.",
    "{who} has moved to {town}. Update the row in the table member.",
    "The member {who} lives in {town} now: correct the table.",
    "Set the column town of {who} to {town} in the table member.",
)
def update_member(case: Case) -> Job:
    """A value in a row."""
    club = club_of(case)
    first, other = case.some(club.rows["member"], 2)
    town = case.pick([one for one in TOWNS if one not in {row[2] for row in club.rows["member"]}])
    return Job(
        {"who": first[1], "town": town},
        (club,),
        _MEMBERS,
        (*_link("member", first, "update"), *_change("town", town), *press("Update")),
        (changed(club, "member", (*first[:2], town, first[3])),),
        (
            miss("another member", changed(club, "member", (*other[:2], town, other[3]))),
            miss("as the name", changed(club, "member", (first[0], town, *first[2:]))),
        ),
    )


@TASKS.task(
    "Add a row to the table member: name {who}, town {town}, fee {fee}.",
    "{who} from {town} has joined the club and pays {fee}. Insert the row into the table member.",
    "Insert a member with the name {who}, the town {town} and the fee {fee}.",
    "There is a new member, {who} of {town}, with a fee of {fee}: add them to the table.",
)
def insert_member(case: Case) -> Job:
    """A new row."""
    club = club_of(case)
    members = club.rows["member"]
    who = case.pick([one for one in PEOPLE if one not in {row[1] for row in members}])
    town, fee = case.pick(TOWNS), case.number(2, 19) * 5
    new = (8, who, town, fee)
    return Job(
        {"who": who, "town": town, "fee": fee},
        (club,),
        (("/member/insert/",),),
        (*_fill("name", who), *_fill("town", town), *_fill("fee", str(fee)), *press("[type=submit]", -1)),
        (club.having("member", [*members, new]),),
        (
            miss("without the town", club.having("member", [*members, (8, who, "", fee)])),
            miss("twice", club.having("member", [*members, new, (9, *new[1:])])),
            miss("instead of another", changed(club, "member", (7, *new[1:]))),
        ),
    )


@TASKS.task(
    "Delete the row of {item} from the table loan.",
    "The {item} have been brought back. Delete that row of the table loan.",
    "Remove the loan of the {item} from the table.",
    "There is no loan of {item} any more: delete its row, and no other.",
)
def delete_loan(case: Case) -> Job:
    """A row; the page asks."""
    club = club_of(case)
    loans = club.rows["loan"]
    first, other = case.some(loans, 2)
    return Job(
        {"item": first[1]},
        (club,),
        _LOANS,
        (*_link("loan", first, "delete"), *press("[type=submit]", -1)),
        (club.having("loan", [row for row in loans if row != first]),),
        (
            miss("another loan", club.having("loan", [row for row in loans if row != other])),
            miss("two loans", club.having("loan", [row for row in loans if row not in (first, other)])),
        ),
    )


@TASKS.task(
    "Run a query that sets the fee of all members from {town} to {fee}.",
    "With one SQL statement, change the fee to {fee} for every member who lives in {town}.",
    "Members in {town} pay {fee} now. Update the table member by a query.",
    "Set the column fee to {fee} in all rows of member whose town is {town}.",
)
def update_by_query(case: Case) -> Job:
    """Several rows by a statement."""
    club = club_of(case)
    members = [list(row) for row in club.rows["member"]]
    town, fee = str(members[0][2]), case.number(20, 90)
    for place in case.some(range(1, 7), 2):
        members[place][2] = town
    rows: list[DatabaseRow] = [tuple(row) for row in members]
    club = club.having("member", rows)
    right = [(*row[:3], fee) if row[2] == town else row for row in rows]
    query = f"update member set fee = {fee} where town = '{town}'"  # noqa: S608 -- typed into a page
    return Job(
        {"town": town, "fee": fee},
        (club,),
        (("/member/query/",),),
        _query(query),
        (club.having("member", right),),
        (
            miss("only the first", changed(club, "member", right[0])),
            miss("all members", club.having("member", [(*row[:3], fee) for row in rows])),
        ),
    )


@TASKS.task(
    "Add a column called {column} of the type TEXT to the table loan.",
    "The table loan needs another column, {column}, for text.",
    "Give the table loan a text column with the name {column}.",
    "Extend the table loan by the column {column} (TEXT); leave it empty.",
)
def add_column(case: Case) -> Job:
    """A column without values."""
    club = club_of(case)
    column, other = case.some(TOPICS, 2)

    def with_column(table: str, name: str, kind: str = "text") -> Database:
        columns = {**_COLUMNS, table: (*_COLUMNS[table], f"{name} {kind}")}
        rows = {**club.rows, table: [(*row, None) for row in club.rows[table]]}
        return Database(club.path, columns, rows)  # type: ignore[arg-type]  # NULL in the new column

    return Job(
        {"column": column},
        (club,),
        (("/loan/add-column/",),),
        (
            *press("#id_name"),
            *write(column),
            *press("#id_type"),
            *write("TEXT"),
            *key("enter"),
            *press("Add column", -1),
        ),
        (with_column("loan", column),),
        (
            miss("of the other table", with_column("member", column)),
            miss("with another name", with_column("loan", other)),
            miss("for numbers", with_column("loan", column, "integer")),
        ),
    )


@TASKS.task(
    "What is the sum of the fees of all members? Answer with the number.",
    "Add up the column fee of the table member and tell me the total.",
    "How much do all members pay together? Answer with the sum.",
    "Find the total of the fees in the table member; do not change anything.",
)
def sum_of_fees(case: Case) -> Job:
    """A question that a query answers."""
    club = club_of(case)
    fees = [int(row[3]) for row in club.rows["member"]]
    return Job(
        {},
        (club,),
        (("/member/query/",),),
        _query("select sum(fee) from member"),
        answer=str(sum(fees)),
        near=(miss("without the last", answer=str(sum(fees[:-1]))), miss("the number of members", answer="7")),
    )


@TASKS.task(
    "Who has borrowed the {item}? Answer with the name of the member.",
    "Find out from the tables which member has the {item}.",
    "Look up the loan of the {item}: what is the name of the member?",
    "Which member borrowed the {item}? Give the name, and change nothing.",
)
def borrower_of(case: Case) -> Job:
    """A question across two tables."""
    club = club_of(case)
    loan = case.pick(club.rows["loan"])
    member = club.rows["member"][int(loan[2]) - 1]
    other = next(row for row in club.rows["member"] if row != member)
    return Job(
        {"item": loan[1]},
        (club,),
        _LOANS,
        press("[href='/member/']"),
        answer=str(member[1]),
        near=(miss("another", answer=str(other[1])), miss("only the number", answer=str(member[0]))),
    )
