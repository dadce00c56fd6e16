"""Tasks in Django's admin site, for the stock of a shop in an SQLite database."""

import os
import shutil
import subprocess
from pathlib import Path

from ...documents.databases import Database, DatabaseRow
from ...oracle import Step, key, write
from ...template import Case, Job, miss
from ...words import ITEMS, PEOPLE, TOWNS
from ..collection import WebCollection
from ..finding import press
from ..program import SITES, WebProgram

_USERS = ".site/users.db"


def _build(apps: Path) -> None:
    """Make the database of users, which takes seconds, once."""
    users = apps / "stock-users.db"
    if not users.exists():
        new = apps / "stock-users.new"
        new.unlink(missing_ok=True)
        command = [str(apps / "venv/bin/python"), str(SITES / "stock_site.py"), "--build"]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"USERS": str(new)}
        subprocess.run(command, check=True, env=environment)
        new.replace(users)


def _prepare(home: Path, apps: Path) -> None:
    users = home / _USERS
    users.parent.mkdir(exist_ok=True)
    shutil.copyfile(apps / "stock-users.db", users)


PROGRAM = WebProgram(
    "stock",
    ("BIN/python", "SITES/stock_site.py"),
    pip=("django",),
    environment={"USERS": f"HOME/{_USERS}", "STOCK": "HOME/Site/stock.db"},
    path="/admin/",
    build=_build,
    prepare=_prepare,
)
TASKS = WebCollection(PROGRAM)

_COLUMNS = {
    "supplier": ("id integer primary key", "name text not null", "town text not null", "phone text not null"),
    "item": (
        "id integer primary key", "name text not null", "category text not null", "quantity integer not null",
        "price integer not null", "supplier_id integer not null", "discontinued bool not null", "note text not null",
    ),
}  # fmt: skip
_CATEGORIES = ("food", "household", "tools", "toys")
ALL_ITEMS, SUPPLIERS = "/admin/stock/item/", "/admin/stock/supplier/"
_NAME, _CATEGORY, _QUANTITY, _PRICE, _SUPPLIER, _DISCONTINUED, _NOTE = 1, 2, 3, 4, 5, 6, 7


def stock_of(case: Case, count: int = 9) -> Database:
    """A stock with suppliers and items."""
    suppliers = [
        (number, who, town, f"0{case.number(200, 999)} {case.number(10**5, 10**6 - 1)}")
        for number, (who, town) in enumerate(zip(case.some(PEOPLE, 5), case.some(TOWNS, 5), strict=True), 1)
    ]
    items = [
        (
            number,
            name,
            case.pick(_CATEGORIES),
            case.number(2, 90),
            case.number(1, 400) * 25,
            case.number(1, 5),
            0,
            "",
        )
        for number, name in enumerate(case.some(ITEMS, count), 1)
    ]
    return Database("Site/stock.db", _COLUMNS, {"supplier": suppliers, "item": items})


def _with(row: DatabaseRow, **values: str | int) -> DatabaseRow:
    """A row of an item with other values."""
    places = {"name": _NAME, "category": _CATEGORY, "quantity": _QUANTITY, "price": _PRICE, "supplier": _SUPPLIER,
              "discontinued": _DISCONTINUED, "note": _NOTE}  # fmt: skip
    changed = list(row)
    for name, value in values.items():
        changed[places[name]] = value
    return tuple(changed)


def replaced(stock: Database, table: str, *rows: DatabaseRow) -> Database:
    """The stock with `rows` instead of those with the same ids, or added."""
    new = {row[0]: row for row in rows}
    kept = [new.pop(row[0], row) for row in stock.rows[table]]
    return stock.having(table, [*kept, *new.values()])


def _without(stock: Database, table: str, *ids: object) -> Database:
    return stock.having(table, [row for row in stock.rows[table] if row[0] not in ids])


def _fill(field: str, text: str) -> tuple[Step, ...]:
    return (*press(f"#id_{field}"), *key("ctrl+a"), *write(text))


def _choose(field: str, option: str) -> tuple[Step, ...]:
    """Choose in a native list by the first letters of the option."""
    return (*press(f"#id_{field}"), *write(option), *key("enter"))


_SAVE = press("[name=_save]")


@TASKS.task(
    "Set the quantity of {item} to {n} and save.",
    "There are {n} {item} in the shop now. Correct the quantity in the list of items.",
    "The stock of {item} was counted: {n}. Enter that.",
    "Change how many {item} we have to {n}.",
)
def set_quantity(case: Case) -> Job:
    """A number of an item."""
    stock = stock_of(case)
    first, other = case.some(stock.rows["item"], 2)
    count = int(first[_QUANTITY]) + case.number(3, 40)
    right = replaced(stock, "item", _with(first, quantity=count))
    return Job(
        {"item": first[_NAME], "n": count},
        (stock,),
        ((ALL_ITEMS,),),
        (*press(str(first[_NAME])), *_fill("quantity", str(count)), *_SAVE),
        (right,),
        (
            miss("another item", replaced(stock, "item", _with(other, quantity=count))),
            miss("as the price", replaced(stock, "item", _with(first, price=count))),
            miss("two items", replaced(right, "item", _with(other, quantity=count))),
        ),
    )


