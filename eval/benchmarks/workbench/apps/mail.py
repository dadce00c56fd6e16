"""Tasks in a mail program, Claws Mail, with an account that has no server."""

from ..documents.mails import Mail, MailFolder
from ..oracle import Step, click, key, on, until, write
from ..template import App, Case, Collection, Job, miss
from ..words import PEOPLE, SENTENCES, TOPICS, TOWNS

_ACCOUNT = """[Account: 1]
account_name=Home
is_default=1
name=Robin
address=robin@home.example
organization=
protocol=5
receive_server=localhost
smtp_server=localhost
user_id=robin
local_mbox=/dev/null
set_sent_folder=0
"""
_SETTINGS = """[Common]
show_inc_dialog=0
no_recv_err_panel=1
check_on_startup=0
newmail_notify_auto=0
enable_aspell=0
open_inbox_on_startup=1
mainwin_width=1200
mainwin_height=600
mainwin_x=20
mainwin_y=40
summary_width=900
summary_height=260
msgview_height=200
show_searchbar=0
summary_col_size_subject=420
summary_col_size_from=260
"""
_FOLDERS = """<?xml version="1.0" encoding="UTF-8"?>
<folderlist>
    <folder type="mh" name="Mail" path="Mail" sort="0" collapsed="0">
        <folderitem type="inbox" name="inbox" path="inbox"/>
        <folderitem type="outbox" name="sent" path="sent"/>
        <folderitem type="draft" name="draft" path="draft"/>
        <folderitem type="queue" name="queue" path="queue"/>
        <folderitem type="trash" name="trash" path="trash"/>
        <folderitem type="normal" name="work" path="work"/>
        <folderitem type="normal" name="travel" path="travel"/>
    </folder>
</folderlist>
"""
APP = App(
    "mail",
    "claws-mail",
    ("claws-mail",),
    {
        ".claws-mail/accountrc": _ACCOUNT,
        ".claws-mail/clawsrc": _SETTINGS,
        ".claws-mail/folderlist.xml": _FOLDERS,
    },
)
TASKS = Collection(APP)
_OTHERS = tuple(MailFolder(f"Mail/{name}", ()) for name in ("sent", "draft", "queue", "trash", "travel"))
OPEN = (("claws-mail", "--select", "#mh/Mail/inbox"),)


def address(who: str) -> str:
    """A sender."""
    return f"{who} <{who.split(maxsplit=1)[0].lower()}@office.example>"


def recipient(who: str) -> str:
    """The address without the name."""
    return address(who).partition("<")[2].rstrip(">")


def inbox(case: Case, count: int = 5) -> MailFolder:
    """Mails of different people about different topics."""
    topics, people, texts = (case.some(words, count) for words in (TOPICS, PEOPLE, SENTENCES))
    mails = [
        Mail(f"The {topic} in {case.pick(TOWNS)}", address(who), text)
        for topic, who, text in zip(topics, people, texts, strict=True)
    ]
    return MailFolder("Mail/inbox", mails)


def home(*folders: MailFolder) -> tuple[MailFolder, ...]:
    """All folders of the account."""
    known = {folder.path for folder in folders}
    others = (*_OTHERS, MailFolder("Mail/work", ()))
    return (*folders, *(one for one in others if one.path not in known))


def moves(mail: Mail, folder: str) -> tuple[Step, ...]:
    """Move a mail to a folder by the dialog for that."""
    return (*on(mail.subject), *key("ctrl+o"), *until("Select folder"), *write(folder), *key("enter"))


def drafts(to: str, subject: str, text: str) -> tuple[Step, ...]:
    """Write a message and save it as a draft."""
    typed = (*click(365, 205), *write(to), *click(330, 255), *write(subject), *click(300, 400), *write(text))
    return (*key("ctrl+m"), *until("Compose"), *typed, *click(205, 72))


