"""A recorded run as a GIF, an MP4 and a strip of pictures."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image, ImageSequence

from screenwright import (
    Action,
    Agent,
    Click,
    Episode,
    Event,
    FakeEnv,
    Finish,
    Result,
    ScriptedModel,
    ScriptedPolicy,
    Size,
    StopReason,
    Type,
    UiTars15,
    Usage,
)
from screenwright.agent.core.decision import Ending
from screenwright.agent.record.viewer.strip import MAX_STEPS, render_strip
from screenwright.agent.record.viewer.video import write_video
from screenwright.cli.main import main

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def played(*texts: str, size: Size = Size(640, 480)) -> Sequence[Event]:
    env = FakeEnv(size)
    script: list[tuple[Action, ...] | Ending] = [
        (Click(env.where("Name")),),
        *((Type(text),) for text in texts),
        Finish(HOSTILE),
    ]
    return tuple(Episode("a task", env, ScriptedPolicy(script)).run())


def test_a_gif_has_a_picture_of_each_step_with_its_points_marked(tmp_path: Path) -> None:
    events = played("Ada")
    write_video(events, tmp_path / "run.gif")
    with Image.open(tmp_path / "run.gif") as film:
        durations = [frame.info["duration"] for frame in ImageSequence.Iterator(film)]
        film.seek(0)
        first = film.convert("RGB")
    assert durations == [1500, 1500, 4000]
    assert first.size == (640, 480 + 40)
    at = FakeEnv().where("Name")
    red, green, blue = first.getpixel((round(at.x), round(at.y) - 18))  # type: ignore[misc]  # of an RGB image
    assert red > 150
    assert max(green, blue) < 120


def test_a_wide_screen_is_scaled_down(tmp_path: Path) -> None:
    write_video(played(size=Size(1501, 801)), tmp_path / "run.GIF")
    with Image.open(tmp_path / "run.GIF") as film:
        assert film.size == (960, 512 + 40)


@pytest.fixture
def ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that stands in for ffmpeg: it writes the number of bytes that it gets, or fails for `fail.mp4`."""
    program = tmp_path / "bin" / "ffmpeg"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\nfor last; do :; done\ncase "$last" in *fail.mp4) echo "no room" >&2; exit 1;; esac\n'
        'echo "$@" > "$last.args"\nwc -c > "$last"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return program


def test_an_mp4_is_made_by_ffmpeg_from_the_pictures(tmp_path: Path, ffmpeg: Path) -> None:
    write_video(played("Ada"), tmp_path / "run.mp4")
    pictures = 3 + 3 + 8  # two a second
    assert int((tmp_path / "run.mp4").read_text()) == pictures * 640 * 520 * 3
    assert "-s 640x520" in (tmp_path / "run.mp4.args").read_text()


def test_a_failure_of_ffmpeg_is_one_line(tmp_path: Path, ffmpeg: Path) -> None:
    with pytest.raises(ValueError, match=r"^ffmpeg cannot write .*fail\.mp4: no room$"):
        write_video(played(), tmp_path / "fail.mp4")


def test_without_ffmpeg_and_with_another_ending_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ValueError, match=r"install it, or end the file with \.gif"):
        write_video(played(), tmp_path / "run.mp4")
    with pytest.raises(ValueError, match=r"is not a video: end the name with \.gif or \.mp4"):
        write_video(played(), tmp_path / "run.avi")
    with pytest.raises(ValueError, match="the run has no step"):
        write_video(played()[:1], tmp_path / "run.gif")


def test_the_command_writes_a_video_of_a_run_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    agent = Agent(ScriptedModel(["Thought: t\nAction: finished(content='x')"]), dialect=UiTars15())
    agent.run("a task", FakeEnv(), out=tmp_path / "run")
    assert main(["view", str(tmp_path / "run"), "--video", str(tmp_path / "run.gif")]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'run.gif'}\n"
    assert (tmp_path / "run.gif").read_bytes().startswith(b"GIF89a")
    assert main(["view", str(tmp_path / "run"), "--video", str(tmp_path / "run.avi")]) == 2
    assert main(["view", str(tmp_path / "run"), "--video", str(tmp_path / "no" / "run.gif")]) == 2
    assert "cannot be written to" in capsys.readouterr().err


# -- notebooks


def test_a_strip_has_a_picture_of_each_step_and_escapes_what_the_run_says() -> None:
    strip = render_strip(played(HOSTILE))
    assert strip.count("<img ") == 3
    assert strip.count('src="data:image/webp;base64,') == 3
    assert "<script" not in strip
    assert "&lt;script&gt;" in strip


def test_a_strip_of_a_long_run_leaves_out_the_middle() -> None:
    strip = render_strip(played(*"abcdefghijklmnop"))
    assert strip.count("<img ") == MAX_STEPS
    assert "Steps not shown in between: 6" in strip
    assert [int(number) for number in re.findall(r'alt="step (\d+)"', strip)] == [*range(1, 7), *range(13, 19)]


def test_a_result_shows_itself_in_a_notebook(tmp_path: Path) -> None:
    hostile = Result(StopReason.FINISHED, HOSTILE, HOSTILE, 1, Usage(), 1.0, tmp_path / "gone", output=HOSTILE)
    shown = hostile._repr_html_()  # pyright: ignore[reportPrivateUsage] -- notebooks call it
    assert "<script" not in shown
    assert "<img" not in shown
    assert "<th>stop</th><td>finished</td>" in shown
    agent = Agent(ScriptedModel(["Thought: t\nAction: finished(content='x')"]), dialect=UiTars15())
    recorded = agent.run("a task", FakeEnv(), out=tmp_path / "run")
    assert recorded._repr_html_().count("<img ") == 1  # pyright: ignore[reportPrivateUsage]
