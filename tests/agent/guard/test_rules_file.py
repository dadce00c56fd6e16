"""Rules in TOML files: presets by name, and errors that name the line."""

from pathlib import Path

import pytest

from screenwright.agent.guard.rules_file import PRESETS, RulesError, load_rules, parse_rules


def test_file_and_preset_are_loaded(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text('default = "deny"\n[[rule]]\ndo = "allow"\nhost = ["example.org"]\n')
    assert load_rules(file).rule[0].host == ("example.org",)
    assert {name: len(load_rules(name).rule) > 0 for name in PRESETS}["careful"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("foo = 1", "rules, line 1: there is no key 'foo'"),
        ('default = "allow"\n\n[[rule]]\nhost = ["a"]', "rules, line 3: the key 'do' is missing"),
        ('[[rule]]\ndo = "ask"\n\n[[rule]]\ndo = "ask"\nhots = ["x"]', "rules, line 6: there is no key 'hots'"),
        ('[[rule]]\ndo = "maybe"', "rules, line 2: 'do': input should be 'allow', 'ask', 'deny' or 'stop'"),
        ('[[rule]]\ndo = "ask"\ntarget = ["x"]', "rules, line 3: 'target': 'x' is not a meaning: use one of buy, "),
        ('[[rule]]\ndo = "ask"\nkeys = ["ctr+c"]', "rules, line 3: 'keys': 'ctr' in 'ctr+c' is not a modifier"),
        ('[[rule]]\ndo = "ask"\nkeys = ["foo"]', "rules, line 3: 'keys': there is no key named 'foo'"),
        ('[[rule]]\ndo = "ask"\nhost = "x"', "rules, line 3: 'host' is a list"),
        ('[[rule]]\ndo = "ask"\nhost = []', "rules, line 3: 'host' is empty"),
        ('[[rule]]\ndo = "ask"\nregion = [1, 2, 3]', "rules, line 3: 'region' needs another number of values"),
        ('# a\n[[rule]]\ndo = "deny"\nscope = "once"', 'rules, line 2: scope belongs to a rule with do = "ask"'),
        ('rule = 3', "rules, line 1: 'rule' is a list"),
        ("x = [", "rules is not valid TOML: "),
        ("x = " + "[" * 5000, "rules is not valid TOML: "),
    ],
)  # fmt: skip
def test_error_is_one_line_that_names_the_line_of_the_file(text: str, problem: str) -> None:
    with pytest.raises(RulesError) as caught:
        parse_rules(text)
    assert str(caught.value).startswith(problem)
    assert "\n" not in str(caught.value)


def test_missing_and_too_large_files_are_errors(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match="the rules nothing cannot be read: No such file or directory; use a file or"):
        load_rules("nothing")
    (tmp_path / "large").write_bytes(b"#" * 300_000)
    with pytest.raises(RulesError, match="larger than 256 KB"):
        load_rules(tmp_path / "large")
