"""Secrets in pages: which document has the focus, and what on the screen shows a secret.

Both are determined in an isolated world of each frame, through DevTools, so that a page can neither read the values nor
lie about where it is.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeAlias

from playwright.async_api import CDPSession, Error, Frame, Page
from pydantic import TypeAdapter

from ...env import ActionRefused, Fact
from ...geometry import Box
from ...masks import Mask
from ...redaction import T
from ...secrets import Secret, SecretVault
from .tabs import Tabs

_WORLD = "screenwright-secrets"
_FRAME_S = 5.0


FoundBox: TypeAlias = tuple[float, float, float, float, str]
"""Left, top, right and bottom of what shows a secret, and its handle."""


@dataclass(frozen=True, slots=True)
class DocumentSecrets:
    """What the script reports about a document; boxes are left, top, right, bottom and a label."""

    origin: str
    hasFocus: bool  # noqa: N815 -- the names of the script
    isPassword: bool  # noqa: N815 -- the name in secrets.js
    isForPassword: bool  # noqa: N815 -- the name in secrets.js
    width: float
    height: float
    boxes: tuple[FoundBox, ...]


_FOUND = TypeAdapter(DocumentSecrets)


@dataclass(frozen=True, slots=True)
class _Document:
    """A frame that one DevTools session reaches; `owner` is the session of the frame around it."""

    id: str
    session: CDPSession
    owner: CDPSession | None
    parent: str


@dataclass(slots=True)
class PageSecrets:
    """The secrets of `vault` in the pages of `tabs`."""

    tabs: Tabs
    vault: SecretVault = field(default_factory=SecretVault)
    _separate: dict[Frame, CDPSession] = field(default_factory=dict[Frame, CDPSession])

    @property
    def is_active(self) -> bool:
        """Whether there is a secret to look for, in a browser with DevTools."""
        return bool(self.vault) and self.tabs.has_devtools

    async def check_focus(self, secret: Secret) -> None:
        """Check that `secret` may be typed into the document that has the focus, and watch what takes it.

        Raises:
            ActionRefused: it belongs elsewhere, or no document has the focus.
        """
        found = await self.focused(secret.handle)
        if found is None:
            raise ActionRefused(f"{secret.handle} was not typed: no field has the focus; click the field first")
        if reason := secret.refusal_at(found.origin):
            raise ActionRefused(reason)

    async def focused(self, *watch: str) -> DocumentSecrets | None:
        """The document with the focus, in which `watch` becomes the label of the fields that take input from now on."""
        for one in (await self._documents()).values():
            with suppress(Error):
                if (found := await self._ask(one, *watch)).hasFocus:
                    return found
        return None

    async def asks_for_password(self) -> bool:
        """Whether the field with the focus is for a password: by its type, which it had at some time, or its purpose.

        Without DevTools, that is not known, and every field may be one.
        """
        if not self.tabs.has_devtools:
            return True
        found = await self.focused()
        return found is None or found.isForPassword

    async def stop_watching(self) -> None:
        """What takes input from now on is no secret."""
        with suppress(Error):  # the page was left
            for one in (await self._documents()).values():
                await self._ask(one, None)

    def redact(self, panel: T) -> T:
        """What is drawn over the page, such as its title, with handles in place of values."""
        return self.vault.redact(panel)

    def fill(self, text: str, url: str, report: Callable[[Fact], object]) -> str:
        """The answer to a dialog of the page at `url`: `text` with the values of its secrets, if they belong there."""
        for secret in self.vault.named_in(text):
            if reason := secret.refusal_at(url):
                report(Fact(f"{reason}."))
                return text
        return "".join(part if isinstance(part, str) else self.vault.reveal(part) for part in self.vault.split(text))

    def length_of(self, text: str) -> int:
        """About how many characters typing `text` takes."""
        return len(text) + sum(len(secret.key()) for secret in self.vault.named_in(text))

    async def boxes(self) -> tuple[FoundBox, ...]:
        """The boxes to mask, in CSS pixels of the page. A frame that does not answer is masked as a whole.

        Raises:
            Error: the page does not answer.
        """
        masks: list[FoundBox] = []
        documents = await self._documents()
        for one in documents.values():
            try:
                found = await self._ask(one)
                masks += [box for raw in found.boxes for box in [await self._on_page(one, raw, found, documents)]]
            except Error:
                if not one.parent:
                    raise
                with suppress(Error):  # it is gone
                    masks.append((*await self._frame_box(one, documents), ""))
        return tuple(masks)

    # -- frames

    async def _documents(self) -> dict[str, _Document]:
        """The documents of the current tab by the id of their frame, the main one first."""
        page = self.tabs.current
        main = await self.tabs.session()
        found: dict[str, _Document] = {}
        await self._collect(main, None, found)
        if len(page.frames) > len(found):  # sites in processes of their own have sessions of their own
            for frame in page.frames[1:]:
                session = await self._separate_session(page, frame)
                if session is not None:
                    with suppress(Error):
                        await self._collect(session, main, found)
        return found

    async def _collect(self, session: CDPSession, owner: CDPSession | None, into: dict[str, _Document]) -> None:
        trees = [(await session.send("Page.getFrameTree"))["frameTree"]]
        owners = {one.id: one.session for one in into.values()}
        while trees:
            tree = trees.pop(0)
            frame = tree["frame"]
            parent = frame.get("parentId", "")
            into.setdefault(frame["id"], _Document(frame["id"], session, owners.get(parent, owner), parent))
            owners[frame["id"]] = session
            trees += tree.get("childFrames", [])

    async def _separate_session(self, page: Page, frame: Frame) -> CDPSession | None:
        if (known := self._separate.get(frame)) is not None:
            with suppress(Error):
                await known.send("Page.getFrameTree")
                return known
            del self._separate[frame]
        with suppress(Error):  # it is in the process of the frame around it
            self._separate[frame] = await page.context.new_cdp_session(frame)
        return self._separate.get(frame)

    async def _ask(self, document: _Document, *watch: str | None) -> DocumentSecrets:
        """Run the script in `document`; with `watch`, also change what it remembers fields as.

        Raises:
            Error: the document is gone, or does not answer.
        """
        values = [list(pair) for pair in self.vault.values]
        work = self._evaluate(document, [values, *watch])
        if not document.parent:
            return await work  # the caller notices that the page hangs
        try:
            return await asyncio.wait_for(work, _FRAME_S)
        except TimeoutError as error:
            raise Error("the frame does not answer") from error

    async def _evaluate(self, document: _Document, arguments: Sequence[object]) -> DocumentSecrets:
        world = await document.session.send(
            "Page.createIsolatedWorld", {"frameId": document.id, "worldName": _WORLD, "grantUniveralAccess": False}
        )
        reply = await document.session.send(
            "Runtime.callFunctionOn",
            {
                "functionDeclaration": _script(),
                "executionContextId": world["executionContextId"],
                "arguments": [{"value": value} for value in arguments],
                "returnByValue": True,
            },
        )
        if "exceptionDetails" in reply:
            raise Error("the page could not be searched for secrets")
        return _FOUND.validate_python(reply["result"]["value"])

    # -- geometry

    async def _on_page(
        self,
        document: _Document,
        box: FoundBox,
        found: DocumentSecrets,
        documents: dict[str, _Document],
    ) -> FoundBox:
        """A box of a document in CSS pixels of the page."""
        if not document.parent:
            return box
        left, top, right, bottom = await self._frame_box(document, documents)
        across, down = (right - left) / max(found.width, 1), (bottom - top) / max(found.height, 1)
        return (
            left + box[0] * across,
            top + box[1] * down,
            left + box[2] * across,
            top + box[3] * down,
            box[4],
        )

    async def _frame_box(
        self, document: _Document, documents: dict[str, _Document]
    ) -> tuple[float, float, float, float]:
        """The box of a frame in CSS pixels of the page."""
        assert document.owner is not None or document.parent
        session = documents[document.parent].session if document.parent in documents else document.owner
        assert session is not None
        owner = await session.send("DOM.getFrameOwner", {"frameId": document.id})
        model = (await session.send("DOM.getBoxModel", {"backendNodeId": owner["backendNodeId"]}))["model"]
        xs, ys = model["content"][::2], model["content"][1::2]
        left, top = 0.0, 0.0
        root = next((one for one in documents.values() if one.session is session), None)
        if root is not None and root.parent:  # the frame around it is the root of a process of its own
            left, top, *_ = await self._frame_box(root, documents)
        return left + min(xs), top + min(ys), left + max(xs), top + max(ys)


def masks_of(boxes: Sequence[Sequence[FoundBox]], scale: float) -> tuple[Mask, ...]:
    """The masks for the boxes that were found before and after a screenshot; what moved is masked all the way."""
    first, last = boxes[0], boxes[-1]
    if first != last and len(first) == len(last):
        pairs = [(one, two) for one, two in zip(first, last, strict=True)]
    else:
        pairs = [(one, one) for one in dict.fromkeys((*first, *last))]
    return tuple(
        Mask(
            Box(
                int(min(one[0], two[0]) * scale),
                int(min(one[1], two[1]) * scale),
                -int(-max(one[2], two[2]) * scale // 1),
                -int(-max(one[3], two[3]) * scale // 1),
            ),
            one[4],
        )
        for one, two in pairs
    )


@cache
def _script() -> str:
    return (Path(__file__).parent / "secrets.js").read_text(encoding="utf-8")
