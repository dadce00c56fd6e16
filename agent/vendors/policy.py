"""The policy that asks a vendor's API: builds the conversation from the steps, and reads the reply."""

import json
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace

from screenwright._text import one_line

from ...envs.env import EnvInfo
from ...envs.interrupt import Interrupted, interruptible
from ...prompts import prompt_sha256, render
from ..core.context import DecisionContext, HistoryStep
from ..core.coordinates import Frame
from ..core.functions import FunctionSpec
from ..core.messages import ImagePart
from ..core.model import PromptRefused, Sampling, Usage
from ..policy.grounding import GroundedReply
from ..policy.policy import PolicyEvents, PolicySettings
from ..record.events import ParseFailed, PolicyInfo, RecoveredError, Replied
from .exchange import Exchange, Json, ScreenKind, VendorConversation, VendorReply, fitted
from .model import ConversationGone, VendorModel

MAX_REPAIRS = 2
"""How often the model may retry after a reply that cannot be carried out, before the step fails."""

_MAX_ADDRESS = 2000
_SCREENS = {
    ScreenKind.PAGE: "a web page, without the window of the browser around it,",
    ScreenKind.BROWSER_WINDOW: "a browser window",
    ScreenKind.DESKTOP: "a computer",
    ScreenKind.PHONE: "an Android phone, where a click is a touch,",
}

_ATTENDED = "If you need the user, call ask_user instead of asking in a message."
_UNATTENDED = "No one can answer questions."


