"""Exported conversations match the prompts and replies of the run."""

import hashlib
import io
import json
import math
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from screenwright import (
    Agent,
    FakeEnv,
    Limits,
    ModelPolicy,
    RunError,
    ScreenPoint,
    ScriptedModel,
    ScriptedPolicy,
    Supervision,
    UiTars15,
    WindowHistory,
    action,
    read_run,
)
from screenwright.agent.core.coordinates import Frame, ModelPoint
from screenwright.agent.core.decision import Finish, ModelMove, Reply
from screenwright.agent.core.messages import ImageFormat, ImagePart, Message
from screenwright.agent.core.supervision import CompletionClaim, Critique
from screenwright.agent.dialects.gta1 import Gta1
from screenwright.agent.dialects.prompting.thoughts import Thoughts
from screenwright.agent.dialects.qwen_vl import Qwen3Vl
from screenwright.agent.dialects.registry import dialect_named, with_several_actions, with_thoughts
from screenwright.agent.dialects.ui_tars import Doubao
from screenwright.agent.models.http_server import serve
from screenwright.cli.main import main
from screenwright.envs.actions import Click
from screenwright.envs.geometry import Size
from screenwright.eval.core.config import EvalConfig
from screenwright.eval.datasets.conversations import ConversationFormat, ReplyFormatter
from screenwright.eval.datasets.export import export
from screenwright.eval.datasets.filters import StepFilter
from screenwright.eval.runner.evaluation import Evaluation

REPLIES = (
    "Thought: I see Greet.\nAction: click(start_box='(100,64)')",
    "Thought: Nothing here.\nAction: click(start_box='(620,460)')",
    "I have no idea what to do",
    "Thought: Again.\nAction: click(start_box='(100,64)')",
    "Thought: I read it.\nAction: finished(content='It\\'s done')",
)


def record(folder: Path, *, history: WindowHistory | None = None) -> ScriptedModel:
    model = ScriptedModel(REPLIES)
    Agent(model, dialect=UiTars15(), history=history).run("Press Greet twice", FakeEnv(), out=folder)
    return model


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def text_of(message: dict[str, Any]) -> str:
    return "".join(part["text"] for part in message["content"] if part["type"] == "text")


def written(message: Message, folder: Path) -> list[object]:
    """The message in the form expected in the export, with images as bytes."""
    return [part.data if isinstance(part, ImagePart) else part.text for part in message.parts]


def exported(message: dict[str, Any], folder: Path) -> list[object]:
    return [
        (folder / part["image"]).read_bytes() if part["type"] == "image" else part["text"]
        for part in message["content"]
    ]


@pytest.mark.parametrize("history", [None, WindowHistory(1), WindowHistory(2)], ids=str)
def test_every_line_has_the_prompt_that_the_model_received(tmp_path: Path, history: WindowHistory | None) -> None:
    model = record(tmp_path / "run", history=history)
    export(tmp_path / "run", tmp_path / "out.jsonl", StepFilter.parse("all"))
    asked = [messages for index, messages in enumerate(model.asked) if index != 2]  # the retry after a parse failure
    found = lines(tmp_path / "out.jsonl")
    assert len(found) == len(asked) == 4
    for line, messages in zip(found, asked, strict=True):
        *shown, answer = line["messages"]
        assert [one["role"] for one in shown] == [one.role for one in messages]
        assert [exported(one, tmp_path) for one in shown] == [written(one, tmp_path) for one in messages]
        assert (answer["role"], answer["loss"]) == ("assistant", 1)
        assert not any(one["loss"] for one in shown)
        assert line["images"] == [p["image"] for one in shown for p in one["content"] if p["type"] == "image"]


