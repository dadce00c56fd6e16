"""Settings: every one of every command, from flags, variables and files, in that order."""

import json
import re
import runpy
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from screenwright.cli.arguments import flag_of
from screenwright.cli.main import build_parser, main
from screenwright.cli.settings import TREES, SettingsError, load_settings
from screenwright.envs.browser import BrowserSettings
from screenwright.envs.config import Setting

ROOT = Path(__file__).parents[2]
EVERY = [(command, name) for command, tree in TREES.items() for name in tree.settings()]
OWN = [
    (command, name)
    for command, name in EVERY
    if command not in ("session", "replay", "record") or name not in TREES["run"].settings()
]
"""All but what a session, a replay and a recording inherit from a run."""

SAMPLES: Mapping[str, tuple[str, str, str]] = {
    "env": ("android", "desktop", "browser"),
    "hot_key": ("pause", "double escape", "off"),
    "screen": ("800x600", "640x480", "320x200"),
    "grant_folder": ("/usr", "/etc", "/var:rw"),
    "seeds": ("1", "2-3", "4,5"),
    "history": ("window:2", "window:3", "all"),
    "price": ("1:2", "3:4", "5:6"),
    "judge": ("http://a", "http://b", "http://c"),
    "picture_edge": ("300", "400", "500"),
    "top_p": ("0.2", "0.3", "0.4"),
    "prices": ('{"m": {"input": 1}}', '{"m": {"input": 2}}', '{"m": {"input": 3}}'),
    "request": ('{"top_k": 1}', '{"top_k": 2}', '{"top_k": 3}'),
    "preset": ("ui-tars-1.5-osworld-15", "ui-tars-1.5-osworld-50", "ui-tars-1.5-osworld-100"),
}
"""Three values of the settings that do not take any text or number."""

NEEDED: Mapping[str, dict[str, object]] = {
    "preset": {"benchmark": "osworld"},
    "best_of": {"judge": "http://127.0.0.1:9"},
    "watch": {"virtual": True},
    "watch_interactive": {"virtual": True, "watch": True},
    **{name: {"virtual": True} for name in ("program", "home", "keep", "window_manager")},
    **{name: {"window": True} for name in ("clipboard", "clipboard_text", "display", "sandbox", "grant_folder")},
    "grant_network": {"virtual": True},
}
"""Settings that another setting requires."""


def samples(one: Setting) -> tuple[str, str, str]:
    """Values for the flag, the variable and the file, each different from the next."""
    if one.name in SAMPLES:
        return SAMPLES[one.name]
    if one.is_bool:
        usual = str(one.default).lower()
        other = str(not one.default).lower()
        return (other, usual, other)
    if one.choices:
        return (one.choices[-1], one.choices[0], one.choices[-1])
    return ("2", "3", "4")


def needed(command: str, one: Setting) -> dict[str, object]:
    """The settings without which `one` is refused."""
    others = dict(NEEDED.get(one.name, {}))
    if command == "eval":
        others.setdefault("benchmark", "demo")
    if command == "doctor" and one.name in ("model_name", "dialect", "calibrate"):
        others["model"] = "http://127.0.0.1:9"
    if one.kinds:
        others["env"] = one.kinds[0]
    if one.kinds[:1] == ("vnc",):
        others["address"] = "host"
    others.pop(one.name, None)
    return others


def shown(value: object) -> str:
    if isinstance(value, list):
        return str(value[0])
    if isinstance(value, dict):
        return json.dumps(value)
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def read_flag(command: str, one: Setting, text: str) -> object:
    """The value that the command's own parser reads from the flag."""
    positional = {"ground": ["image", "text"], "run": ["task"], "replay": ["run"], "session": ["start"]}.get(
        command, []
    )
    flag = flag_of(one.name)
    if one.name == "benchmark":
        given = [text]
    elif one.is_bool:
        given = [flag_of(one.name, text == "true")]
    else:
        given = [flag, text]
    return getattr(build_parser([command]).parse_args([command, *positional, *given]), one.name)


