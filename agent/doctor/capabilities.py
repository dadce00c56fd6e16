"""Checks optional capabilities of a server: several images, special tokens, a prefix cache, structured output."""

import re
from functools import cache

from PIL import Image

from ...envs.check import Check
from ...envs.geometry import Size
from ...envs.screenshot import Screenshot
from ..core.messages import ImagePart, Message
from ..core.model import Sampling
from ..dialects.dialect import Constrainable, Dialect
from ..models.errors import EXPECTED_ERRORS
from ..models.transport import http_client
from .probe import Probe, ServerRefused, failed, ok, skipped, warning

MAX_IMAGES = 50
"""The number of images to test with; no history holds more."""

ENOUGH_IMAGES = 5

BOX_START, BOX_END = "<|box_start|>", "<|box_end|>"

_LIMIT = re.compile(r"at most (\d+) image", re.IGNORECASE)
_METRICS_S = 5.0
_LONG = "The quick brown fox jumps over the lazy dog. " * 60
"""Fills several blocks of any server's prefix cache."""


# -- images per prompt


def images_per_prompt(probe: Probe) -> Check:
    """The maximum number of images in a prompt, from the error for too many images or by bisection."""
    limit, refusal = _image_limit(probe)
    if limit >= MAX_IMAGES:
        return ok(f"{MAX_IMAGES} or more")
    if limit == 0:
        advice = "serve a vision model and allow images (vLLM: --limit-mm-per-prompt)"
        return failed(refusal, advice)
    if limit >= ENOUGH_IMAGES:
        return ok(f"{limit}")
    advice = f'serve it with --limit-mm-per-prompt \'{{"image":5,"video":0}}\', or run with --history window:{limit}'
    return warning(f"{limit}, but the history holds up to {ENOUGH_IMAGES}", advice)


def _image_limit(probe: Probe) -> tuple[int, str]:
    """The accepted number of images, and the server's error for more."""
    accepted, refused, reason = 0, MAX_IMAGES + 1, ""
    asked = MAX_IMAGES
    while refused - accepted > 1:
        try:
            probe.ask([Message("user", (_dot(),) * asked), Message.of("user", "How many?")])
            accepted = asked
        except ServerRefused as error:
            refused, reason = asked, str(error)
            if limit := _LIMIT.search(reason):
                return min(int(limit[1]), asked - 1), reason
        asked = (accepted + refused) // 2
    return accepted, reason


@cache
def _dot() -> ImagePart:
    """A tiny image, which costs only a few tokens."""
    size = Size(64, 64)
    return ImagePart.of(Screenshot(Image.new("RGB", (size.width, size.height), (200, 30, 30))), size)


# -- special tokens


def special_tokens(probe: Probe) -> Check:
    """Whether replies contain the box tokens that the dialect's models write; the server's cache holds them too.

    vLLM is forced to write them by a grammar; other models are asked to, and if they do not, the result is unknown.
    """
    if probe.dialect is None or not _writes_boxes(probe.dialect):
        return skipped("the dialect has none")
    try:
        text = _boxes_from(probe)
    except ServerRefused as refused:
        return skipped(f"the server rejects the request for one: {refused}")
    if BOX_START in text and BOX_END in text:
        return ok(f"{BOX_START} is kept in replies")
    if "(1,2)" not in text.replace(" ", ""):
        return skipped("the model did not repeat a box, so the result is unknown")
    found = f"{BOX_START} is stripped from replies; adding it to past ones again causes cache misses"
    return warning(found, "serve it with vLLM, which supports skip_special_tokens=false")


def _boxes_from(probe: Probe) -> str:
    sampling = Sampling(max_tokens=40)
    if probe.model.facts().is_vllm:
        sampling = Sampling(max_tokens=40, grammar=f'start: "Box: " {BOX_START} "(1,2)" {BOX_END}\n')
    asked = f"Repeat this, and nothing else: {BOX_START}(1,2){BOX_END}"
    return probe.ask([Message.of("user", asked)], sampling).text


def _writes_boxes(dialect: Dialect) -> bool:
    return isinstance(dialect, Constrainable) and BOX_START in dialect.grammar(Size(28, 28))


# -- prefix cache


def prefix_cache(probe: Probe) -> Check:
    """Whether a repeated prompt is served from the server's prefix cache."""
    messages = [Message.of("user", _LONG)]
    try:
        probe.ask(messages)
        before = _cache_hits(probe)
        again = probe.ask(messages).usage
        after = _cache_hits(probe)
    except ServerRefused as refused:
        return skipped(str(refused))
    if again.cached:
        return ok(f"{again.cached} of {again.prompt} tokens of a repeated prompt came from it")
    if before is None or after is None:
        found = "no cached tokens reported for a repeated prompt: the cache is off, or the server does not report it"
        return warning(found, "vLLM: serve with --enable-prompt-tokens-details, then check again")
    if after > before:
        advice = "serve with --enable-prompt-tokens-details, so that runs record it"
        return ok(f"{after - before:.0f} tokens of a repeated prompt came from it", advice)
    return warning(
        "it is off: each step processes its whole prompt",
        "remove --no-enable-prefix-caching",
    )


def _cache_hits(probe: Probe) -> float | None:
    """The total prefix cache hits in tokens, from vLLM's `/metrics`; None for other servers."""
    if not probe.model.facts().is_vllm:
        return None
    root = probe.model.base_url.removesuffix("/v1")
    try:
        with http_client(root) as client:
            answer = client.get(f"{root}/metrics", timeout=_METRICS_S)
    except EXPECTED_ERRORS:
        return None
    found = re.findall(r"^vllm:prefix_cache_hits(?:_total)?(?:\{[^}\n]*\})? (\S+)$", answer.text, re.MULTILINE)
    return sum(map(float, found)) if found and answer.is_success else None


# -- structured output


def structured_output(probe: Probe) -> Check:
    """Whether a grammar can constrain replies, as `--constrain` does; only vLLM supports it."""
    if not probe.model.facts().is_vllm:
        return skipped("only vLLM supports it")
    sampling = Sampling(max_tokens=20, grammar='start: "code-" /[0-9]{4}/\n')
    try:
        text = probe.ask([Message.of("user", "Say hello.")], sampling).text
    except ServerRefused as refused:
        return warning(str(refused), "run without --constrain, or update vLLM to 0.25 or later")
    if re.fullmatch(r"code-[0-9]{4}", text):
        return ok("a grammar can constrain replies (--constrain)")
    found = f"the grammar was ignored: {text[:40]!r}"
    return warning(found, "run without --constrain, or update vLLM to 0.25 or later")
