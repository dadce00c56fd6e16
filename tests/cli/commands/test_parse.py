import io
import json

import pytest

from screenwright import dialect_named
from screenwright.agent.dialects.registry import dialect_names
from screenwright.cli.commands.parse import parse_lines, parse_reply
from screenwright.cli.main import main
from screenwright.envs.geometry import Size


def request(text: str, dialect: str = "ui-tars-1.5", screen: tuple[int, int] = (1920, 1080)) -> str:
    return json.dumps({"text": text, "dialect": dialect, "screen": screen})


def parsed(line: str) -> dict[str, object]:
    (result,) = parse_lines([line])
    found: dict[str, object] = json.loads(result)
    return found


def test_points_are_screen_pixels_neither_rounded_nor_clamped() -> None:
    result = parsed(request("Thought: there\nAction: click(start_box='(197,525)')"))
    assert result["error"] is None
    assert result["thought"] == "there"
    assert result["actions"] == [
        {
            "type": "click",
            "at": [197 / 1932 * 1920, pytest.approx(525 / 1092 * 1080)],
            "button": "left",
            "count": 1,
            "modifiers": [],
        }
    ]
    outside = parsed(request("Action: click(start_box='(5000,-3)')"))
    assert "4968" in json.dumps(outside["actions"])


def test_an_unreadable_reply_reports_the_reason_and_the_position() -> None:
    result = parsed(request("Action: fly(start_box='(1,1)')"))
    error = result["error"]
    assert isinstance(error, dict)
    assert (error["kind"], result["actions"]) == ("unknown_action", [])
    assert isinstance(error["position"], int)


def test_endings_are_actions_too() -> None:
    assert parsed(request("Action: finished(content='42')"))["actions"] == [{"type": "finish", "answer": "42"}]


def test_every_line_has_one_result_and_blank_lines_have_none() -> None:
    lines = [request("Action: wait()"), "", request("gibberish")]
    assert len(list(parse_lines(lines))) == 2


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 1"),
        ('{"text": "x"}', "line 1: dialect"),
        (request("x", "klingon"), "klingon"),
        (request("x", screen=(0, 5)), "line 1: screen"),
        (request("x", screen=(90_000, 5)), "too large an aspect ratio"),
    ],
)
def test_a_malformed_line_is_reported_with_its_number(line: str, message: str) -> None:
    with pytest.raises(ValueError, match="standard input") as caught:
        list(parse_lines([line]))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", dialect_names())
def test_every_dialect_returns_a_result_for_any_text(name: str) -> None:
    assert dialect_named(name).name == name
    for text in ("", "Action:", "<tool_call>", "click(", "\x00"):
        assert json.loads(parse_reply(text, name, Size(800, 600)))["error"] is not None


def run(monkeypatch: pytest.MonkeyPatch, arguments: list[str], text: str) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    return main(["parse", *arguments])


def test_the_command_reads_lines_or_one_plain_reply(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, [], request("Action: wait()") + "\n") == 0
    assert capsys.readouterr().out.count("\n") == 1
    assert run(monkeypatch, ["--dialect", "ui-tars-1.5", "--screen", "800x600"], "Action: hotkey(key='ctrl c')") == 0
    assert json.loads(capsys.readouterr().out)["actions"] == [{"type": "hotkey", "keys": ["ctrl", "c"]}]


@pytest.mark.parametrize(
    ("arguments", "text", "message"),
    [
        (["--dialect", "ui-tars-1.5"], "x", "needs both --dialect NAME and --screen WxH"),
        (["--dialect", "ui-tars-1.5", "--screen", "wide"], "x", "should have the form 1280x720"),
        (["--dialect", "ui-tars-1.5", "--screen", "800x600"], " \n", "standard input is empty: pass the reply"),
        ([], "", "standard input is empty: pass JSON lines"),
        ([], "\n\n", "standard input is empty"),
        ([], "Action: wait()", "line 1 is not JSON: pass JSON lines"),
        (["--dialect", "ui-tars", "--screen", "800x600"], "x", "did you mean ui-tars-1.0 or ui-tars-1.5"),
    ],
)
def test_wrong_use_is_an_error_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], text: str, message: str
) -> None:
    assert run(monkeypatch, arguments, text) == 2
    shown = capsys.readouterr()
    assert message in shown.err
    assert (shown.out, shown.err.count("\n")) == ("", 1)