@pytest.mark.parametrize(("command", "name"), OWN, ids=[f"{command}-{name}" for command, name in OWN])
def test_a_flag_overrides_a_variable_which_overrides_the_file(command: str, name: str, tmp_path: Path) -> None:
    tree = TREES[command]
    one = tree.settings()[name]
    in_flag, in_variable, in_file = samples(one)
    content: dict[str, object] = {**needed(command, one), name: [in_file] if one.is_repeatable else in_file}
    file = tmp_path / "settings.toml"
    file.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in content.items()))
    environ = {f"SCREENWRIGHT_{name.upper()}": in_variable}

    def effective(flags: Mapping[str, object], environ: Mapping[str, str]) -> str:
        return shown(load_settings(tree, flags, environ, file).flat()[name])

    assert effective({}, {}) == in_file
    assert effective({}, environ) == in_variable
    assert effective({name: read_flag(command, one, in_flag)}, environ) == in_flag


def test_the_samples_of_each_setting_differ() -> None:
    for command, name in EVERY:
        in_flag, in_variable, in_file = samples(TREES[command].settings()[name])
        assert in_flag != in_variable != in_file, name


def test_every_setting_is_used_where_its_tree_is_built() -> None:
    folders = ("agent/loop/config/*.py", "envs/config/*.py", "eval/**/*.py", "screenwright/**/*.py")
    code = "".join(path.read_text() for folder in folders for path in ROOT.glob(folder))
    passed_by_name = set(BrowserSettings.model_fields)
    unused = {
        name
        for command, name in EVERY
        if (field := TREES[command].settings()[name].path[-1]) not in passed_by_name
        and not re.search(rf"\.{field}\b", code)
    }
    assert unused == set()


