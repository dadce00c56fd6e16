"""Tasks in a database program, DB Browser for SQLite."""

from ..documents.databases import Database, DatabaseRow
from ..oracle import Step, key, on, write
from ..template import App, Case, Collection, Job, miss
from ..words import ITEMS, PEOPLE, TOPICS, TOWNS

_SETTINGS = "[checkversion]\nenabled=false\n"
APP = App("database", "sqlitebrowser", ("sqlitebrowser",), {".config/sqlitebrowser/sqlitebrowser.conf": _SETTINGS})
TASKS = Collection(APP)
_COLUMNS = {
    "items": ("id INTEGER PRIMARY KEY", "name TEXT", "price INTEGER"),
    "customers": ("id INTEGER PRIMARY KEY", "name TEXT", "town TEXT"),
}


def shop_of(case: Case) -> Database:
    """Things and customers."""
    prices = case.some(range(2, 90), 8)
    items: list[DatabaseRow] = [
        (number, name, prices[number - 1]) for number, name in enumerate(case.some(ITEMS, 8), 1)
    ]
    people: list[DatabaseRow] = [(number, who, case.pick(TOWNS)) for number, who in enumerate(case.some(PEOPLE, 6), 1)]
    return Database(f"Data/{case.pick(TOPICS)}.db", _COLUMNS, {"items": items, "customers": people})


def opens(database: Database) -> tuple[tuple[str, ...], ...]:
    """The command that opens a database."""
    return (("sqlitebrowser", f"~/{database.path}"),)


def run(statement: str) -> tuple[Step, ...]:
    """Run a statement and write the changes to the file."""
    return (*on("Execute SQL"), *on("SQL 1", dy=40), *write(statement), *key("f5"), *key("ctrl+s"))


@TASKS.task(
    "In the open database, set the price of {item} to {price} and write the changes to the file.",
    "Change the price of {item} in the table items of {file} to {price}. Save it with Write Changes.",
    "{item} cost {price} now: update the table items and write the changes.",
    "Update the item {item} so that its price is {price}, and commit it to the database file.",
)
def update_price(case: Case) -> Job:
    """One value of a table."""
    shop, row, price = shop_of(case), case.number(0, 7), case.number(100, 999)
    rows = list(shop.rows["items"])
    name = str(rows[row][1])

    def priced(place: int, value: str | int = price) -> Database:
        return shop.having("items", [(*one[:2], value) if at == place else one for at, one in enumerate(rows)])

    return Job(
        {"file": shop.path, "item": name, "price": price},
        (shop,),
        opens(shop),
        run(f"UPDATE items SET price={price} WHERE name='{name}';"),
        (priced(row),),
        (
            miss("another item", priced((row + 1) % 8)),
            miss("all items", shop.having("items", [(*one[:2], price) for one in rows])),
            miss("as a new row", shop.having("items", [*rows, (9, name, price)])),
        ),
    )


@TASKS.task(
    "Delete the customer {who} from the database and write the changes.",
    "Remove {who} from the table customers of {file}, and save the database.",
    "{who} is no longer a customer. Delete that row and write the changes to the file.",
    "The table customers should be without {who}. Commit the change.",
)
def delete_customer(case: Case) -> Job:
    """A row of a table."""
    shop = shop_of(case)
    rows = list(shop.rows["customers"])
    row = case.number(0, 5)
    kept = [*rows[:row], *rows[row + 1 :]]
    renumbered = [(number, *one[1:]) for number, one in enumerate(kept, 1)]
    return Job(
        {"file": shop.path, "who": rows[row][1]},
        (shop,),
        opens(shop),
        run(f"DELETE FROM customers WHERE name='{rows[row][1]}';"),
        (shop.having("customers", kept),),
        (
            miss("another customer", shop.having("customers", [one for one in rows if one is not rows[row - 1]])),
            miss("emptied", shop.having("customers", [(one[0], "", "") if one is rows[row] else one for one in rows])),
            *((miss("renumbered", shop.having("customers", renumbered)),) if renumbered != kept else ()),
        ),
    )


