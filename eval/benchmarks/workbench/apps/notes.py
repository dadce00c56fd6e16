"""Tasks in a notebook of wiki pages, Zim."""

from ..documents import Text
from ..documents.wiki import WikiPage
from ..oracle import Step, key, until, write
from ..template import App, Case, Collection, Job, miss
from ..words import ITEMS, PEOPLE, SENTENCES, TOPICS, TOWNS

_PREFERENCES = "[GtkInterface]\n\n[General]\nplugins=[]\n"
APP = App("notes", "zim", ("zim",), {".config/zim/preferences.conf": _PREFERENCES})
TASKS = Collection(APP)
NOTEBOOK = Text("Notes/notebook.zim", "[Notebook]\nversion=0.4\nname=Notes\nhome=Home\nprofile=\n")


def _page(case: Case, name: str, lines: int = 4) -> WikiPage:
    return WikiPage(f"Notes/{name}.txt", name, tuple(case.some(SENTENCES, lines)))


def pages_of(case: Case) -> tuple[WikiPage, ...]:
    """A notebook of four pages; the first is open."""
    return tuple(_page(case, name) for name in ("Home", *(topic.title() for topic in case.some(TOPICS, 3))))


def opens(page: WikiPage) -> tuple[tuple[str, ...], ...]:
    """The command that opens a page."""
    return (("zim", "--standalone", "~/Notes", page.heading),)


def jump(page: WikiPage) -> tuple[Step, ...]:
    """Go to a page by its name."""
    return (*key("ctrl+j"), *until("Jump"), *write(f"{page.heading}\n"))


@TASKS.task(
    "Add the line '{line}' at the end of the page {page} of the notebook, and save it.",
    "In the notebook, append '{line}' as a last line to the page {page}; save with Ctrl+S.",
    "The page {page} needs one more line at its end: '{line}'. Save it.",
    "Open the page {page} in Zim and write '{line}' below its text. Then save.",
)
def append_line(case: Case) -> Job:
    """A line on another page."""
    pages = pages_of(case)
    page, line = pages[2], f"{case.pick(PEOPLE)} comes at {case.number(8, 18)}:30"
    right = page.having(*page.lines, line)
    return Job(
        {"page": page.heading, "line": line},
        (NOTEBOOK, *pages),
        opens(pages[0]),
        (*jump(page), *key("ctrl+end"), *write(line), *key("ctrl+s")),
        (right,),
        (
            miss("on the open page", pages[0].having(*pages[0].lines, line)),
            miss("at the start", page.having(line, *page.lines)),
        ),
    )


@TASKS.task(
    "Create a new page {page} in the notebook with the text: {line} Save it.",
    "The notebook needs a page named {page} that says '{line}'. Save it.",
    "Make a new page called {page} and write '{line}' on it, then save.",
    "Add the page {page} to the notebook; below its heading it should say: {line} Save.",
)
def new_page(case: Case) -> Job:
    """A page that does not exist yet."""
    pages = pages_of(case)
    name, line = case.pick(TOWNS), case.pick(SENTENCES)
    right = WikiPage(f"Notes/{name}.txt", name, (line,))
    return Job(
        {"page": name, "line": line},
        (NOTEBOOK, *pages),
        opens(pages[0]),
        (*jump(right), *key("ctrl+end"), *write(line), *key("ctrl+s")),
        (right,),
        (
            miss("below another page", WikiPage(f"Notes/{pages[1].heading}/{name}.txt", name, (line,))),
            miss("without the text", right.having()),
            miss("on the open page", pages[0].having(*pages[0].lines, line)),
        ),
    )


@TASKS.task(
    "Delete the line '{line}' from the page that is open in the notebook, and save it.",
    "On the open page, take out the line '{line}'. Save the page.",
    "Remove '{line}' from {page} and save with Ctrl+S.",
    "The page {page} should not say '{line}' any more. Delete that line and save.",
)
def delete_line(case: Case) -> Job:
    """A line of the open page."""
    pages = pages_of(case)
    page, place = pages[1], case.number(1, 2)
    kept = (*page.lines[:place], *page.lines[place + 1 :])
    return Job(
        {"page": page.heading, "line": page.lines[place]},
        (NOTEBOOK, *pages),
        opens(page),
        (*key("ctrl+home"), *key("down", place + 1), *key("shift+down"), *key("delete"), *key("ctrl+s")),
        (page.having(*kept),),
        (
            miss("the first line", page.having(*page.lines[1:])),
            miss("all lines", page.having()),
        ),
    )


@TASKS.task(
    "On which page of the notebook is {who} mentioned? Answer with the name of the page.",
    "Find the page of the notebook that mentions {who}, and tell me its name.",
    "Tell me which page says something about {who}.",
    "Search the notebook for {who}: what is the page called?",
)
def find_page(case: Case) -> Job:
    """A question about the notebook."""
    pages = list(pages_of(case))
    (who, other), place = case.some(PEOPLE, 2), case.number(1, 3)
    pages[place] = pages[place].having(*pages[place].lines, f"Ask {who} for the plan.")
    wrong = pages[place % 3 + 1]
    pages[place % 3 + 1] = wrong.having(*wrong.lines, f"Ask {other} for the plan.")
    return Job(
        {"who": who},
        (NOTEBOOK, *pages),
        opens(pages[0]),
        (*key("ctrl+shift+f"), *write(f'"{who}"\n')),
        answer=pages[place].heading,
        near=(miss("another page", answer=wrong.heading), miss("the open page", answer="Home")),
    )


@TASKS.task(
    "Make the last line of the open page bold and save the page.",
    "On the page {page}, format the whole last line as strong text. Save it.",
    "Set the last line of {page} in bold type, then save.",
    "The final line of the open page should be bold. Save the page afterwards.",
)
def bold_line(case: Case) -> Job:
    """Bold text in the wiki's markup."""
    pages = pages_of(case)
    page = pages[1]
    *kept, last = page.lines
    return Job(
        {"page": page.heading},
        (NOTEBOOK, *pages),
        opens(page),
        (*key("ctrl+end"), *key("shift+up"), *key("ctrl+b"), *key("ctrl+s")),
        (page.having(*kept, f"**{last}**"),),
        (
            miss("italic", page.having(*kept, f"//{last}//")),
            miss("one word", page.having(*kept, last.replace(last.split()[0], f"**{last.split()[0]}**", 1))),
        ),
    )


@TASKS.task(
    "Add the three items {items} as a bulleted list at the end of the open page, and save it.",
    "Below the text of {page}, add a list with bullets: {items}. Save the page.",
    "Write {items} as bullet points at the end of the page {page} and save.",
    "The open page should end with a bulleted list of {items}, in this order. Save it.",
)
def bullets(case: Case) -> Job:
    """A list."""
    pages, items = pages_of(case), case.some(ITEMS, 3)
    page = pages[1]
    right = page.having(*page.lines, *(f"* {item}" for item in items))
    return Job(
        {"page": page.heading, "items": ", ".join(items)},
        (NOTEBOOK, *pages),
        opens(page),
        (*key("ctrl+end"), *write("* " + "\n".join(items)), *key("ctrl+s")),
        (right,),
        (
            miss("without bullets", page.having(*page.lines, *items)),
            miss("two of them", page.having(*page.lines, *(f"* {item}" for item in items[:2]))),
            miss("in one line", page.having(*page.lines, f"* {', '.join(items)}")),
        ),
    )
