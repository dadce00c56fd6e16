"""`screenwright doctor`: its lines, its JSON and its exit codes."""

import argparse
import io
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from processes import name_of
from scripted_http import error, scripted_server

from screenwright import ScriptedModel
from screenwright.agent.dialects.ui_tars import UiTars10, UiTars15
from screenwright.agent.doctor import CALIBRATION, REACHABLE
from screenwright.agent.doctor.hypotheses import hypotheses_for
from screenwright.agent.loop.config.run import RunConfig
from screenwright.agent.models.http_server import ModelServer, serve
from screenwright.cli.arguments import given_flags
from screenwright.cli.commands.doctor import (
    COMMANDS,
    Failure,
    check_extra,
    doctor,
    exit_code,
    failure_of,
    install_missing,
    print_check,
    summary_of,
)
from screenwright.cli.commands.run import EXIT_CODES as CODES_OF_RUN
from screenwright.cli.settings import DoctorConfig, SettingsError, load_settings
from screenwright.cli.terminal import Terminal
from screenwright.envs.check import Check, CheckStatus
from screenwright.testing import Aim, PointingModel, aim_in_space

COMMAND = "import sys; from screenwright.cli.main import main; sys.exit(main(['doctor', '--json']))"


def config(*flags: str) -> DoctorConfig:
    parser = argparse.ArgumentParser()
    COMMANDS["doctor"].configure(parser, everything=True)
    return load_settings(DoctorConfig, given_flags(parser.parse_args(flags), DoctorConfig), {})


def lines(text: str) -> dict[str, dict[str, str]]:
    return {line["what"]: line for line in map(json.loads, text.splitlines())}


