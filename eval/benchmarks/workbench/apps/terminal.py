"""Tasks in a terminal, xterm with bash."""

from ..documents import Folder, Gone, Text
from ..oracle import write
from ..template import App, Case, Collection, Job, miss
from ..words import ITEMS, PEOPLE, TOPICS, TOWNS

APP = App("terminal", "xterm", ("xterm",), {".bashrc": "PS1='$ '\ncd ~\n"})
TASKS = Collection(APP)
OPEN = (("xterm", "-geometry", "100x30+40+40", "-fa", "Monospace", "-fs", "11", "-e", "bash"),)


def _rows(case: Case, count: int) -> list[tuple[str, str, int]]:
    return [(case.pick(PEOPLE), case.pick(TOWNS), case.number(10, 999)) for _ in range(count)]


def csv_of(rows: list[tuple[str, str, int]]) -> str:
    """A table with a heading."""
    return "name,town,amount\n" + "".join(f"{name},{town},{amount}\n" for name, town, amount in rows)


@TASKS.task(
    "In the terminal, write all lines of {file} that contain {town} to {out}.",
    "Use the terminal to extract the lines with {town} from {file} into the new file {out}.",
    "Create {out} with just those lines of {file} in which {town} occurs.",
    "Filter {file} for {town} and save the matching lines, unchanged and in the same order, as {out}.",
)
def filter_lines(case: Case) -> Job:
    """The lines with a word."""
    topic, rows = case.pick(TOPICS), _rows(case, 14)
    town = rows[3][1]
    source, out = f"Data/{topic}.csv", f"Data/{town.lower()}.csv"
    text = csv_of(rows)
    lines = [line for line in text.splitlines(keepends=True) if town in line]
    return Job(
        {"file": source, "out": out, "town": town},
        (Text(source, text),),
        OPEN,
        write(f"grep {town} {source} > {out}\n"),
        (Text(out, "".join(lines)),),
        (
            miss("with the header", Text(out, "".join(["name,town,amount\n", *lines]))),
            miss("in the home", Text(f"{town.lower()}.csv", "".join(lines))),
            miss("empty", Text(out, "")),
        ),
    )


@TASKS.task(
    "What is the sum of the column amount in {file}? Use the terminal and answer with the number.",
    "Add up all amounts in {file} and tell me the total.",
    "Tell me the total of the third column of {file}.",
    "Compute the sum of the amounts in {file} in the terminal and report it.",
)
def sum_column(case: Case) -> Job:
    """A question about a table."""
    rows, source = _rows(case, 25), f"Data/{case.pick(TOPICS)}.csv"
    total = sum(amount for _, _, amount in rows)
    return Job(
        {"file": source},
        (Text(source, csv_of(rows)),),
        OPEN,
        write(f"awk -F, 'NR>1{{s+=$3}}END{{print s}}' {source}\n"),
        answer=str(total),
        near=(
            miss("without the last row", answer=str(total - rows[-1][2])),
            miss("the number of rows", answer="25"),
        ),
    )


@TASKS.task(
    "Move every .log file of the folder {folder} into a new folder {folder}/logs; leave the other files.",
    "In {folder} there are log files among others. Create the folder logs in it and move the *.log files there.",
    "Tidy up {folder}: all files that end in .log belong into the subfolder logs, which does not exist yet.",
    "Make a folder named logs inside {folder} and put its .log files into it, and nothing else.",
)
def move_logs(case: Case) -> Job:
    """Files by their ending."""
    folder, names = case.pick(TOPICS).title(), case.some(ITEMS, 8)
    logs = [Text(f"{folder}/{name}.log", f"{name} {case.number(1, 99)}\n") for name in names[:4]]
    others = [Text(f"{folder}/{name}.{case.pick(('txt', 'log.old', 'csv'))}", f"{name}\n") for name in names[4:]]
    moved = [Text(f"{folder}/logs/{file.path.rpartition('/')[2]}", file.content) for file in logs]
    gone = [Gone(file.path) for file in logs]
    return Job(
        {"folder": folder},
        (*logs, *others),
        OPEN,
        write(f"mkdir {folder}/logs && mv {folder}/*.log {folder}/logs/\n"),
        (*moved, *gone),
        (
            miss("copied", *moved),
            miss("one forgotten", *moved[:-1], *gone[:-1]),
            miss("only the folder", Folder(f"{folder}/logs")),
            miss("another file too", *moved, *gone, Gone(others[0].path)),
        ),
    )