def test_replies_parse_to_the_recorded_actions(tmp_path: Path) -> None:
    record(tmp_path / "run")
    export(tmp_path / "run", tmp_path / "out.jsonl", StepFilter.parse("all"))
    answers = [text_of(line["messages"][-1]) for line in lines(tmp_path / "out.jsonl")]
    assert answers[0] == "Thought: I see Greet.\nAction: click(start_box='<|box_start|>(100,64)<|box_end|>')"
    recorded = [UiTars15().parse(text) for text in (*REPLIES[:2], *REPLIES[3:])]
    assert [UiTars15().parse(answer) for answer in answers] == recorded


def test_images_are_named_by_their_content(tmp_path: Path) -> None:
    record(tmp_path / "run")
    export(tmp_path / "run", tmp_path / "out.jsonl")
    names = {name for line in lines(tmp_path / "out.jsonl") for name in line["images"]}
    assert names == {f"images/{path.name}" for path in (tmp_path / "images").iterdir()}
    for name in names:
        data = (tmp_path / name).read_bytes()
        assert Path(name).stem == hashlib.sha256(data).hexdigest()
        assert Image.open(io.BytesIO(data)).size == (644, 476)  # 640x480 in multiples of 28


def test_steps_without_effect_or_with_parse_failures_can_be_skipped(tmp_path: Path) -> None:
    record(tmp_path / "run")
    for keep, steps in (
        ("all", [1, 2, 3, 4]),
        ("changed", [1, 3, 4]),
        ("done,changed,parsed", [1, 4]),
        ("steps<=4,parsed", [1, 2, 4]),
        ("task=run,steps>=4", [1, 2, 3, 4]),
    ):
        export(tmp_path / "run", tmp_path / "out.jsonl", StepFilter.parse(keep))
        assert [line["steps"] for line in lines(tmp_path / "out.jsonl")] == [[step] for step in steps], keep
    with pytest.raises(RunError, match="nothing was exported"):
        export(tmp_path / "run", tmp_path / "none.jsonl", StepFilter.parse("steps>=5"))
    assert not (tmp_path / "none.jsonl").exists()


def test_episode_is_one_line_until_screenshots_are_dropped(tmp_path: Path) -> None:
    record(tmp_path / "run")
    export(tmp_path / "run", tmp_path / "out.jsonl", StepFilter.parse("parsed"), per="episode")
    (line,) = lines(tmp_path / "out.jsonl")
    assert line["steps"] == [1, 2, 4]
    replies = [one for one in line["messages"] if one["role"] == "assistant"]
    assert [one["loss"] for one in replies] == [1, 1, 0, 1]
    record(tmp_path / "windowed", history=WindowHistory(2))
    export(tmp_path / "windowed", tmp_path / "two.jsonl", StepFilter.parse("all"), per="episode")
    found = lines(tmp_path / "two.jsonl")
    assert [line["steps"] for line in found] == [[1, 2], [3], [4]]
    assert [len(line["images"]) for line in found] == [2, 2, 2]


@pytest.fixture
def evaluation(tmp_path: Path) -> Path:
    (tmp_path / "toy").mkdir()
    settings = EvalConfig.from_flat(
        {"benchmark": "toy", "root": tmp_path / "toy", "task": ("press",), "workers": 0, "agent": "oracle"}
    )
    list(Evaluation.create(settings, tmp_path / "eval").run())
    return tmp_path / "eval"


def test_script_run_is_rewritten_in_a_dialect(evaluation: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="--dialect"):
        export(evaluation, tmp_path / "out.jsonl")
    assert main(["export", str(evaluation), "--out", str(tmp_path / "out.jsonl"), "--dialect", "ui-tars-1.5"]) == 0
    found = lines(tmp_path / "out.jsonl")
    assert [line["id"] for line in found] == [f"press/{seed}#{n}" for seed in range(3) for n in range(1, seed + 3)]
    first, last = (UiTars15().parse(text_of(found[index]["messages"][-1])) for index in (0, 1))
    assert isinstance(first, Reply)
    assert isinstance(last, Reply)
    (click,) = first.moves
    assert isinstance(click, Click)
    at = FakeEnv().where("Greet")
    assert abs(click.at.x * 640 / 644 - at.x) <= 1
    assert abs(click.at.y * 480 / 476 - at.y) <= 1
    assert last.moves == (Finish("the script has ended"),)
    assert 'Click "Greet" 1 times' in text_of(found[0]["messages"][1])