@TASKS.task(
    "Add the item {item} to the stock: category {category}, quantity {n}, price {price} cents, supplier {who}.",
    "A new item has come: {n} {item} from {who}, in the category {category}, for {price} cents each. Add it.",
    "Create an item called {item} with quantity {n}, category {category}, price in cents {price} and supplier {who}.",
    "We now sell {item} ({category}, {price} cents). {who} has delivered {n}. Enter this as a new item.",
)
def add_item(case: Case) -> Job:
    """A new item with five fields."""
    stock = stock_of(case)
    used = {row[_NAME] for row in stock.rows["item"]}
    name = case.pick([one for one in ITEMS if one not in used])
    supplier, other = case.some(stock.rows["supplier"], 2)
    category, count, price = case.pick(_CATEGORIES), case.number(5, 90), case.number(2, 90) * 25
    row = (10, name, category, count, price, supplier[0], 0, "")
    fields = (
        *_fill("name", name),
        *_choose("category", category.title()),
        *_fill("quantity", str(count)),
        *_fill("price", str(price)),
        *_choose("supplier", str(supplier[1])),
    )
    return Job(
        {"item": name, "category": category, "n": count, "price": price, "who": supplier[1]},
        (stock,),
        ((ALL_ITEMS,),),
        (*press("Add item"), *fields, *_SAVE),
        (replaced(stock, "item", row),),
        (
            miss("another supplier", replaced(stock, "item", _with(row, supplier=other[0]))),
            miss("quantity and price exchanged", replaced(stock, "item", _with(row, quantity=price, price=count))),
            miss("twice", replaced(stock, "item", row, (11, *row[1:]))),
        ),
    )


@TASKS.task(
    "Delete the item {item}.",
    "We do not sell {item} any more. Remove that item from the stock.",
    "Take {item} out of the list of items for good.",
    "The item {item} was entered by mistake: delete it.",
)
def delete_item(case: Case) -> Job:
    """An item, with the confirmation."""
    stock = stock_of(case)
    first, other = case.some(stock.rows["item"], 2)
    return Job(
        {"item": first[_NAME]},
        (stock,),
        ((ALL_ITEMS,),),
        (*press(str(first[_NAME])), *press(".deletelink"), *press("[type=submit]", -1)),
        (_without(stock, "item", first[0]),),
        (
            miss("another item", _without(stock, "item", other[0])),
            miss("two items", _without(stock, "item", first[0], other[0])),
            miss("only discontinued", replaced(stock, "item", _with(first, discontinued=1))),
        ),
    )


@TASKS.task(
    "Mark {a} and {b} as discontinued.",
    "{a} and {b} will not be delivered any more: mark both items as discontinued.",
    "Set the two items {a} and {b} to discontinued, and no others.",
    "Please flag {a} and {b} as discontinued in the stock.",
)
def discontinue_two(case: Case) -> Job:
    """Two items, by the action of the list or one by one."""
    stock = stock_of(case)
    first, second, other = case.some(stock.rows["item"], 3)
    newest = sorted(stock.rows["item"], key=lambda row: -int(row[0]))  # as the list shows them
    boxes = [newest.index(row) for row in (first, second)]
    return Job(
        {"a": first[_NAME], "b": second[_NAME]},
        (stock,),
        ((ALL_ITEMS,),),
        (
            *(step for box in boxes for step in press(".action-select", box)),
            *press("[name=action]"),
            *write("Mark"),
            *key("enter"),
            *press("[name=index]"),
        ),
        (replaced(stock, "item", _with(first, discontinued=1), _with(second, discontinued=1)),),
        (
            miss("only one", replaced(stock, "item", _with(first, discontinued=1))),
            miss(
                "a third one", replaced(stock, "item", *(_with(row, discontinued=1) for row in (first, second, other)))
            ),
            miss("deleted", _without(stock, "item", first[0], second[0])),
        ),
    )


@TASKS.task(
    "Add the supplier {who} from {town}, phone {phone}.",
    "We have a new supplier: {who} in {town}, reached at {phone}. Add them.",
    "Enter a supplier with the name {who}, the town {town} and the phone number {phone}.",
    "Create a supplier record: {who}, {town}, {phone}.",
)
def add_supplier(case: Case) -> Job:
    """A new supplier."""
    stock = stock_of(case)
    used = {row[1] for row in stock.rows["supplier"]}
    who = case.pick([one for one in PEOPLE if one not in used])
    town, phone = case.pick(TOWNS), f"0{case.number(200, 999)} {case.number(10**5, 10**6 - 1)}"
    row = (6, who, town, phone)
    return Job(
        {"who": who, "town": town, "phone": phone},
        (stock,),
        ((SUPPLIERS,),),
        (*press("Add supplier"), *_fill("name", who), *_fill("town", town), *_fill("phone", phone), *_SAVE),
        (replaced(stock, "supplier", row),),
        (
            miss("without the phone", replaced(stock, "supplier", (*row[:3], ""))),
            miss("instead of another", replaced(stock, "supplier", (1, *row[1:]))),
        ),
    )