@TASKS.task(
    "Rename every .{old} file in {folder} so that it ends in .{new} instead.",
    "The files in {folder} with the ending .{old} should have the ending .{new}. Rename them all in the terminal.",
    "Change the extension of all {old} files in {folder} to {new}; their names stay the same otherwise.",
    "In the folder {folder}, turn each NAME.{old} into NAME.{new}. Leave other files alone.",
)
def rename_all(case: Case) -> Job:
    """File names by a rule."""
    folder, names = case.pick(TOPICS).title(), case.some(ITEMS, 7)
    old, new = case.some(("txt", "text", "md", "note"), 2)
    files = [Text(f"{folder}/{name}.{old}", f"{name}\n") for name in names[:5]]
    others = [Text(f"{folder}/{name}.csv", f"{name}\n") for name in names[5:]]
    renamed = [Text(f"{file.path.rpartition('.')[0]}.{new}", file.content) for file in files]
    gone = [Gone(file.path) for file in files]
    return Job(
        {"folder": folder, "old": old, "new": new},
        (*files, *others),
        OPEN,
        write(f"cd {folder}; for f in *.{old}; do mv $f ${{f%.{old}}}.{new}; done\n"),
        (*renamed, *gone),
        (miss("copied", *renamed), miss("one forgotten", *renamed[1:], *gone[1:])),
    )


@TASKS.task(
    "Write the names of the towns in {file}, each once and in alphabetical order, one per line, to {out}.",
    "Create {out} with a sorted list of the different towns in {file}, one in each line, without the header.",
    "Which towns occur in {file}? Save them to {out}, one per line, sorted from A to Z and without duplicates.",
    "List every town of {file} once in {out}: one per line, alphabetically, no header.",
)
def distinct_towns(case: Case) -> Job:
    """A column without duplicates."""
    rows, topic = _rows(case, 30), case.pick(TOPICS)
    source, out = f"Data/{topic}.csv", f"Data/{topic}-towns.txt"
    towns = sorted({town for _, town, _ in rows})
    return Job(
        {"file": source, "out": out},
        (Text(source, csv_of(rows)),),
        OPEN,
        write(f"tail -n +2 {source} | cut -d, -f2 | sort -u > {out}\n"),
        (Text(out, "".join(f"{town}\n" for town in towns)),),
        (
            miss("with duplicates", Text(out, "".join(f"{town}\n" for town in sorted(town for _, town, _ in rows)))),
            miss("with the header", Text(out, "".join(f"{town}\n" for town in [*towns, "town"]))),
        ),
    )


@TASKS.task(
    "Change the value of {key} in {file} to {value}, and nothing else.",
    "Edit the settings file {file} from the terminal: {key} should be {value}.",
    "Set {key}={value} in {file}; the other lines stay as they are.",
    "In {file}, the setting {key} has the wrong value. Make it {value}.",
)
def change_setting(case: Case) -> Job:
    """A line of a settings file."""
    path, names = f"Settings/{case.pick(TOPICS)}.conf", case.some(ITEMS, 6)
    values = {name: case.number(10, 99) for name in names}
    changed, value = names[case.number(1, 4)], case.number(100, 999)

    def text(values: dict[str, int]) -> Text:
        return Text(path, "# settings\n" + "".join(f"{name}={number}\n" for name, number in values.items()))

    return Job(
        {"file": path, "key": changed, "value": value},
        (text(values),),
        OPEN,
        write(f"sed -i 's/^{changed}=.*/{changed}={value}/' {path}\n"),
        (text(values | {changed: value}),),
        (
            miss("another one", text(values | {names[0]: value})),
            miss("all of them", text(dict.fromkeys(names, value))),
            miss("added at the end", Text(path, f"{text(values).content}{changed}={value}\n")),
        ),
    )


@TASKS.task(
    "Unpack {file} in the terminal into the folder {folder}, which does not exist yet.",
    "Extract the archive {file} into a new folder {folder}.",
    "Create the folder {folder} and extract {file} there.",
    "The archive {file} should be unpacked to {folder}.",
)
def unpack_missing(case: Case) -> Job:
    """An archive that does not exist."""
    topic, other = case.some(TOPICS, 2)
    return Job(
        {"file": f"Data/{topic}.tar.gz", "folder": topic.title()},
        (Text(f"Data/{other}.csv", csv_of(_rows(case, 5))),),
        OPEN,
        write("ls Data\n"),
        infeasible=f"there is no Data/{topic}.tar.gz",
    )