@pytest.mark.parametrize("name", ["kimi", "molmoweb", "opencua-relative"])
def test_points_of_a_coarse_space_are_rewritten_with_decimals(evaluation: Path, tmp_path: Path, name: str) -> None:
    export(evaluation, tmp_path / "out.jsonl", conversation_format=ConversationFormat(name))
    dialect, at = dialect_named(name), FakeEnv().where("Greet")
    reply = dialect.parse(text_of(lines(tmp_path / "out.jsonl")[0]["messages"][-1]))
    assert isinstance(reply, Reply)
    (click,) = reply.moves
    assert isinstance(click, Click)
    assert (click.at.x, click.at.y) < (100, 100)  # and no pixels
    screen = Size(640, 480)
    hit = Frame(screen, dialect.image_rule.resize(screen), dialect.space).trace(click.at).screen
    assert math.dist((hit.x, hit.y), (at.x, at.y)) <= 1


@pytest.mark.parametrize(
    ("dialect", "image_format"),
    [
        (UiTars15(language="Chinese"), ImageFormat.JPEG),
        (with_thoughts(UiTars15(), Thoughts.PLANNED), ImageFormat.PNG),
        (with_several_actions(with_thoughts(UiTars15(), Thoughts.PLANNED)), ImageFormat.PNG),
    ],
    ids=["language", "thoughts", "several actions"],
)
def test_prompt_of_a_single_run_is_the_one_that_was_sent_whatever_its_settings(
    tmp_path: Path, dialect: UiTars15, image_format: ImageFormat
) -> None:
    model = ScriptedModel(REPLIES)
    Agent(policy=ModelPolicy(model, dialect, image_format=image_format)).run(
        "Grüße 你好", FakeEnv(), out=tmp_path / "run"
    )
    export(tmp_path / "run", tmp_path / "out.jsonl")
    *shown, _ = lines(tmp_path / "out.jsonl")[0]["messages"]
    assert [exported(one, tmp_path) for one in shown] == [written(one, tmp_path) for one in model.asked[0]]


@action
def order_status(number: int) -> str:
    """The status of an order."""
    return "shipped"


def test_run_whose_prompt_describes_functions_of_a_program_is_refused_and_says_so(tmp_path: Path) -> None:
    model = ScriptedModel([Qwen3Vl().format(None, [Finish("done")])])
    Agent(model, dialect="qwen3-vl", actions=[order_status]).run("Look", FakeEnv(), out=tmp_path / "run")
    with pytest.raises(RunError, match="describes order_status, of a program: it cannot be exported"):
        export(tmp_path / "run", tmp_path / "out.jsonl")


def test_language_of_an_evaluation_is_kept(tmp_path: Path) -> None:
    script = ScriptedModel(["Action: click(start_box='(74,58)')", "Action: finished()"])
    (tmp_path / "toy").mkdir()
    with serve(script, name="UI-TARS-1.5-7B") as server:
        given = {
            "benchmark": "toy", "root": tmp_path / "toy", "task": ["press"], "seeds": "0", "workers": 1,
            "model": server.url, "dialect": "ui-tars-1.5", "language": "Chinese", "image_format": "jpeg",
            "calibrate": False,
        }  # fmt: skip
        (episode,) = Evaluation.create(EvalConfig.from_flat(given), tmp_path / "eval").run()
    assert episode.done
    export(tmp_path / "eval", tmp_path / "out.jsonl")
    first = lines(tmp_path / "out.jsonl")[0]
    *shown, _ = first["messages"]
    assert "Use Chinese in `Thought` part" in text_of(shown[1])
    assert [exported(one, tmp_path) for one in shown] == [written(one, tmp_path) for one in script.asked[0]]