@TASKS.task(
    "{who} has moved to {town}. Correct the town of this supplier.",
    "Change the town of the supplier {who} to {town}.",
    "The supplier {who} is in {town} now; update the record and save it.",
    "Set {who}'s town to {town} in the list of suppliers.",
)
def move_supplier(case: Case) -> Job:
    """A field of a supplier."""
    stock = stock_of(case)
    first, other = case.some(stock.rows["supplier"], 2)
    town = case.pick([one for one in TOWNS if one not in {row[2] for row in stock.rows["supplier"]}])
    return Job(
        {"who": first[1], "town": town},
        (stock,),
        ((SUPPLIERS,),),
        (*press(str(first[1])), *_fill("town", town), *_SAVE),
        (replaced(stock, "supplier", (*first[:2], town, first[3])),),
        (
            miss("another supplier", replaced(stock, "supplier", (*other[:2], town, other[3]))),
            miss("as the name", replaced(stock, "supplier", (first[0], town, *first[2:]))),
        ),
    )


@TASKS.task(
    "From now on {item} comes from {who}. Change the supplier of that item.",
    "Set the supplier of {item} to {who} and save.",
    "{who} will deliver {item} in future: correct the item.",
    "Make {who} the supplier of the item {item}.",
)
def change_supplier(case: Case) -> Job:
    """A choice in a list."""
    stock = stock_of(case)
    first, other = case.some(stock.rows["item"], 2)
    supplier = case.pick([row for row in stock.rows["supplier"] if row[0] not in (first[_SUPPLIER], other[_SUPPLIER])])
    return Job(
        {"item": first[_NAME], "who": supplier[1]},
        (stock,),
        ((ALL_ITEMS,),),
        (*press(str(first[_NAME])), *_choose("supplier", str(supplier[1])), *_SAVE),
        (replaced(stock, "item", _with(first, supplier=supplier[0])),),
        (
            miss("another item", replaced(stock, "item", _with(other, supplier=supplier[0]))),
            miss(
                "renamed the old supplier",
                replaced(stock, "supplier", (first[_SUPPLIER], supplier[1], "Riga", "0200 123456")),
            ),
        ),
    )


@TASKS.task(
    "How many {item} are in stock? Answer with the number.",
    "Tell me the quantity of {item} in the shop.",
    "Look up {item} in the stock: what is the quantity?",
    "What number of {item} do we have? Answer with it, and change nothing.",
)
def quantity_of(case: Case) -> Job:
    """A question about a number."""
    stock = stock_of(case)
    first = case.pick(stock.rows["item"])
    other = next(row for row in stock.rows["item"] if row[_QUANTITY] != first[_QUANTITY])
    return Job(
        {"item": first[_NAME]},
        (stock,),
        ((ALL_ITEMS,),),
        answer=str(first[_QUANTITY]),
        near=(miss("that of another", answer=str(other[_QUANTITY])), miss("no number", answer="a few")),
    )


@TASKS.task(
    "Which supplier's phone number is {phone}? Answer with the name.",
    "Someone called from {phone}. Find out which of our suppliers has that number.",
    "Find the supplier who is reached at {phone} and tell me the name.",
    "Name the supplier with the phone number {phone}; do not change anything.",
)
def supplier_by_phone(case: Case) -> Job:
    """A question about a name."""
    stock = stock_of(case)
    first, other = case.some(stock.rows["supplier"], 2)
    return Job(
        {"phone": first[3]},
        (stock,),
        (("/admin/",),),
        press("Suppliers"),
        answer=str(first[1]),
        near=(miss("another", answer=str(other[1])), miss("the town", answer=str(first[2]))),
    )


@TASKS.task(
    "Set the quantity of {item} to {n} and save.",
    "There are {n} {item} in the shop now. Correct the quantity in the list of items.",
    "The stock of {item} was counted: {n}. Enter that.",
    "Change how many {item} we have to {n}.",
)
def set_quantity_of_nothing(case: Case) -> Job:
    """An item that is not in the stock."""
    stock = stock_of(case)
    used = {row[_NAME] for row in stock.rows["item"]}
    name = case.pick([one for one in ITEMS if one not in used])
    return Job(
        {"item": name, "n": case.number(3, 90)}, (stock,), ((ALL_ITEMS,),), infeasible=f"there is no item {name}"
    )