@pytest.mark.parametrize(("command", "tree"), TREES.items())
def test_a_table_of_the_file_is_for_one_command_and_overrides_the_top_level(
    command: str, tree: Any, tmp_path: Path
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(f'model = "a"\nmodel_name = "top"\n[{command}]\nmodel_name = "table"\n')
    needed = {"benchmark": "demo"} if command == "eval" else {}
    assert load_settings(tree, needed, {}, file).flat()["model_name"] == "table"
    for other, other_tree in TREES.items():
        if other != command:
            needed = {"benchmark": "demo"} if other == "eval" else {}
            assert load_settings(other_tree, needed, {}, file).flat()["model_name"] == "top"


@pytest.mark.parametrize(
    ("command", "environ", "content", "message"),
    [
        (
            "eval",
            {"SCREENWRIGHT_URL": "x"},
            "",
            r"\$SCREENWRIGHT_URL is a setting of run, replay, session, record, not of eval: unset it",
        ),
        (
            "ground",
            {},
            "steps = 3",
            r"steps is a setting of run, replay, eval, session, record, not of ground: move it to \[run\] and",
        ),
        (
            "run",
            {},
            "[eval]\nurl = 'x'",
            r"\[eval\] url is a setting of run, replay, session, record, not of eval: leave it out",
        ),
        ("run", {}, "[evaluate]\nsteps = 3", r"\[evaluate\] is not a command with settings"),
        (
            "run",
            {"SCREENWRIGHT_STEPZ": "2"},
            "",
            r"no setting 'stepz'; did you mean 'steps'",
        ),
        ("run", {"SCREENWRIGHT_ENV": "vnc"}, "url = 'x'\naddress = 'y'", r"url applies to --env browser, not to vnc"),
        ("run", {"SCREENWRIGHT_STEPS": "0"}, "", r"\$SCREENWRIGHT_STEPS is '0', but should be greater than 0"),
        ("run", {}, "steps = 'many'", r"steps is 'many', but should be a valid integer$"),
        ("run", {}, "screen = '12'", r"screen is '12', but should be of the form: WIDTHxHEIGHT"),
        ("eval", {}, "benchmark = 'demo'\nseeds = 'all'", r"seeds is 'all', but should be of the form: seeds to run"),
    ],
)
def test_a_setting_without_meaning_is_refused(
    command: str, environ: dict[str, str], content: str, message: str, tmp_path: Path
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(content)
    with pytest.raises(SettingsError, match=message) as caught:
        load_settings(TREES[command], {}, environ, file)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("command", "flags", "environ", "content", "unused"),
    [
        ("run", {"policy": "null"}, {"SCREENWRIGHT_MODEL": "http://a/v1"}, "", ["$SCREENWRIGHT_MODEL"]),
        ("eval", {"agent": "null"}, {"SCREENWRIGHT_DIALECT": "holo2"}, "max_tokens = 9", ["$SCREENW", "settings.toml"]),
        ("run", {"env": "desktop", "virtual": True}, {}, "url = 'x'\nsteps = 4", ["settings.toml: url"]),
        ("run", {"model": "reader"}, {"SCREENWRIGHT_DIALECT": "holo2"}, "steps = 4", ["$SCREENWRIGHT_DIALECT"]),
        ("ground", {"model": "openai:a"}, {}, "model = 'reader'\nconstrain = true", ["settings.toml: constrain"]),
    ],
)
def test_what_a_flag_leaves_without_meaning_in_variables_and_files_is_not_used_and_reported(
    command: str,
    flags: dict[str, object],
    environ: dict[str, str],
    content: str,
    unused: list[str],
    tmp_path: Path,
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(content)
    needed = {"benchmark": "demo"} if command == "eval" else {}
    lines: list[str] = []
    settings = load_settings(TREES[command], {**needed, **flags}, environ, file, report=lines.append).flat()
    assert {**settings, **flags} == settings
    assert all(name in line for name, line in zip(unused, sorted(lines), strict=True))
    assert all(f" is not used: it does not apply to --{next(iter(flags))} " in line for line in lines)


def test_flags_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(SettingsError, match="--model applies to models, not to --policy"):
        load_settings(TREES["run"], {"policy": "null", "model": "http://a/v1"}, {})


def test_several_values_of_a_variable_are_separated_by_commas() -> None:
    run = load_settings(TREES["run"], {}, {"SCREENWRIGHT_ALLOW_HOST": "example.org,localhost:8080"})
    assert run.flat()["allow_host"] == ["example.org", "localhost:8080"]


def test_a_setting_means_the_same_in_every_command() -> None:
    described: dict[str, set[str]] = {}
    for command, name in EVERY:
        if command != "doctor":  # whose env and model choose what to check
            described.setdefault(name, set()).add(TREES[command].settings()[name].description)
    assert {name for name, texts in described.items() if len(texts) > 1} == set()
    assert all(text for texts in described.values() for text in texts)


def test_config_prints_each_setting_and_its_origin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("screenwright.toml").write_text("seconds = 60\nproxy = 'http://me:secret@proxy:1'\n")
    monkeypatch.setenv("SCREENWRIGHT_MODEL_NAME", "qwen")
    assert main(["config", "run", "--steps", "5", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["steps"] == {"value": 5, "from": "--steps"}
    assert printed["model_name"] == {"value": "qwen", "from": "$SCREENWRIGHT_MODEL_NAME"}
    assert printed["seconds"] == {"value": 60.0, "from": "screenwright.toml: seconds, to be allowed"}
    assert printed["image_format"] == {"value": "png", "from": "default"}
    assert printed["proxy"]["value"] == "http://***@proxy:1"
    Path("screenwright.toml").unlink()
    assert main(["config", "eval", "osworld", "--preset", "ui-tars-1.5-osworld-15", "--no-recovery"]) == 0
    lines = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines() if "#" not in line}
    assert lines["steps"] == ["15", "preset", "ui-tars-1.5-osworld-15"]
    assert lines["recovery"] == ["false", "--no-recovery"]


def test_the_reference_page_is_current() -> None:
    reference: Callable[[], Iterator[str]] = runpy.run_path(str(ROOT / "docs/settings_reference.py"))["reference"]
    page = (ROOT / "docs/reference/settings.md").read_text()
    assert "\n".join(reference()) in page, "run: python docs/settings_reference.py > docs/reference/settings.md"


@pytest.mark.parametrize("command", ["run", "eval", "ground"])
def test_the_short_help_fits_80_columns_and_the_long_one_has_every_setting(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main([command, "--help"]) == 0
    short = capsys.readouterr().out
    assert max(map(len, short.splitlines())) <= 80
    assert main([command, "--help-all"]) == 0
    full = capsys.readouterr().out
    for name, one in TREES[command].settings().items():
        shown = flag_of(name, not one.default if one.is_bool else None)
        assert name == "benchmark" or shown in full
        assert flag_of(name)[2:] in short or not one.common


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_knows_commands_and_flags(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(word in script for word in ("run", "eval", "model-name", "upload-from", "help-all"))
