"""What a server can do beyond answering: several images, special tokens, a prefix cache, replies of a given form."""

import re
from functools import cache

from PIL import Image

from ...envs.check import Check, CheckStatus
from ...envs.geometry import Size
from ...envs.screenshot import Screenshot
from ..core.messages import ImagePart, Message
from ..core.model import Sampling
from ..dialects.dialect import Constrainable, Dialect
from .probe import Probe, ServerRefused

MOST_IMAGES = 50
"""More images than this are not asked for: no history shows as many."""

ENOUGH_IMAGES = 5

BOX_START, BOX_END = "<|box_start|>", "<|box_end|>"

_LIMIT = re.compile(r"at most (\d+) image", re.IGNORECASE)
_METRICS_S = 5.0
_LONG = "The quick brown fox jumps over the lazy dog. " * 60
"""Several blocks of any server's prefix cache."""


# -- images a prompt


def images_a_prompt(what: str, probe: Probe) -> Check:
    """How many images a prompt may hold: read off the refusal of very many, or tried out.

    Raises:
        ModelLost: the server does not answer.
    """
    most, refusal = _most_images(probe)
    if most >= MOST_IMAGES:
        return Check(what, CheckStatus.OK, f"{MOST_IMAGES} or more")
    if most == 0:
        advice = "serve a model that sees, and allow it images (vLLM: --limit-mm-per-prompt)"
        return Check(what, CheckStatus.FAILED, refusal, advice)
    if most >= ENOUGH_IMAGES:
        return Check(what, CheckStatus.OK, f"{most}")
    advice = f'serve it with --limit-mm-per-prompt \'{{"image":5,"video":0}}\', or run with --history window:{most}'
    return Check(what, CheckStatus.WARNING, f"{most}, where up to {ENOUGH_IMAGES} are shown", advice)


def _most_images(probe: Probe) -> tuple[int, str]:
    """The number, and what the server says to more."""
    accepted, refused, said = 0, MOST_IMAGES + 1, ""
    asked = MOST_IMAGES
    while refused - accepted > 1:
        try:
            probe.ask([Message("user", (_dot(),) * asked), Message.of("user", "How many?")])
            accepted = asked
        except ServerRefused as error:
            refused, said = asked, str(error)
            if limit := _LIMIT.search(said):
                return min(int(limit[1]), asked - 1), said
        asked = (accepted + refused) // 2
    return accepted, said


@cache
def _dot() -> ImagePart:
    """A tiny image, which costs a handful of tokens."""
    size = Size(64, 64)
    return ImagePart.of(Screenshot(Image.new("RGB", (size.width, size.height), (200, 30, 30))), size)


# -- special tokens


def special_tokens(what: str, probe: Probe) -> Check:
    """Whether the box tokens that the dialect's models write arrive here; they are what the server has in its cache.

    vLLM is made to write them. Another server's model is asked to, and where it will not nothing is known.

    Raises:
        ModelLost: the server does not answer.
    """
    if probe.dialect is None or not _writes_boxes(probe.dialect):
        return Check(what, CheckStatus.SKIPPED, "the dialect writes none")
    try:
        text = _boxes_from(probe)
    except ServerRefused as refused:
        return Check(what, CheckStatus.SKIPPED, f"the server cannot be made to write one: {refused}")
    if BOX_START in text and BOX_END in text:
        return Check(what, CheckStatus.OK, f"{BOX_START} arrives as the model writes it")
    if "(1,2)" not in text.replace(" ", ""):
        return Check(what, CheckStatus.SKIPPED, "the model does not repeat a box, so that nothing can be told")
    found = f"{BOX_START} is stripped from replies; it is put back in past ones, at the price of cache misses"
    return Check(what, CheckStatus.WARNING, found, "serve it with vLLM, which is asked for skip_special_tokens=false")


def _boxes_from(probe: Probe) -> str:
    sampling = Sampling(max_tokens=40)
    if probe.model.facts().is_vllm:
        sampling = Sampling(max_tokens=40, grammar=f'start: "Box: " {BOX_START} "(1,2)" {BOX_END}\n')
    asked = f"Repeat this, and nothing else: {BOX_START}(1,2){BOX_END}"
    return probe.ask([Message.of("user", asked)], sampling).text


def _writes_boxes(dialect: Dialect) -> bool:
    return isinstance(dialect, Constrainable) and BOX_START in dialect.grammar(Size(28, 28))


# -- prefix cache


def prefix_cache(what: str, probe: Probe) -> Check:
    """Whether a prompt that was sent before is taken from the server's cache.

    Raises:
        ModelLost: the server does not answer.
    """
    messages = [Message.of("user", _LONG)]
    try:
        probe.ask(messages)
        before = _cache_hits(probe)
        again = probe.ask(messages).usage
        after = _cache_hits(probe)
    except ServerRefused as refused:
        return Check(what, CheckStatus.SKIPPED, str(refused))
    if again.cached:
        return Check(what, CheckStatus.OK, f"{again.cached} of {again.prompt} tokens of a repeated prompt came from it")
    if before is None or after is None:
        found = "no tokens of a repeated prompt are said to come from it: it is off, or the server does not tell"
        return Check(
            what, CheckStatus.WARNING, found, "vLLM: serve with --enable-prompt-tokens-details, then look again"
        )
    if after > before:
        advice = "serve with --enable-prompt-tokens-details, so that runs record it"
        return Check(what, CheckStatus.OK, f"{after - before:.0f} tokens of a repeated prompt came from it", advice)
    return Check(
        what, CheckStatus.WARNING, "it is off: each step is computed anew", "leave out --no-enable-prefix-caching"
    )


def _cache_hits(probe: Probe) -> float | None:
    """The tokens that vLLM's prefix cache has spared so far, from its `/metrics`; None of other servers."""
    if not probe.model.facts().is_vllm:
        return None
    from ..models.errors import EXPECTED
    from ..models.transport import http_client

    root = probe.model.base_url.removesuffix("/v1")
    try:
        with http_client(root) as client:
            answer = client.get(f"{root}/metrics", timeout=_METRICS_S)
    except EXPECTED:
        return None
    found = re.findall(r"^vllm:prefix_cache_hits(?:_total)?(?:\{[^}\n]*\})? (\S+)$", answer.text, re.MULTILINE)
    return sum(map(float, found)) if found and answer.is_success else None


# -- structured output


def structured_output(what: str, probe: Probe) -> Check:
    """Whether a reply can be held to a grammar, as `--constrain` does. Only vLLM is asked for that.

    Raises:
        ModelLost: the server does not answer.
    """
    if not probe.model.facts().is_vllm:
        return Check(what, CheckStatus.SKIPPED, "only vLLM can be asked for it")
    sampling = Sampling(max_tokens=20, grammar='start: "code-" /[0-9]{4}/\n')
    try:
        text = probe.ask([Message.of("user", "Say hello.")], sampling).text
    except ServerRefused as refused:
        return Check(
            what, CheckStatus.WARNING, str(refused), "run without --constrain, or update vLLM to 0.25 or later"
        )
    if re.fullmatch(r"code-[0-9]{4}", text):
        return Check(what, CheckStatus.OK, "a reply can be held to a grammar (--constrain)")
    found = f"the grammar was ignored: {text[:40]!r}"
    return Check(what, CheckStatus.WARNING, found, "run without --constrain, or update vLLM to 0.25 or later")
