"""Mail folders in MH format, by `mailbox`: subjects, senders, texts and attachments of their messages."""

import mailbox
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from .document import target, unreadable

_RECIPIENTS = ("To", "Cc", "Bcc")


@dataclass(frozen=True, slots=True)
class Mail:
    """A message. `to` has all recipients; `attachments` are names and contents."""

    subject: str
    sender: str = ""
    text: str = ""
    to: str = ""
    attachments: tuple[tuple[str, str], ...] = ()

    def message(self) -> EmailMessage:
        """The message in its own format."""
        message = EmailMessage(policy=policy.SMTP.clone(linesep="\n"))
        message["Subject"], message["From"], message["To"] = self.subject, self.sender, self.to or "me@home.example"
        message["Date"] = "Mon, 02 Mar 2026 09:00:00 +0000"
        message["Message-ID"] = f"<{abs(hash_of(self))}@home.example>"
        message.set_content(f"{self.text}\n")
        for name, content in self.attachments:
            message.add_attachment(content, filename=name)
        return message


@dataclass(frozen=True, slots=True)
class MailFolder:
    """A folder with messages, in any order. Only the first lines of their texts are compared."""

    path: str
    mails: Sequence[Mail]

    def without(self, *mails: Mail) -> "MailFolder":
        """A copy without some messages."""
        return replace(self, mails=[mail for mail in self.mails if mail not in mails])

    def adding(self, *mails: Mail) -> "MailFolder":
        """A copy with more messages."""
        return replace(self, mails=[*self.mails, *mails])

    def write(self, home: Path) -> None:
        """See `Document`."""
        folder = target(home, self.path)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for number, mail in enumerate(self.mails, 1):
            (folder / str(number)).write_bytes(mail.message().as_bytes())

    def problems(self, home: Path) -> list[str]:
        """See `Document`."""
        try:
            found = sorted(read_mails(home / self.path), key=repr)
        except (OSError, ValueError, mailbox.Error) as error:
            return [unreadable(self.path, error)]
        wanted = sorted((_shortened(mail) for mail in self.mails), key=repr)
        missing = [f"{self.path} has no mail {one}" for one in wanted if one not in found]
        extra = [f"{self.path} has a mail {one}" for one in found if one not in wanted]
        counts = [f"{self.path} has {len(found)} mails instead of {len(wanted)}"] if len(found) != len(wanted) else []
        return [*missing[:2], *extra[:2], *counts]


def read_mails(folder: Path) -> list[Mail]:
    """The messages of a folder."""
    box = mailbox.MH(folder, create=False)
    mails: list[Mail] = []
    for key in box.keys():  # noqa: SIM118 -- iterating over a mailbox yields messages
        message = BytesParser(EmailMessage, policy=policy.default).parsebytes(box.get_bytes(key))
        body = message.get_body(("plain",))
        text = body.get_content() if body is not None else ""
        attached = tuple(
            (part.get_filename() or "", str(part.get_content()).strip()) for part in message.iter_attachments()
        )
        sender, to = str(message["From"] or ""), ", ".join(str(message[to]) for to in _RECIPIENTS if message[to])
        mails.append(_shortened(Mail(str(message["Subject"] or ""), sender, str(text), to, attached)))
    return mails


def _shortened(mail: Mail) -> Mail:
    attached = tuple((name, content.strip()) for name, content in mail.attachments)
    return replace(mail, text=mail.text.strip().split("\n")[0], to=mail.to or "me@home.example", attachments=attached)


def hash_of(mail: Mail) -> int:
    """A number that is the same in each process."""
    return sum(place * ord(letter) for place, letter in enumerate(repr(mail), 1))