def test_limit_of_the_image_size_is_that_of_the_run_or_given(tmp_path: Path) -> None:
    policy = ModelPolicy(ScriptedModel(["(9,9)"]), Gta1(), max_image_pixels=30_000)
    Agent(policy=policy, limits=Limits(steps=1)).run("Look", FakeEnv(), out=tmp_path / "run")
    smaller = ["--dialect", "gta1", "--max-image-pixels", "13000"]
    for flags, size in (([], (196, 140)), (smaller, (112, 84))):
        out = tmp_path / "out.jsonl"
        assert main(["export", str(tmp_path / "run"), "--out", str(out), "--keep", "all", *flags]) == 0
        (name,) = lines(out)[0]["images"]
        assert Image.open(io.BytesIO((tmp_path / name).read_bytes())).size == size


def test_imagefolder_lists_every_image(tmp_path: Path) -> None:
    record(tmp_path / "run")
    out = tmp_path / "hf"
    assert main(["export", str(tmp_path / "run"), "--out", str(out), "--format", "hf"]) == 0
    found = lines(out / "metadata.jsonl")
    assert {name for line in found for name in line["images_file_names"]} == {
        str(path.relative_to(out)) for path in (out / "images").iterdir()
    }
    for line in found:
        shown = [part for one in line["messages"] for part in one["content"] if part["type"] == "image"]
        assert len(shown) == len(line["images_file_names"])
    assert main(["export", str(tmp_path / "run"), "--out", str(out), "--format", "hf"]) == 2


def test_lines_for_trl_have_a_prompt_and_a_completion(tmp_path: Path) -> None:
    model = record(tmp_path / "run")
    out = tmp_path / "data" / "train"
    assert main(["export", str(tmp_path / "run"), "--out", str(out), "--format", "trl", "--keep", "all"]) == 0
    asked = [messages for index, messages in enumerate(model.asked) if index != 2]
    for line, messages in zip(lines(out / "metadata.jsonl"), asked, strict=True):
        assert [one["role"] for one in line["prompt"]] == [one.role for one in messages]
        assert [one["role"] for one in line["completion"]] == ["assistant"]
        assert len(line["images_file_names"]) == sum(
            part["type"] == "image" for one in line["prompt"] for part in one["content"]
        )
    with pytest.raises(ValueError, match="single steps"):
        export(tmp_path / "run", tmp_path / "x", per="episode", layout="trl")


def test_functions_and_past_calls_are_in_the_lines(tmp_path: Path) -> None:
    dialect = dialect_named("holo3.1")
    assert isinstance(dialect, ReplyFormatter)
    script: list[ModelMove] = [Click(ModelPoint(100, 64)), Finish("ok")]
    model = ScriptedModel([dialect.format("I see it.", [move]) for move in script])
    Agent(model, dialect=dialect).run("Press Greet", FakeEnv(), out=tmp_path / "run")
    export(tmp_path / "run", tmp_path / "out.jsonl")
    _, line = lines(tmp_path / "out.jsonl")
    assert line["tools"]
    (call,) = (call for one in line["messages"] for call in one.get("tool_calls", ()))
    assert call["function"]["name"] in {tool["function"]["name"] for tool in line["tools"]}
    with pytest.raises(RunError, match="no place for function calls: use --format chat"):
        export(tmp_path / "run", tmp_path / "hf", layout="hf")
    assert not (tmp_path / "hf").exists()