@pytest.fixture(autouse=True)
def calibrations(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder in which calibrations are saved."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


def pointing(aim: Aim, name: str = "ui-tars-1.5-7b") -> ModelServer:
    return serve(PointingModel(UiTars15(), aim, name), name=name)


@pytest.fixture
def accurate_model() -> Iterator[ModelServer]:
    """A model that points in its dialect's own space."""
    with pointing(aim_in_space(hypotheses_for(UiTars15())[0])) as server:
        yield server


# -- models


def test_an_accurate_model_passes_and_its_calibration_is_saved(
    accurate_model: ModelServer, capsys: pytest.CaptureFixture[str], calibrations: Path
) -> None:
    assert doctor(config("--model", accurate_model.url), as_json=True) == 0
    found = lines(capsys.readouterr().out)
    assert found[REACHABLE]["status"] == "ok"
    assert found[CALIBRATION]["status"] == "ok"
    saved = Path(found["model: result saved"]["found"])
    assert saved.is_relative_to(calibrations)
    assert json.loads(saved.read_text())["found"] == found[CALIBRATION]["found"]


def test_a_model_whose_clicks_miss_has_its_own_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    def no_point(*_: object) -> None:
        return None

    with pointing(no_point) as server:
        assert doctor(config("--model", server.url), as_json=True) == 25
    assert lines(capsys.readouterr().out)[CALIBRATION]["status"] == "failed"


def test_without_calibration_the_model_makes_no_clicks(
    accurate_model: ModelServer, capsys: pytest.CaptureFixture[str], calibrations: Path
) -> None:
    assert doctor(config("--model", accurate_model.url, "--no-calibrate"), as_json=True) == 0
    assert CALIBRATION not in lines(capsys.readouterr().out)
    assert list(calibrations.iterdir()) == []


def test_an_unreachable_server_has_its_own_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    assert doctor(config("--model", address), as_json=True) == 23
    found = lines(capsys.readouterr().out)
    assert found[REACHABLE]["status"] == "failed"
    assert found[REACHABLE]["fix"]
    assert {line["status"] for what, line in found.items() if what.startswith("model: ") and what != REACHABLE} == {
        "skipped"
    }


def test_a_model_of_unknown_dialect_has_its_own_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with serve(ScriptedModel(lambda _: "hello"), name="unknown-model") as server:
        assert doctor(config("--model", server.url, "--no-calibrate"), as_json=True) == 24
        assert "--dialect" in lines(capsys.readouterr().out)["model: name"]["fix"]
        assert doctor(config("--model", server.url), as_json=True) == 25
    found = lines(capsys.readouterr().out)[CALIBRATION]
    assert found["found"].startswith(
        "no dialect is known for the model 'unknown-model', and its replies fit none of ui-tars-1.5, ui-tars-1.0, "
    )
    assert found["fix"] == "name its own with --dialect (screenwright prompts list names them)"


def test_a_name_that_leaves_the_dialect_open_is_measured_as_by_a_run(
    capsys: pytest.CaptureFixture[str], calibrations: Path
) -> None:
    with pointing(aim_in_space(hypotheses_for(UiTars10())[0]), "ui-tars") as server:
        assert doctor(config("--model", server.url), as_json=True) == 0
        found = lines(capsys.readouterr().out)
        assert found[CALIBRATION]["found"].startswith("dialect ui-tars-1.0, answers in numbers from 0 to 1000")
        report: list[str] = []
        RunConfig.of(model=server.url).build_agent(report=report.append).close()
    assert report[0].startswith("ui-tars: dialect ui-tars-1.0, prompt from ")


def test_a_calibration_after_an_answer_that_is_an_error_names_what_failed(capsys: pytest.CaptureFixture[str]) -> None:
    with scripted_server(error(400, "no chat template")) as (_, server):
        assert doctor(config("--model", server.url), as_json=True) == 24
    found = lines(capsys.readouterr().out)
    assert (found[REACHABLE]["status"], found["model: reply"]["status"]) == ("ok", "failed")
    assert found[CALIBRATION]["found"] == "because of model: reply"


def test_a_calibration_that_cannot_be_saved_is_a_warning(
    accurate_model: ModelServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "a file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "a file"))
    assert doctor(config("--model", accurate_model.url), as_json=True) == 0
    assert lines(capsys.readouterr().out)["model: result saved"]["status"] == "warning"


@pytest.mark.reader
def test_the_reader_is_checked_as_a_model(capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor(config("--model", "reader"), as_json=True) == 0
    found = lines(capsys.readouterr().out)
    assert list(found) == ["version", "packages: reader", "reader: finds a word"]
    assert {line["status"] for line in found.values()} == {"ok"}


# -- screens


@pytest.mark.browser
def test_only_the_requested_screen_is_checked(capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor(config("--env", "browser"), as_json=True) == 0
    parts = {what.partition(":")[0] for what in lines(capsys.readouterr().out)}
    assert parts == {"version", "packages", "browser"}


def test_an_unavailable_desktop_has_its_own_exit_code(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE"):
        monkeypatch.delenv(name, raising=False)
    assert doctor(config("--env", "desktop"), as_json=False) == 21
    out = capsys.readouterr().out
    assert "apt-get install xvfb openbox dbus" in out
    assert out.endswith("2 failed, no warnings\n")


@pytest.mark.browser
@pytest.mark.desktop
@pytest.mark.reader
def test_without_flags_everything_is_checked_and_nothing_else_is_printed(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", COMMAND],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    found = lines(done.stdout)
    assert {what.partition(":")[0] for what in found} >= {"version", "packages", "browser", "virtual", "reader"}
    assert all(set(line) == {"what", "status", "found", "fix"} for line in found.values())


@pytest.mark.desktop
def test_ctrl_c_ends_everything_that_was_started(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND.replace("'--json'", "'--json', '--env', 'desktop'")],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name != "DISPLAY"}
        | {"PYTHONPATH": ":".join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    while "virtual: display" not in process.stdout.readline():
        assert process.poll() is None
    started = psutil.Process(process.pid).children(recursive=True)
    assert any(name_of(child) == "Xvfb" for child in started)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert psutil.wait_procs(started, timeout=60)[1] == []


# -- settings


@pytest.mark.parametrize("flags", [("--dialect", "holo"), ("--model-name", "a"), ("--no-calibrate",)])
def test_flags_about_a_server_need_its_address(flags: tuple[str, ...]) -> None:
    with pytest.raises(SettingsError, match=f"{flags[0]} .*--model ADDRESS"):
        config(*flags)
    with pytest.raises(SettingsError, match=f"{flags[0]} .*--model ADDRESS"):
        config("--model", "reader", *flags)
    assert config("--model", "http://127.0.0.1:8000/v1", *flags).served


def test_an_unknown_dialect_or_model_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="there is no dialect"):
        doctor(config("--model", "http://127.0.0.1:8000/v1", "--dialect", "klingon"), as_json=True)
    with pytest.raises(ValueError, match="there is no model"):
        doctor(config("--model", "gpt"), as_json=True)
    assert capsys.readouterr().out == ""  # no check has run yet


def test_a_missing_extra_fails_only_if_it_was_requested() -> None:
    missing = check_extra("browser", ("pillow", "no-such-distribution"), requested=True)
    assert missing.status is CheckStatus.FAILED
    assert missing.found == "not installed: no-such-distribution"
    assert missing.fix == "pip install 'screenwright[browser]'"
    assert failure_of(missing) is Failure.BROWSER
    assert check_extra("browser", ("no-such-distribution",), requested=False).status is CheckStatus.WARNING
    assert check_extra("browser", ("pillow",), requested=True).status is CheckStatus.OK


# -- exit codes


def failed(what: str) -> Check:
    return Check(what, CheckStatus.FAILED, "it is broken", "fix it")


def test_exit_codes_differ_from_those_of_run() -> None:
    assert list(Failure) == sorted(set(Failure))
    assert not set(Failure) & {2, *CODES_OF_RUN.values()}
    assert all(str(code) in str(COMMANDS["doctor"].epilog) for code in Failure)


@pytest.mark.parametrize(
    ("what", "failure"),
    [
        ("packages: browser", Failure.BROWSER),
        ("browser: start", Failure.BROWSER),
        ("packages: desktop", Failure.DESKTOP),
        ("desktop: pointer", Failure.DESKTOP),
        ("virtual: display", Failure.DESKTOP),
        ("packages: reader", Failure.READER),
        ("reader: finds a word", Failure.READER),
        (REACHABLE, Failure.MODEL_SERVER_UNREACHABLE),
        ("model: reply", Failure.MODEL_PROTOCOL),
        (CALIBRATION, Failure.CALIBRATION),
    ],
)
def test_each_failure_has_one_class(what: str, failure: Failure) -> None:
    assert failure_of(failed(what)) is failure
    assert exit_code([failed(what)]) == failure


def test_the_first_of_several_failures_counts() -> None:
    assert exit_code([failed(CALIBRATION), failed("desktop: display"), failed("model: reply")]) == 21
    assert (
        exit_code([Check("browser: sandbox", CheckStatus.WARNING, "off"), Check(REACHABLE, CheckStatus.SKIPPED, "")])
        == 0
    )
    assert exit_code([]) == 0


# -- output


class TtyStream(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


def printed(stream: io.StringIO, *checks: Check, as_json: bool = False) -> str:
    terminal = Terminal(stream)
    for check in checks:
        print_check(check, terminal, as_json=as_json)
    return stream.getvalue()


def test_lines_are_aligned_and_the_status_is_a_word() -> None:
    checks = (Check("browser: start", CheckStatus.OK, "it does"), failed("desktop: display"))
    first, second, third = printed(io.StringIO(), *checks).splitlines()
    assert first.index("it does") == second.index("it is broken") == third.index("-> fix it")
    assert " ok " in first
    assert " failed " in second
    assert summary_of(checks) == "1 failed, no warnings"


def test_colour_is_for_terminals_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b" not in printed(io.StringIO(), failed("x"))
    assert "\x1b[31mfailed" in printed(TtyStream(), failed("x"))
    assert "\x1b" not in printed(TtyStream(), failed("x"), as_json=True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in printed(TtyStream(), failed("x"))


def test_json_is_one_object_for_each_check() -> None:
    check = failed("desktop: display")
    assert json.loads(printed(io.StringIO(), check, as_json=True)) == {
        "what": "desktop: display",
        "status": "failed",
        "found": "it is broken",
        "fix": "fix it",
    }


def fake_apt(folder: Path, code: int) -> Path:
    """An apt-get that records its arguments, and nothing else on PATH."""
    log = folder / "log"
    apt = folder / "apt-get"
    apt.write_text(f'#!/bin/sh\necho "$@" >>{log}\nexit {code}\n')
    apt.chmod(0o755)
    return log


@pytest.mark.skipif(os.geteuid() != 0, reason="installing is for root")
def test_one_command_installs_all_that_virtual_displays_need(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log = fake_apt(tmp_path, 0)
    monkeypatch.setenv("PATH", f"{tmp_path}")
    install_missing()
    installed = log.read_text().split()
    assert installed[:3] == ["install", "-y", "--no-install-recommends"]
    assert {"xvfb", "openbox", "dbus", "xclip"} <= set(installed)
    assert capfd.readouterr().out == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="installing is for root")
def test_a_failed_installation_is_retried_with_new_lists_then_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = fake_apt(tmp_path, 1)
    monkeypatch.setenv("PATH", f"{tmp_path}")
    with pytest.raises(SettingsError, match=r"apt-get install .* failed"):
        install_missing()
    assert [line.split()[0] for line in log.read_text().splitlines()] == ["install", "update", "install"]


def test_if_nothing_can_be_installed_the_packages_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SettingsError, match="the equivalents of the Debian packages xvfb openbox dbus bubblewrap "):
        install_missing()
    fake_apt(tmp_path, 0)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SettingsError, match="apt-get install -y --no-install-recommends xvfb openbox dbus bubblewrap "):
        install_missing()