@TASKS.task(
    "Move the mail '{subject}' from the inbox to the folder work.",
    "In the mail program, put the message with the subject '{subject}' into the folder work.",
    "The mail about '{subject}' belongs into the folder work. Move it there.",
    "File the message '{subject}' of the inbox under work.",
)
def move_mail(case: Case) -> Job:
    """Into a folder."""
    box = inbox(case)
    mail, other = case.some(box.mails, 2)
    work = MailFolder("Mail/work", [Mail("Hours", address(case.pick(PEOPLE)), "See you on Monday.")])
    moved = (box.without(mail), work.adding(mail))
    return Job(
        {"subject": mail.subject},
        home(box, work),
        OPEN,
        moves(mail, "work"),
        moved,
        (
            miss("copied", work.adding(mail)),
            miss("another mail", box.without(other), work.adding(other)),
            miss("into another folder", box.without(mail), MailFolder("Mail/travel", [mail])),
        ),
    )


@TASKS.task(
    "Move the mail '{subject}' to the trash.",
    "Delete the message '{subject}' from the inbox, so that it is in the trash.",
    "The mail '{subject}' is not needed: put it into the trash, and do not empty that.",
    "Throw away the message with the subject '{subject}' (to the trash).",
)
def trash_mail(case: Case) -> Job:
    """Into the trash."""
    box = inbox(case)
    mail, other = case.some(box.mails, 2)
    trash = MailFolder("Mail/trash", [mail])
    return Job(
        {"subject": mail.subject},
        home(box),
        OPEN,
        (*on(mail.subject), *key("ctrl+d")),
        (box.without(mail), trash),
        (
            miss("for good", box.without(mail)),
            miss("another mail", box.without(other), MailFolder("Mail/trash", [other])),
            miss("two mails", box.without(mail, other), MailFolder("Mail/trash", [mail, other])),
        ),
    )


@TASKS.task(
    "Who sent the mail '{subject}'? Answer with the name.",
    "Tell me from whom the message with the subject '{subject}' is.",
    "Find the mail '{subject}' in the inbox and tell me its sender's name.",
    "What is the name of the person who wrote the mail '{subject}'?",
)
def sender(case: Case) -> Job:
    """A question about a mail."""
    box = inbox(case, 8)
    mail, other = case.some(box.mails, 2)
    return Job(
        {"subject": mail.subject},
        home(box),
        OPEN,
        answer=mail.sender.partition(" <")[0],
        near=(miss("another", answer=other.sender.partition(" <")[0]), miss("me", answer="Robin")),
    )


@TASKS.task(
    "Write to {to} with the subject '{subject}' and the text '{text}', and save it as a draft. Do not send it.",
    "Save a draft: to {to}, subject '{subject}', text '{text}'. Do not send it.",
    "Compose a message for {to}, subject '{subject}', with the one line '{text}', and keep it in the drafts.",
    "Prepare a mail to {to} as a draft. Its subject is '{subject}' and its text '{text}'.",
)
def draft(case: Case) -> Job:
    """A message that is not sent."""
    box = inbox(case, 3)
    to, subject, text = recipient(case.pick(PEOPLE)), f"Your {case.pick(TOPICS)}", case.pick(SENTENCES)
    mail = Mail(subject, "Robin <robin@home.example>", text, to)
    return Job(
        {"to": to, "subject": subject, "text": text},
        home(box),
        OPEN,
        drafts(to, subject, text),
        (MailFolder("Mail/draft", [mail]),),
        (
            miss("queued", MailFolder("Mail/queue", [mail])),
            miss("without text", MailFolder("Mail/draft", [Mail(subject, mail.sender, "", to)])),
            miss("to another", MailFolder("Mail/draft", [Mail(subject, mail.sender, text, "me@office.example")])),
        ),
    )


@TASKS.task(
    "Move the mail '{subject}' from the inbox to the folder travel.",
    "Put the message '{subject}' into the folder travel.",
    "The mail with the subject '{subject}' should be in the folder travel. Move it.",
    "File the mail '{subject}' under travel.",
)
def move_missing(case: Case) -> Job:
    """A mail that does not exist."""
    box = inbox(case, 6)
    absent = box.mails[0]
    return Job({"subject": absent.subject}, home(box.without(absent)), OPEN, infeasible="there is no such mail")
