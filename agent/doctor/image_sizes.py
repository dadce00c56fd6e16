"""Checks whether the server resizes images.

A server that downscales images shifts every click of a model that answers in pixels. This is visible in token counts,
since an image costs one token per patch: the check compares a prompt with and without an image.
"""

from dataclasses import dataclass

from ...envs.check import Check
from ...envs.geometry import Size
from ..core.coordinates import Grid, ImageRule
from ..core.messages import Message
from .probe import Probe, ServerRefused, failed, ok, skipped, warning
from .screens import calibration_screens, screen_image

SIZES = (Size(462, 350), Size(1280, 720), Size(1080, 1920), Size(1920, 1080), Size(2560, 1440))

TOLERANCE = 4
"""Allowed difference in tokens: the image's delimiters and what the chat template adds."""

_TEXT = "7 " * 100
"""Digits: no tokenizer produces one token per four characters for them, which is the estimate without server counts."""

_ESTIMATE = len(_TEXT) // 4
_FACTORS = (14, 16, 28, 32)
_FRAME = 2
_TEXT_TOKENS = 300


@dataclass(frozen=True, slots=True)
class _Count:
    size: Size
    tokens: int
    expected: int

    @property
    def is_right(self) -> bool:
        return abs(self.tokens - self.expected) <= TOLERANCE


def image_sizes(probe: Probe) -> Check:
    """Compare the actual and expected token counts of images."""
    if probe.dialect is None:
        return skipped("the model's image sizes are unknown")
    bare = probe.ask([Message.of("user", _TEXT)]).usage.prompt
    if bare == _ESTIMATE:
        return skipped("the server does not report token counts (usage.prompt_tokens)")
    rule = probe.dialect.image_rule
    try:
        counts = [
            _count(probe, size, bare, rule) for size in SIZES if probe.has_room(_expected(size, rule) + _TEXT_TOKENS)
        ]
    except ServerRefused as refused:
        return failed(str(refused), "fix what the server reports: an agent needs images")
    if not any(count.tokens for count in counts):
        return skipped("the server does not count image tokens")
    return _check(counts, probe.dialect.image_rule, in_pixels=not isinstance(probe.dialect.space, Grid))


def _count(probe: Probe, screen: Size, bare: int, rule: ImageRule) -> _Count:
    drawn = next(each for each in calibration_screens() if each.size == screen)
    image = screen_image(drawn, rule.resize(screen))
    tokens = probe.ask([Message.of("user", image, _TEXT)]).usage.prompt - bare
    return _Count(image.size, tokens, rule.tokens(image.size))


def _expected(screen: Size, rule: ImageRule) -> int:
    return rule.tokens(rule.resize(screen))


def _check(counts: list[_Count], rule: ImageRule, *, in_pixels: bool) -> Check:
    wrong = [count for count in counts if not count.is_right]
    if not wrong:
        sizes = ", ".join(str(count.size) for count in counts)
        return ok(f"images are not resized: {sizes}")
    problem = failed if in_pixels else warning
    worst = max(wrong, key=lambda count: abs(count.tokens - count.expected))
    cost = f"an image of {worst.size} costs {worst.tokens} tokens, not {worst.expected}"
    if factor := _other_factor(counts, rule):
        found = f"{cost}: the model's patches are {factor} px wide, not {rule.factor}"
        return problem(found, "the model is not of the dialect's family: use another --dialect")
    share = max(worst.tokens - _FRAME, 0) / (worst.expected - _FRAME)
    found = f"{cost}: the server resizes it to about {share:.0%} of its pixels"
    harm = "clicks miss" if in_pixels else "small text is lost"
    limit = "lower" if share > 1 else "raise"
    return problem(f"{found}, so that {harm}", f"{limit} the server's image limit (vLLM: {_vllm(rule)})")


def _vllm(rule: ImageRule) -> str:
    return f'--mm-processor-kwargs \'{{"min_pixels":{rule.min_pixels},"max_pixels":{rule.max_pixels}}}\''


def _other_factor(counts: list[_Count], rule: ImageRule) -> int | None:
    """Another patch size than the rule's that explains all counts, if any."""
    for factor in _FACTORS:
        other = ImageRule(factor, rule.min_pixels, rule.max_pixels)
        if factor != rule.factor and all(
            _Count(count.size, count.tokens, other.tokens(other.resize(count.size))).is_right for count in counts
        ):
            return factor
    return None