@TASKS.task(
    "Add a customer to the database with the id {number}: {who} in {town}. Write the changes.",
    "Insert {who} from {town} with the id {number} into the table customers, and save the database.",
    "The table customers of {file} needs one more row: {number}, {who}, {town}. Commit it.",
    "Enter the new customer {who} (id {number}, town {town}) and write the changes to the file.",
)
def add_customer(case: Case) -> Job:
    """A new row."""
    shop = shop_of(case)
    rows = list(shop.rows["customers"])
    who = next(one for one in case.some(PEOPLE, 7) if one not in {row[1] for row in rows})
    number, (town, other) = case.number(50, 99), case.some(TOWNS, 2)
    return Job(
        {"file": shop.path, "who": who, "town": town, "number": number},
        (shop,),
        opens(shop),
        run(f"INSERT INTO customers VALUES ({number}, '{who}', '{town}');"),
        (shop.having("customers", [*rows, (number, who, town)]),),
        (
            miss("another id", shop.having("customers", [*rows, (7, who, town)])),
            miss("another town", shop.having("customers", [*rows, (number, who, other)])),
            miss("instead of another", shop.having("customers", [*rows[:-1], (number, who, town)])),
        ),
    )


@TASKS.task(
    "What is the sum of all prices in the table items? Answer with the number.",
    "Tell me the total of the column price in {file}.",
    "Add up the prices of all items in the open database and report the sum.",
    "Which number do you get when you add all prices of the table items?",
)
def sum_prices(case: Case) -> Job:
    """A question about a table."""
    shop = shop_of(case)
    prices = [int(price) for _, _, price in shop.rows["items"]]
    return Job(
        {"file": shop.path},
        (shop,),
        opens(shop),
        run("SELECT sum(price) FROM items;")[:-1],
        answer=str(sum(prices)),
        near=(miss("without the last", answer=str(sum(prices[:-1]))), miss("the largest", answer=str(max(prices)))),
    )


@TASKS.task(
    "Raise the price of every item that costs less than {limit} by {more}, and write the changes.",
    "In the table items, add {more} to each price below {limit}; the others stay. Save the database.",
    "All items of {file} cheaper than {limit} become more expensive by {more}. Commit the change.",
    "Update the open database: price plus {more} for items whose price is under {limit}. Write the changes.",
)
def raise_prices(case: Case) -> Job:
    """Values by a condition."""
    shop, more = shop_of(case), case.number(3, 20)
    rows = list(shop.rows["items"])
    limit = sorted(int(price) for _, _, price in rows)[4]
    raised = [(number, name, int(price) + more * (int(price) < limit)) for number, name, price in rows]
    return Job(
        {"file": shop.path, "limit": limit, "more": more},
        (shop,),
        opens(shop),
        run(f"UPDATE items SET price=price+{more} WHERE price<{limit};"),
        (shop.having("items", raised),),
        (
            miss("all of them", shop.having("items", [(one, name, int(price) + more) for one, name, price in rows])),
            miss(
                "the limit too",
                shop.having("items", [(one, name, int(p) + more * (int(p) <= limit)) for one, name, p in rows]),
            ),
        ),
    )


@TASKS.task(
    "Delete the table customers from the database, with all its rows, and write the changes.",
    "The database {file} should only have the table items: drop the table customers and commit.",
    "Drop the table customers and save the database.",
    "Remove the whole table customers from the open database, then write the changes to the file.",
)
def drop_table(case: Case) -> Job:
    """A table less."""
    shop = shop_of(case)
    customers = Database(shop.path, {"customers": _COLUMNS["customers"]}, {"customers": shop.rows["customers"]})
    return Job(
        {"file": shop.path},
        (shop,),
        opens(shop),
        run("DROP TABLE customers;"),
        (Database(shop.path, {"items": _COLUMNS["items"]}, {"items": shop.rows["items"]}),),
        (
            miss("only its rows", shop.having("customers", [])),
            miss("the other", customers),
        ),
    )


@TASKS.task(
    "Set the price of {item} to {price} in the table items and write the changes.",
    "Change the price of the item {item} in {file} to {price}. Save the database.",
    "Update {item} to a price of {price} and commit it.",
    "{item} cost {price} from now on. Change it in the table items and write the changes.",
)
def missing_item(case: Case) -> Job:
    """An item that is not in the table."""
    shop = shop_of(case)
    absent, *rest = shop.rows["items"]
    shop = shop.having("items", rest)
    fields = {"file": shop.path, "item": absent[1], "price": case.number(100, 999)}
    return Job(fields, (shop,), opens(shop), infeasible=f"there is no item {absent[1]}")
