"""How long rules take for an action without a question and without OCR: `python eval/bench/rules_bench.py`.

Prints CPU milliseconds per action for each preset, and for 200 rules of which the last one matches.
"""

import time

from screenwright import (
    Action,
    Click,
    Hotkey,
    Navigate,
    Observation,
    RuleSet,
    ScreenPoint,
    Screenshot,
    Type,
    load_rules,
)
from screenwright.agent.guard.rule_guard import RuleGuard
from screenwright.agent.guard.rules_file import PRESETS

ROUNDS = 2000
ACTIONS: tuple[Action, ...] = (
    Click(ScreenPoint(400, 300)),
    Type("a sentence of the usual length that goes into a form"),
    Hotkey(("ctrl", "c")),
    Navigate("https://example.org/a/b?c=d"),
)


def cpu_ms(rules: RuleSet, observation: Observation) -> float:
    """CPU milliseconds per action, with the bookkeeping of an episode."""
    guard = RuleGuard(rules, lambda screenshot, point: "Cancel")
    started = time.process_time()
    for _ in range(ROUNDS):
        for action in ACTIONS:
            guard(action, observation)
            guard.performed(action)
    return (time.process_time() - started) / (ROUNDS * len(ACTIONS)) * 1000


def main() -> None:
    """Measure and print."""
    from PIL import Image

    observation = Observation(Screenshot(Image.new("RGB", (1280, 720))), location="https://www.example.org/path?q=1")
    many = [{"do": "deny", "host": [f"site-{number}.example"], "target": ["pay"]} for number in range(199)]
    last = RuleSet.model_validate({"rule": [*many, {"do": "allow"}]})
    for name, rules in [*((preset, load_rules(preset)) for preset in PRESETS), ("200 rules", last)]:
        cpu_ms(rules, observation)  # compiles patterns
        print(f"{name:10}  {cpu_ms(rules, observation):.3f} ms per action")


if __name__ == "__main__":
    main()