def test_episodes_with_recovery_or_without_the_confirmation_of_a_critic_can_be_left_out(tmp_path: Path) -> None:
    def exported_steps(run: str, keep: str) -> int:
        try:
            return export(tmp_path / run, tmp_path / "out.jsonl", StepFilter.parse(keep)).lines
        except RunError:
            return 0

    def confirm(claim: CompletionClaim) -> Critique:
        return Critique(holds=True)

    again = "Thought: Again.\nAction: click(start_box='(620,460)')"
    finish = "Action: finished(content='x')"
    for name, replies, holds in (
        ("good", [finish], True),
        ("bad", [finish], None),
        ("loop", [again] * 3 + [finish], True),
    ):
        critic = None if holds is None else confirm
        Agent(ScriptedModel(replies), dialect=UiTars15(), supervision=Supervision(critic=critic)).run(
            "Look", FakeEnv(), out=tmp_path / name
        )
    assert [exported_steps(name, "all,verified") for name in ("good", "bad", "loop")] == [1, 0, 4]
    assert [exported_steps(name, "all,no-recovery") for name in ("good", "bad", "loop")] == [1, 1, 0]


def test_a_range_of_seeds_splits_the_data(evaluation: Path, tmp_path: Path) -> None:
    flags = ["--dialect", "ui-tars-1.5", "--format", "trl"]
    for name, seeds in (("train", "0-1"), ("test", "2")):
        out = ["--out", str(tmp_path / "data" / name), "--keep", f"done,seed={seeds}"]
        assert main(["export", str(evaluation), *out, *flags]) == 0
    found = {name: lines(tmp_path / "data" / name / "metadata.jsonl") for name in ("train", "test")}
    assert {line["seed"] for line in found["train"]} == {0, 1}
    assert {line["seed"] for line in found["test"]} == {2}


@pytest.mark.parametrize(
    ("flags", "wrong"),
    [
        (["--keep", "pretty"], "unknown condition 'pretty'"),
        (["--dialect", "none-such"], "no dialect 'none-such'"),
        (["--history", "window:3"], "need --dialect"),
        (["--dialect", "doubao", "--history", "some"], "no history 'some'"),
        (["--dialect", "doubao", "--history", "keyframes:2"], "shows the newest screenshots, not keyframes"),
    ],
)
def test_invalid_flags_are_reported_in_one_line(
    flags: list[str], wrong: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(tmp_path / "run")
    assert main(["export", str(tmp_path / "run"), "--out", str(tmp_path / "out.jsonl"), *flags]) == 2
    assert wrong in capsys.readouterr().err
    assert not (tmp_path / "out.jsonl").exists()


def test_action_that_the_dialect_cannot_express_is_named_with_its_run_and_step(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    press = Click(ScreenPoint(100, 300))
    Agent(policy=ScriptedPolicy([press, Click(press.at, modifiers=("ctrl",)), Finish()])).run(
        "Hold", FakeEnv(), out=tmp_path / "run"
    )
    out = tmp_path / "out.jsonl"
    assert main(["export", str(tmp_path / "run"), "--out", str(out), "--dialect", "ui-tars-1.5"]) == 2
    error = capsys.readouterr().err
    assert f"{tmp_path / 'run'}, step 2: ui-tars-1.5 cannot express ctrl+click at 100, 300: use another" in error
    assert not out.exists()


def test_folder_without_a_run_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(tmp_path), "--out", str(tmp_path / "out.jsonl")]) == 2
    assert "contains no run" in capsys.readouterr().err
    record(tmp_path / "run")
    assert read_run(tmp_path / "run").ended is not None


def test_reply_is_complete_although_later_prompts_omit_its_thinking(tmp_path: Path) -> None:
    reply = "<think>It may be hidden.</think>\nThought: click\nAction: click(point='<point>900 900</point>')"
    model = ScriptedModel([reply, "Thought: done\nAction: finished(content='x')"])
    Agent(model, dialect=Doubao()).run("Wait", FakeEnv(), out=tmp_path / "run")
    export(tmp_path / "run", tmp_path / "out.jsonl", StepFilter.parse("all"))
    first, second = lines(tmp_path / "out.jsonl")
    assert text_of(first["messages"][-1]) == reply
    assert "It may be hidden" not in "".join(map(text_of, second["messages"]))
