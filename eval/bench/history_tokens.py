"""The cost of each image history on a server with a prefix cache: prompt tokens, prefilled tokens and hits.

    .venv/bin/python eval/bench/history_tokens.py [STEPS] [WIDTHxHEIGHT] [BLOCK] [--plot FILE]

vLLM's accounting: a prompt is divided into blocks of 16 tokens; a block hits if it and all blocks before it are cached,
with images identified by their bytes; the last token is always computed. Prompts come from our policy and dialect; an
image has the tokens of `smart_resize`, and four characters of text count as one token. Generated tokens never hit,
since servers may tokenize them differently from the client's text.
"""

import argparse
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from PIL import Image, ImageDraw

from screenwright import ImagePart, Message, ModelPolicy, Screenshot, ScriptedModel, Size, UiTars15, history_named
from screenwright.agent.core.context import DecisionContext, HistoryStep

HISTORIES = ("window:5", "chunked:5:2", "chunked:5:3", "keyframes:5", "keyframes:8", "changes:5", "all")
PLOTTED = ("window:5", "chunked:5:2", "keyframes:5", "all")
REPLY = (
    "Thought: The form is still missing the postal address, so I click on the next empty field, which lies below the "
    "one that was filled last, and go on from there until nothing is left to fill in, and then send the form off.\n"
    "Action: click(start_box='({x},{y})')"
)
_CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True)
class Cost:
    """Tokens of one step."""

    prompt: int
    prefilled: int


class PrefixCache:
    """The cached blocks, each identified by all tokens up to its end."""

    def __init__(self, block: int) -> None:
        self._block = block
        self._seen: set[bytes] = set()

    def prefill(self, tokens: Sequence[bytes]) -> Cost:
        """The cost of a prompt, which is then cached."""
        hit, found, digest = 0, True, hashlib.blake2b()
        for end in range(self._block, len(tokens) + 1, self._block):
            for token in tokens[end - self._block : end]:
                digest.update(token)
            name = digest.copy().digest()
            found = found and name in self._seen and end < len(tokens)
            hit = end if found else hit
            self._seen.add(name)
        return Cost(len(tokens), len(tokens) - hit)


def tokens_of(messages: Iterable[Message], dialect: UiTars15) -> Iterator[bytes]:
    """The tokens of a prompt, as distinct bytes."""
    for message in messages:
        yield from (b"<start>", message.role.encode(), b"\n")
        for part in message.parts:
            if isinstance(part, ImagePart):
                yield from (b"%s %d" % (part.sha256.encode(), n) for n in range(dialect.image_rule.tokens(part.size)))
            else:
                text, step = part.text, _CHARACTERS_PER_TOKEN
                yield from (text[at : at + step].encode() for at in range(0, len(text), step))
        yield from (b"<end>", b"\n")


def make_history(steps: int, size: Size) -> tuple[HistoryStep, ...]:
    """Different screens; every seventh one is completely new."""
    steps_taken: list[HistoryStep] = []
    for step in range(steps):
        image = Image.new("RGB", (size.width, size.height), "white")
        ImageDraw.Draw(image).text((40, 40), f"step {step}", fill="black")
        change = 0.6 if step % 7 == 0 else 0.01 + 0.001 * (step % 5)
        steps_taken.append(
            HistoryStep(Screenshot(image), reply=REPLY.format(x=100 + step, y=200 + 7 * step), change=change)
        )
    return tuple(steps_taken)


def costs(history: str, steps_taken: Sequence[HistoryStep], block: int) -> list[Cost]:
    """The cost of each step with `history`."""
    model, dialect, cache = ScriptedModel(lambda messages: "Action: wait()"), UiTars15(), PrefixCache(block)
    policy = ModelPolicy(model, dialect, history=history_named(history))
    found: list[Cost] = []
    for step in range(1, len(steps_taken) + 1):
        past = (
            *steps_taken[: step - 1],
            HistoryStep(steps_taken[step - 1].screenshot, change=steps_taken[step - 1].change),
        )
        list(policy.decide(DecisionContext("Fill in the form and send it off.", step, past), lambda: False))
        found.append(cache.prefill(tuple(tokens_of(model.asked[-1], dialect))))
    return found


def table_of(found: Mapping[str, Sequence[Cost]]) -> str:
    """A row per history; shares are relative to the first one's prefilled tokens."""
    lines = [
        "| history | prompt tokens | prefilled | per step | worst step | prefix hits | relative to window |",
        "|---" * 7 + "|",
    ]
    window = sum(cost.prefilled for cost in next(iter(found.values())))
    for name, of_steps in found.items():
        prompt, prefilled = (sum(getattr(cost, kind) for cost in of_steps) for kind in ("prompt", "prefilled"))
        worst = max(cost.prefilled for cost in of_steps)
        share = f"{100 - prefilled * 100 / prompt:.1f} % | {prefilled * 100 / window:.0f} %"
        a_step = prefilled // len(of_steps)
        lines.append(f"| `{name}` | {prompt:,} | {prefilled:,} | {a_step:,} | {worst:,} | {share} |")
    return "\n".join(lines)


def plot(found: Mapping[str, Sequence[Cost]], file: Path) -> None:
    """Plot prefilled tokens per step and in total (needs matplotlib)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.6, 3.6), dpi=100, layout="constrained")
    each, summed = figure.subplots(1, 2)
    for name in PLOTTED:
        prefilled = [cost.prefilled for cost in found[name]]
        steps = range(1, len(prefilled) + 1)
        each.plot(steps, prefilled, label=name, linewidth=1.3)
        summed.plot(steps, list(accumulate(prefilled)), label=name, linewidth=1.3)
    each.set(title="tokens prefilled at each step", xlabel="step", ylim=0)
    summed.set(title="tokens prefilled in total", xlabel="step", ylim=0)
    summed.legend(frameon=False)
    for axes in (each, summed):
        axes.grid(alpha=0.3)
        axes.yaxis.set_major_formatter("{x:,.0f}")
    figure.savefig(file)


def main() -> None:
    """Print the table and the tokens prefilled at each step."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("steps", nargs="?", type=int, default=30)
    parser.add_argument("size", nargs="?", default="1280x720", metavar="WIDTHxHEIGHT")
    parser.add_argument("block", nargs="?", type=int, default=16, help="tokens per block of the server's cache")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="plot to a PNG or SVG file")
    given = parser.parse_args()
    width, height = given.size.split("x")
    steps_taken = make_history(given.steps, Size(int(width), int(height)))
    found = {history: costs(history, steps_taken, given.block) for history in HISTORIES}
    print(table_of(found))
    print("\nprefilled at each step:")
    for name, of_steps in found.items():
        print(f"{name:12}", *(f"{cost.prefilled:6}" for cost in of_steps))
    if given.plot is not None:
        plot(found, given.plot)


if __name__ == "__main__":
    main()
