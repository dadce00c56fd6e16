"""Checks a model server: is it reachable, what does it serve, and does it support what an episode needs.

Each check is one line. If a server does not report what a check needs, the check is skipped, with the reason. A check
raises `ModelLost` if the server does not respond; then the remaining ones are skipped.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from ...envs.check import Check, CheckStatus
from ...envs.geometry import Size
from ..core.messages import Message
from ..core.model import ModelLost, ModelUnknown, Sampling
from ..dialects.dialect import Dialect
from ..dialects.registry import dialect_for_model, dialects_for_model
from ..models.served.model import ServedModel
from .capabilities import images_per_prompt, prefix_cache, special_tokens, structured_output
from .image_sizes import image_sizes
from .probe import Probe, ServerRefused, failed, ok, skipped, warning

REACHABLE = "model: reachable"
NAME = "model: name"
REPLY = "model: reply"
CONTEXT = "model: context"
IMAGES = "model: images per prompt"
IMAGE_SIZE = "model: image size"
TOKENS = "model: special tokens"
CACHE = "model: prefix cache"
STRUCTURE = "model: structured output"

USUAL_SCREEN = Size(1280, 720)
USUAL_SCREENSHOTS = 5
"""The maximum of the default history."""

_TEXT_TOKENS = 1500  # tokens of prompt and past replies
_REPLY_TOKENS = 400


def check_endpoint(model: ServedModel, dialect: Dialect | None = None, *, measured: bool = False) -> Iterator[Check]:
    """Yield each check as it completes; the first is `REACHABLE`. Without a dialect, the model's name selects it.

    A name that leaves the dialect open is a failure, unless the model will be `measured`.
    """
    probe = Probe(model, dialect, measured=measured)
    why = ""
    for what, run_check in _CHECKS:
        if why:
            yield Check(what, CheckStatus.SKIPPED, why)
            continue
        try:
            check = run_check(probe)
        except ModelUnknown as unknown:  # the server answered
            yield replace(ok(model.base_url), what=what)
            problem, _, advice = str(unknown).rpartition(": ")
            yield replace(failed(problem, advice), what=NAME)
            yield from (Check(rest, CheckStatus.SKIPPED, f"because of {NAME}") for rest, _ in _CHECKS[2:])
            return
        except ModelLost as lost:
            check, why = _lost(lost), f"because of {what}"
        except ServerRefused as refused:
            check, why = failed(str(refused), "fix what the server reports"), f"because of {what}"
        yield replace(check, what=what)


def dialect_of(model: ServedModel, dialect: Dialect | None = None) -> Dialect | None:
    """`dialect`, or else the one that the served model's name selects, if any.

    Raises:
        ModelLost: the server cannot be reached.
    """
    return dialect or dialect_for_model(model.facts().model)


def _lost(lost: ModelLost) -> Check:
    """The line for a lost server: the error and the advice after its last semicolon."""
    cause, _, advice = re.sub(r" \(tried \d+ times\)$", "", str(lost)).rpartition("; ")
    return failed(cause or advice, advice if cause else "fix what the server reports")


def _reachable(probe: Probe) -> Check:
    facts = probe.model.facts()
    return ok(f"{probe.model.base_url}, {facts.version or 'not vLLM'}")


def _name(probe: Probe) -> Check:
    name = probe.model.facts().model
    by_name = dialect_for_model(name)
    if probe.dialect is None:
        fitting = " or ".join(dialect.name for dialect in dialects_for_model(name))
        found = f"{name}: its name fits {fitting}" if fitting else f"{name}: no dialect is known for this name"
        if probe.measured:
            return ok(f"{found}; the calibration measures which one it fits")
        return failed(found, f"use --dialect {fitting}" if fitting else "name its own with --dialect")
    found = f"{name}, dialect {probe.dialect.name}"
    if by_name is None or by_name.name == probe.dialect.name:
        return ok(found)
    return warning(f"{found}, but its name suggests {by_name.name}", "remove --dialect")


def _reply(probe: Probe) -> Check:
    completion = probe.ask([Message.of("user", "Say hello.")], Sampling(max_tokens=16))
    if not completion.text.strip():
        advice = "allow more tokens, or check the server's chat template"
        return warning("an empty reply to a greeting", advice)
    return ok(f"{completion.usage.prompt} tokens in, {completion.usage.completion} out")


def _context(probe: Probe) -> Check:
    context = probe.model.facts().context_tokens
    if context is None:
        return skipped("the server does not report its context length")
    if probe.dialect is None:
        return ok(f"{context} tokens")
    rule = probe.dialect.image_rule
    fitting = max(0, context - _TEXT_TOKENS - _REPLY_TOKENS) // rule.tokens(rule.resize(USUAL_SCREEN))
    found = f"{context} tokens: about {fitting} screenshots of {USUAL_SCREEN}"
    if fitting >= USUAL_SCREENSHOTS:
        return ok(found)
    advice = f"serve it with a larger --max-model-len, or run with --history window:{max(fitting, 1)}"
    problem = warning if fitting else failed
    return problem(f"{found}, but the history holds up to {USUAL_SCREENSHOTS}", advice)


_CHECKS: tuple[tuple[str, Callable[[Probe], Check]], ...] = (
    (REACHABLE, _reachable),
    (NAME, _name),
    (REPLY, _reply),
    (CONTEXT, _context),
    (IMAGES, images_per_prompt),
    (IMAGE_SIZE, image_sizes),
    (TOKENS, special_tokens),
    (CACHE, prefix_cache),
    (STRUCTURE, structured_output),
)
