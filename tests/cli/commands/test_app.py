"""`screenwright app`: its command line, and what the choices of its start page mean as settings."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from screenwright import Agent, FakeEnv, ScriptedModel, UiTars15
from screenwright.agent.guard.approval import NoApprover
from screenwright.agent.loop.config.run import RunConfig
from screenwright.app.queue import QueuedTask
from screenwright.app.runner import CannotRun
from screenwright.cli.commands.app import SettingsFactory
from screenwright.cli.commands.run import record_settings
from screenwright.cli.main import main
from screenwright.cli.settings import SettingValue, build_settings
from screenwright.envs.config import BrowserConfig, DesktopConfig


def factory(**given: object) -> SettingsFactory:
    values = {name: SettingValue(value, f"--{name}") for name, value in given.items()}
    return SettingsFactory(values, build_settings(RunConfig, values))


def screens(of: SettingsFactory) -> list[str]:
    return [screen["id"] for screen in of.options()["screens"]]  # type: ignore[index,union-attr,call-overload,misc]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--port", "99999"], "argument --port: '99999' should be a port from 0 to 65535"),
        (["--host", "192.0.2.1"], "cannot serve on 192.0.2.1 port 8765"),
        (["--port", "many"], "argument --port: 'many' should be a port from 0 to 65535"),
        (["--out", "run"], "--out names the folder of one run: use --runs FOLDER for all"),
        (["--env", "desktop"], "tasks on this screen take over the mouse and keyboard of a real screen: add --yes"),
        (["--hots", "x"], "there is no flag --hots (did you mean --host?)"),
        (["--steps", "0"], "--steps is '0', but should be greater than 0"),
        (["task"], "too many arguments: task"),
        (["--runs", "/dev/null"], "screenwright: /dev/null: File exists"),
    ],
)
def test_a_wrong_use_is_one_line_with_what_to_do(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["app", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_missing_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for module in ("screenwright.app.server", "screenwright._web_server"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert main(["app"]) == 2
    assert capsys.readouterr().err.endswith("this needs the package uvicorn: pip install 'screenwright[server]'\n")


def test_choices_become_the_settings_of_run() -> None:
    app = factory(steps=7, headed=True)
    config = app.config_of(
        {"screen": "browser", "url": "shop.example", "model": "http://127.0.0.1:1/v1", "rules": "careful"}
    )
    assert isinstance(config.env, BrowserConfig)
    assert (config.env.url, config.env.headed, config.limits.steps) == ("https://shop.example", True, 7)
    assert (config.agent.model.model, config.action_rules.rules) == ("http://127.0.0.1:1/v1", "careful")
    config = app.config_of({"screen": "virtual", "program": "mousepad 'my notes.txt'", "steps": "3"})
    assert isinstance(config.env, DesktopConfig)
    assert (config.env.virtual, config.env.program, config.limits.steps) == (True, ("mousepad 'my notes.txt'",), 3)


def test_settings_of_another_model_are_left_out() -> None:
    app = factory(model="http://127.0.0.1:1/v1", dialect="ui-tars-1.5")
    assert app.config_of({"screen": "browser"}).agent.dialect == "ui-tars-1.5"
    assert app.config_of({"screen": "browser", "model": "reader"}).agent.dialect is None


def test_what_was_given_and_is_not_changed_stays_as_it_was_given() -> None:
    app = factory(env="desktop", virtual=True, program=["xterm", "mousepad 'my notes.txt'"])
    shown = {"screen": "virtual", "program": str(app.options()["program"])}
    assert app.config_of(shown).env.flat()["program"] == ["xterm", "mousepad 'my notes.txt'"]
    app = factory(url="file:///srv/page.html")
    shown = {"screen": "browser", "url": str(app.options()["url"])}
    assert app.config_of(shown).env.flat()["url"] == "file:///srv/page.html"


def test_a_screen_that_was_set_up_is_offered_besides_the_usual_ones() -> None:
    assert screens(factory()) == ["browser", "virtual"]
    app = factory(env="vnc", address="192.0.2.7:5901", yes=True)
    assert screens(app) == ["vnc screen", "browser", "virtual"]
    assert app.config_of({"screen": "vnc screen"}).env.kind_name() == "vnc"
    assert app.config_of({"screen": "browser"}).env.kind_name() == "browser"
    assert screens(factory(env="desktop", virtual=True)) == ["virtual", "browser"]


@pytest.mark.parametrize(
    ("given", "choices", "message"),
    [
        ({}, {"screen": "vnc"}, "not offered"),
        ({}, {"screen": "browser", "cdp": "http://127.0.0.1:1"}, "not offered"),
        ({}, {"url": "file:///etc/passwd"}, "is not a web address"),
        ({}, {"url": "javascript:alert(1)"}, "is not a web address"),
        ({}, {"url": "chrome://settings"}, "is not a web address"),
        ({}, {"model": "/etc"}, "is not a model"),
        ({}, {"model": "local:/etc"}, "is not a model"),
        ({}, {"rules": "/etc/passwd"}, "not offered"),
        ({}, {"steps": "-1"}, "steps is '-1', but should be greater than 0"),
        ({"rules": "careful"}, {"rules": "trusted"}, "the rules are set where the app was started"),
        ({"confirm": True}, {"rules": "trusted"}, "the rules are set where the app was started"),
    ],
)
def test_a_choice_that_is_not_offered_is_refused(
    given: dict[str, object], choices: dict[str, str], message: str
) -> None:
    with pytest.raises(CannotRun, match=re.escape(message)) as caught:
        factory(**given).check(choices)
    assert "\n" not in str(caught.value)


def test_a_run_is_continued_only_with_settings_that_this_user_recorded(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    model = ScriptedModel(["Thought: I wait.\nAction: wait()"])
    Agent(model, dialect=UiTars15()).run("task", FakeEnv(), out=folder)
    job = QueuedTask("1", "task", run="run", resume=True)
    with pytest.raises(CannotRun, match="no settings of yours: continue it with screenwright run --resume"):
        factory().prepare(job, folder, NoApprover(), print)
    record_settings(folder, RunConfig.of(steps=9))
    assert factory().recorded_config(folder).limits.steps == 9
    (folder / "settings.toml").write_text("steps = 1000")
    with pytest.raises(CannotRun, match="no settings of yours"):
        factory().prepare(job, folder, NoApprover(), print)


@pytest.mark.slow
def test_the_command_prints_its_address_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "screenwright", "app", "--port", "0"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as app:
        assert app.stdout is not None
        assert app.stderr is not None
        assert re.fullmatch(r"open http://127\.0\.0\.1:\d+/#[\w-]{40,}\n", app.stdout.readline())
        app.send_signal(signal.SIGINT)
        assert app.wait(60) == 0
        assert "Traceback" not in app.stderr.read()
