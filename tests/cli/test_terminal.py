"""The terminal module: colour, width, progress and questions."""

import io
import re
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from screenwright import (
    Agent,
    Ended,
    EnvInfo,
    Episode,
    FakeEnv,
    Finish,
    ModelInfo,
    Navigate,
    Observation,
    RunError,
    ScriptedModel,
    ScriptedPolicy,
    StopReason,
    UiTars15,
    Usage,
    Wait,
)
from screenwright._text import printable
from screenwright.agent.core.decision import AskUser
from screenwright.cli.terminal import Progress, Terminal, new_run_folder, quoted
from screenwright.envs.env import Fact

FACTS = (Fact("Downloaded {}.", ("report.pdf",)), Fact("The page opened a file chooser."))


class Screen(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environ", "colored"),
    [
        (Screen(), {}, True),
        (Screen(), {"NO_COLOR": "1"}, False),
        (Screen(), {"TERM": "dumb"}, False),
        (io.StringIO(), {}, False),
    ],
)
def test_colour_is_for_terminals_and_can_be_turned_off(
    stream: io.StringIO, environ: dict[str, str], colored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert Terminal(stream).style("text", "bold") == ("\x1b[1mtext\x1b[0m" if colored else "text")


def test_long_texts_are_cut_to_the_width_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    assert Terminal(Screen()).fit("a long\nthought " * 10, used=6) == "a long though…"
    assert len(Terminal(io.StringIO()).fit("a long thought " * 20)) == 160


def test_progress_overwrites_one_line_which_the_next_line_ends() -> None:
    stream = Screen()
    terminal = Terminal(stream)
    terminal.progress("1 of 2")
    terminal.progress("2 of 2")
    terminal.line("done")
    assert stream.getvalue() == "\r\x1b[K1 of 2\r\x1b[K2 of 2\ndone\n"


def test_progress_in_a_file_is_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    stream = io.StringIO()
    terminal = Terminal(stream)
    for second in range(25):
        now = float(second)
        terminal.progress(f"{second} s")
    assert stream.getvalue() == "10 s\n20 s\n"


@pytest.mark.parametrize(("typed", "answer", "confirmed"), [("y\n", "y", True), ("\n", "", False), ("", None, False)])
def test_a_question_is_answered_by_a_line_of_input(
    typed: str, answer: str | None, confirmed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for question in ("ask", "confirm"):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        result = getattr(Terminal(io.StringIO()), question)("Continue?")
        assert result == (answer if question == "ask" else confirmed)


def test_folders_of_runs_that_start_at_the_same_time_never_collide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with ExitStack() as stack:
        folders = {stack.enter_context(new_run_folder("x")) for _ in range(5)}
        assert len(folders) == 5
        (kept,) = list(folders)[:1]
        (kept / "events.jsonl").touch()
    assert list(Path("runs").iterdir()) == [kept]


def test_an_unwritable_folder_is_one_line_that_names_the_flag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("runs").touch()
    with pytest.raises(RunError, match=r"cannot record the run in runs/.*; choose a folder with --out"):
        new_run_folder("x").__enter__()


def test_facts_about_the_screen_are_shown_to_the_user() -> None:
    class DownloadingEnv(FakeEnv):
        def info(self) -> EnvInfo:
            return EnvInfo("browser", settings={"sandbox": "off: running as root"})

        def observe(self) -> Observation:
            return replace(
                super().observe(),
                facts=FACTS,
            )

    stream = io.StringIO()
    progress = Progress(Terminal(stream))
    for event in Episode("a task", DownloadingEnv(), ScriptedPolicy([(Wait(0),), Finish()])).run():
        progress.show(event)
    lines = stream.getvalue().splitlines()
    assert lines[0] == "a task  (script, browser, sandbox off: running as root)"
    assert lines.count('      Downloaded "report.pdf".') == 2
    assert "      The page opened a file chooser." in lines


@pytest.mark.parametrize(
    ("model", "details"),
    [
        ("gta1-7b", r"a task  \(gta1-7b, dialect gta1, prompt from screenwright, fake\)"),
        ("ui-tars-1.5-7b", r"a task  \(ui-tars-1.5-7b, dialect ui-tars-1.5, prompt from ui-tars [\d.]+, .+, fake\)"),
        ("reader", r"a task  \(reader, fake\)"),
    ],
)
def test_the_first_line_names_the_source_of_the_prompt(model: str, details: str) -> None:
    class Named(ScriptedModel):
        def info(self) -> ModelInfo:
            return ModelInfo(model)

    stream = io.StringIO()
    dialect = UiTars15() if model == "reader" else None
    for event in Agent(Named(["nothing"]), dialect=dialect).stream("a task", FakeEnv()):
        Progress(Terminal(stream)).show(event)
    assert re.fullmatch(details, stream.getvalue().splitlines()[0])


def test_pages_and_models_cannot_control_the_terminal() -> None:
    class EvilEnv(FakeEnv):
        def observe(self) -> Observation:
            return replace(super().observe(), facts=(Fact("{}", ("\x1b[2Jcleared",)),))

    stream = io.StringIO()
    progress = Progress(Terminal(stream))
    policy = ScriptedPolicy([(Navigate("\x1b[2J\r\u202e"),), AskUser("\x1b[2J\n   1  a step"), Finish("\x07")])
    for event in Episode("task \x1b]0;title\x07", EvilEnv(), policy).run():
        progress.show(event)
    assert "cleared" in stream.getvalue()
    assert stream.getvalue() == printable(stream.getvalue())
    assert "\n   1  a step" not in stream.getvalue()


def test_a_path_is_quoted_for_the_shell() -> None:
    assert quoted(Path("runs/a b")) == "'runs/a b'"


def test_an_error_that_was_reported_before_the_run_is_not_printed_again() -> None:
    stream = io.StringIO()
    terminal = Terminal(stream)
    terminal.report("ui-tars was not calibrated: the server failed (500)")
    Progress(terminal).show(Ended(StopReason.MODEL_LOST, "the server failed (500)", "", 1, Usage(), 1.0, ""))
    assert stream.getvalue().count("the server failed (500)") == 1
    assert stream.getvalue().endswith(": the error above\n")