@dataclass
class VendorPolicy:
    """Asks `model`, with screenshots scaled to its long edge or that of `settings`.

    Each request is built from the recorded steps, so a resumed run continues the conversation. With a history in
    `settings`, or if the API no longer has the conversation, the whole conversation is sent; otherwise an API that
    keeps it is sent only the newest step. Zoom refinement and a raised temperature are not used.
    """

    model: VendorModel
    settings: PolicySettings = PolicySettings()
    screen: ScreenKind = ScreenKind.DESKTOP
    attended: bool = False
    functions: tuple[FunctionSpec, ...] = ()

    _max_images: int | None = field(init=False, default=None)
    _encoded: dict[str, ImagePart] = field(init=False, default_factory=dict[str, ImagePart])

    def info(self) -> PolicyInfo:
        """See `Policy`."""
        kept = self.model.keeps_conversation(self.settings.sampling)
        history = self.settings.history or ("" if kept else self.model.history)
        sampling = Sampling(**self.settings.sampling) if self.settings.sampling else None
        return PolicyInfo(
            self.model.info(),
            prompt_sha256=prompt_sha256(self._system()),
            history=str(history),
            sampling=sampling,
            prompt_source=f"Screenwright for the computer tool of {self.model.title}",
        )

    def for_episode(self, env: EnvInfo, *, attended: bool) -> "VendorPolicy":
        """See `EpisodeAware`. The model may ask the user only if one attends."""
        return replace(self, screen=ScreenKind.of(env), attended=attended)

    def with_functions(self, functions: tuple[FunctionSpec, ...]) -> "VendorPolicy":
        """See `TakesFunctions`."""
        for spec in functions:
            if spec.name in self.model.reserved:
                raise ValueError(f"{self.model.title} has a tool {spec.name!r} itself: give yours another name")
        return replace(self, functions=functions)

    def open(self) -> None:
        """See `Policy`."""
        self.model.functions = self.functions
        self._max_images = None
        self.model.connect()

    def decide(self, context: DecisionContext, interrupted: Callable[[], bool]) -> PolicyEvents:
        """See `Policy`. A reply that cannot be carried out is answered with the reason, up to `MAX_REPAIRS` times."""
        screen = context.history[-1].screenshot.size
        frame = Frame(screen, fitted(screen, self._long_edge), self.model.space, context.device)
        failed: list[Json] = []
        max_tokens = self.settings.sampling.get("max_tokens")
        for attempt in range(MAX_REPAIRS + 1):
            answer = yield from self._ask(context, failed, max_tokens, attempt, interrupted)
            if answer is None:
                return
            raw, reply = answer
            if reply.withheld:
                raise self.model.withheld(reply)
            problem = reply.problem
            if not problem:
                try:
                    decided = GroundedReply.of(reply.parsed(), frame).decided(context.step)
                except ValueError as error:
                    problem = str(error)
                else:
                    yield replace(decided, safety_checks=reply.safety_checks)
                    return
            yield ParseFailed(context.step, attempt, "bad_argument" if reply.complete else "truncated", 0, problem)
            if not reply.complete:
                max_tokens = 2 * (max_tokens or self.model.max_tokens)
            elif reply.calls and not reply.malformed:
                failed.append(raw)

    def _ask(
        self,
        context: DecisionContext,
        failed: list[Json],
        max_tokens: int | None,
        attempt: int,
        interrupted: Callable[[], bool],
    ) -> Generator[Replied | RecoveredError, None, tuple[Json, VendorReply] | None]:
        """The reply, raw and read; None if the caller no longer waits.

        As long as the API refuses the request as too long, one with fewer screenshots is sent.
        """
        chained = self._may_chain(context, failed)
        while True:
            started = time.perf_counter()
            conversation = self._conversation(context, failed, max_tokens, chained=chained)
            request = self.model.request(conversation)
            images = [exchange.image for exchange in conversation.exchanges if exchange.image is not None]
            encode_s, started, errors = time.perf_counter() - started, time.perf_counter(), list[str]()
            raw: Json | None = None
            try:
                with interruptible(by=interrupted):
                    raw = self.model.ask(request, errors)
            except Interrupted:
                pass
            except ConversationGone as gone:
                yield RecoveredError(context.step, "model", f"{gone}; the whole conversation was sent again")
                chained = False
                continue
            except PromptRefused as refused:
                if not chained:
                    if len(images) < 2:
                        raise
                    self._max_images = len(images) // 2
                yield RecoveredError(context.step, "model", str(refused))
                chained = False
                continue
            for line in errors:
                yield RecoveredError(context.step, "model", line)
            reply = self.model.checked(raw) if raw is not None else VendorReply()
            text = json.dumps({"api": self.model.vendor, "reply": raw}, ensure_ascii=False) if raw is not None else ""
            model_s, size = time.perf_counter() - started, images[-1].size
            usage = reply.usage if raw is not None else Usage()
            yield Replied(context.step, attempt, text, usage, size, len(images), encode_s, model_s)
            return (raw, reply) if raw is not None else None

    # -- the conversation

    @property
    def _long_edge(self) -> int:
        return self.settings.long_edge or self.model.long_edge

    def _system(self) -> str:
        return render("vendor", screen=_SCREENS[self.screen], user=_ATTENDED if self.attended else _UNATTENDED)

    def _may_chain(self, context: DecisionContext, failed: list[Json]) -> bool:
        """Whether the API has the conversation so far, as it is to be continued."""
        kept = self.model.keeps_conversation(self.settings.sampling)
        if not kept or self.settings.history is not None or self._max_images is not None:
            return False
        if failed:
            return True
        before = context.current_plan[-2] if len(context.current_plan) > 1 else None
        raw = self._recorded(before.reply) if before is not None else None
        if before is None or raw is None:
            return False
        return before.acknowledged or not self.model.read(raw).safety_checks

    def _conversation(
        self, context: DecisionContext, failed: list[Json], max_tokens: int | None, *, chained: bool
    ) -> VendorConversation:
        steps = context.current_plan
        rule = self.settings.history or self.model.history
        shown = sorted(rule.images(len(steps), tuple(step.change for step in steps)))
        shown = [len(steps) - 1] if chained else shown[-(self._max_images or len(shown)) :]
        self._forget_images({steps[index].screenshot.sha256 for index in shown})
        exchanges = [
            self._exchange(step, shows=index in shown)
            for index, step in enumerate(steps)
            if index == len(steps) - 1 or self._recorded(step.reply) is not None
        ]
        newest = replace(exchanges[-1], reply=None)
        for raw in failed:
            exchanges = [*exchanges[:-1], replace(exchanges[-1], reply=raw), replace(newest, notes=())]
        sampling = {name: value for name, value in self.settings.sampling.items() if name != "max_tokens"}
        return VendorConversation(
            context.task, self._system(), self.screen, tuple(exchanges), self.attended, chained, max_tokens, sampling
        )

    def _exchange(self, step: HistoryStep, *, shows: bool) -> Exchange:
        image = self._encode(step) if shows else None
        reply = self._recorded(step.reply)
        return Exchange(
            step.screenshot,
            image,
            step.notes,
            one_line(step.location, _MAX_ADDRESS),
            reply,
            step.refused,
            step.acknowledged,
        )

    def _recorded(self, text: str | None) -> Json | None:
        """The reply of this API in the text of a recorded one; None if it is none."""
        try:
            data = json.loads(text or "")
        except ValueError:
            return None
        reply = data.get("reply") if isinstance(data, dict) and data.get("api") == self.model.vendor else None
        return reply if isinstance(reply, dict) else None

    def _encode(self, step: HistoryStep) -> ImagePart:
        """The encoded screenshot; the same bytes in each request, because the API caches by them."""
        shot = step.screenshot
        part = self._encoded.get(shot.sha256)
        if part is None:
            part = ImagePart.of(shot, fitted(shot.size, self._long_edge), self.settings.image_format)
            self._encoded[shot.sha256] = part
        return part

    def _forget_images(self, in_use: set[str]) -> None:
        self._encoded = {name: part for name, part in self._encoded.items() if name in in_use}
