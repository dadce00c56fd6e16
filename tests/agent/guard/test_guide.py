"""The guide lists the keys of rules as they are, and its example is valid."""

import re
from pathlib import Path

from screenwright.agent.guard.rules import ACTION_TYPES, Rule
from screenwright.agent.guard.rules_file import parse_rules

GUIDE = (Path(__file__).parents[3] / "docs/guides/rules.md").read_text()


def test_table_of_keys_is_that_of_the_model() -> None:
    keys = GUIDE.partition("## Keys")[2].partition("- **Actions**")[0]
    table = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", keys, re.MULTILINE))
    assert table == {name: field.description for name, field in Rule.model_fields.items()}


def test_action_types_are_listed() -> None:
    assert set(re.findall(r"`(\w+)`", GUIDE.partition("**Actions**")[2].partition("- **Places.**")[0])) == {
        *ACTION_TYPES
    }


def test_example_is_valid_and_uses_every_condition_but_those_of_windows() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    used = {name for rule in parse_rules(example, "example").rule for name in rule.model_fields_set}
    assert used == Rule.model_fields.keys() - {"title", "program", "target_text"}
