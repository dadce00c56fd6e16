"""Settings of a file that the user did not name choose no program, model or permission before they are allowed."""

import io
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from screenwright import Agent, FakeEnv, ScriptedModel, UiTars15
from screenwright.agent.loop.config.run import RunConfig
from screenwright.cli.commands.run import record_settings
from screenwright.cli.main import main
from screenwright.cli.settings import DEFAULT_FILE, TREES, load_settings
from screenwright.cli.trust import HARMLESS, NEVER, NotTrusted


class Typed(io.StringIO):
    """The standard input of a terminal at which `text` is typed."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, without a terminal; nothing was allowed before."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path


EVIL = 'env = "desktop"\nvirtual = true\nprogram = ["sh -c id"]\nsteps = 3\n'


def load(flags: Mapping[str, object] | None = None, file: Path | None = None) -> RunConfig:
    return load_settings(RunConfig, flags or {}, {}, file)


def answer(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr("sys.stdin", Typed("".join(f"{line}\n" for line in lines)))
    monkeypatch.setattr("screenwright.cli.terminal.select.select", ready)


def ready(*streams: object) -> tuple[list[bool], list[bool], list[bool]]:
    return [True], [], []


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The only line that a refused command prints."""
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 1, printed.err
    return printed.err


@pytest.mark.parametrize("command", [("run", "x"), ("eval", "demo"), ("ground", "a.png", "x"), ("doctor",)])
def test_without_a_terminal_a_found_file_is_refused_with_the_flag_that_allows_it(
    here: Path, command: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> None:
    DEFAULT_FILE.write_text('model = "http://127.0.0.1:9"\n')
    line = refused(capsys, *command)
    assert "screenwright.toml sets model, which has to be allowed: --config screenwright.toml, or --config " in line


@pytest.mark.parametrize(
    "name", sorted({name for tree in TREES.values() for name in tree.settings()} - HARMLESS - NEVER)
)
def test_every_setting_asks_but_the_harmless_ones(here: Path, name: str) -> None:
    command = next(command for command, tree in TREES.items() if name in tree.settings())
    DEFAULT_FILE.write_text(f'{name} = "x"\n')
    with pytest.raises(NotTrusted, match=f"sets {name},"):
        load_settings(TREES[command], {}, {})


def test_harmless_settings_exist_and_are_used_without_asking(here: Path) -> None:
    assert {name for tree in TREES.values() for name in tree.settings()} >= HARMLESS
    DEFAULT_FILE.write_text('screen = "800x600"\ntemperature = 0.5\n')
    assert load().flat()["screen"] == "800x600"


def test_the_answer_is_remembered_until_the_file_changes_or_moves(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    DEFAULT_FILE.write_text(EVIL + '[eval]\npython = "/x/\\u001b]0;y"\n')
    answer(monkeypatch, "n")
    with pytest.raises(NotTrusted, match="which you declined"):
        load()
    answer(monkeypatch, "y")
    capsys.readouterr()
    assert load().flat()["program"] == ["sh -c id"]
    shown = capsys.readouterr().err
    assert '  program = ["sh -c id"]\n' in shown
    assert '  [eval] python = "/x/\\u001b]0;y"\n' in shown  # of another command, but the file is allowed as a whole
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert load().flat()["program"] == ["sh -c id"]
    shutil.copytree(here, here / "copy")
    DEFAULT_FILE.write_text(EVIL.replace("id", "xterm"))
    with pytest.raises(NotTrusted):
        load()
    monkeypatch.chdir(here / "copy")
    with pytest.raises(NotTrusted):
        load()


def test_a_named_file_the_users_own_file_and_flags_need_no_question(here: Path) -> None:
    DEFAULT_FILE.write_text(EVIL)
    assert load(file=DEFAULT_FILE).flat()["program"] == ["sh -c id"]
    assert load(file=Path("/dev/null")).flat()["env"] == "browser"
    again = {"env": "desktop", "virtual": True, "program": ["xterm"], "steps": 5}
    assert load(again).flat()["program"] == ["xterm"]
    DEFAULT_FILE.unlink()
    own = here / "config/screenwright/config.toml"
    own.parent.mkdir(parents=True)
    own.write_text(EVIL)
    assert load().flat()["program"] == ["sh -c id"]
    DEFAULT_FILE.write_text('screen = "800x600"\n')
    assert (load().flat()["screen"], load().flat()["steps"]) == ("800x600", 3)


def test_config_shows_what_has_to_be_allowed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    DEFAULT_FILE.write_text(EVIL)
    assert main(["config", "run", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["program"]["from"] == "screenwright.toml: program, to be allowed"


@pytest.mark.parametrize(
    ("content", "message"),
    [("x = " + "[" * 5000, "is nested too deeply"), ("#" * 2_000_000, "is larger than 1 MiB")],
)
def test_a_malformed_file_is_one_line(
    here: Path, content: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    DEFAULT_FILE.write_text(content)
    assert message in refused(capsys, "run", "x")


# -- runs


@pytest.fixture
def recorded(here: Path) -> Path:
    """A run in a browser page of this user, who started it with flags."""
    model = ScriptedModel(["Action: wait()", "Action: finished(content='done')"])
    Agent(model, dialect=UiTars15()).run("a task", FakeEnv(), out=here / "run")
    log = here / "run/events.jsonl"
    *lines, _ended = log.read_text().splitlines(keepends=True)
    log.write_text("".join(lines))
    record_settings(here / "run", RunConfig.of(model="http://127.0.0.1:9", guard="x"))
    return here / "run"


def test_a_run_of_ones_own_is_resumed_without_a_question(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "there is no guard 'x'" in refused(capsys, "run", "--resume", "run")


@pytest.mark.parametrize("how", ["changed", "moved"])
def test_a_changed_or_foreign_run_names_what_it_would_use(
    recorded: Path, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if how == "changed":
        (recorded / "settings.toml").write_text(EVIL)
        line = refused(capsys, "run", "--resume", "run")
        assert "run/settings.toml sets env, virtual, program, steps, which has to be allowed: --config run/set" in line
    else:
        shutil.move(recorded, "other")
        assert "other/settings.toml sets model, guard" in refused(capsys, "run", "--resume", "other")
        assert "no guard 'x'" in refused(capsys, "run", "--resume", "other", "--config", "other/settings.toml")


def test_a_foreign_run_opens_no_page_before_it_is_allowed(
    recorded: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (recorded / "settings.toml").unlink()
    log = recorded / "events.jsonl"
    log.write_text(log.read_text().replace('"location":"', '"location":"http://127.0.0.1:9/'))
    assert "sets task, url, which has to be allowed: --url" in refused(capsys, "run", "--resume", "run")
    assert "no guard 'y'" in refused(capsys, "run", "--resume", "run", "--url", "about:blank", "--guard", "y")
    answer(monkeypatch, "y")
    assert main(["run", "--resume", "run", "--guard", "y"]) == 2
    assert '  task = "a task"\n  url = "http://127.0.0.1:9/' in capsys.readouterr().err


def test_a_link_as_settings_of_a_run_is_not_followed(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (recorded / "settings.toml").rename("elsewhere.toml")
    (recorded / "settings.toml").symlink_to("../elsewhere.toml")
    assert "is a symbolic link" in refused(capsys, "run", "--resume", "run")


# -- evaluations


@pytest.fixture
def done(here: Path) -> Path:
    """An evaluation of this user."""
    (here / "toy").mkdir()
    flags = ["--root", "toy", "--task", "press", "--seeds", "0", "--workers", "0", "--agent", "null"]
    assert main(["eval", "toy", *flags, "--out", "done"]) == 0
    return here / "done"


@pytest.mark.parametrize("way", ["--resume", "--repeat"])
def test_an_evaluation_with_another_program_is_refused(
    done: Path, way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", way, "done", *(["--out", "again"] if way == "--repeat" else [])]) == 0
    manifest = done / "manifest.json"
    content = json.loads(manifest.read_text())
    content["settings"]["python"] = "/tmp/evil"
    manifest.write_text(json.dumps(content))
    capsys.readouterr()
    line = refused(capsys, "eval", way, "done", "--out", "third")
    assert "done/manifest.json sets benchmark, root, seeds, python, agent, workers" in line
    assert "which has to be allowed: give them again, or add --config done/manifest.json" in line
    allowed = ["--config", "done/manifest.json"]
    assert "toy has no use for --python" in refused(capsys, "eval", "--repeat", "done", "--out", "third", *allowed)
    assert "leave out --config x" in refused(capsys, "eval", way, "done", "--config", "x")
