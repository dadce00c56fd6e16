"""Scoring of published predictions, with files in ClawGUI-Eval's form."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from screenwright.cli.main import main
from screenwright.eval.benchmarks.grounding.data_sets import (
    Grounding,
    mmbench_gui,
    osworld_g,
    screenspot,
    ui_vision,
)
from screenwright.eval.benchmarks.grounding.predictions import FORMS, READINGS, PredictionScores

from .test_grounding import SAVE, corners, draw_image

SIZE = [1000, 500]
BOX = [100, 200, 140, 220]
"""Left, top, right and bottom of the target."""

TOOL_CALL = (
    '<tool_call>\n{"name": "computer_use", "arguments": {"action": "left_click", "coordinate": [%d, %d]}}\n</tool_call>'
)
REPLIES: dict[str, object] = {
    "uitars": "Action: click(point='<point>121 213</point>')",  # of an image of 1008 x 504
    "qwen25vl": TOOL_CALL % (121, 213),
    "qwen3vl": TOOL_CALL % (120, 420),
    "guiowl15": TOOL_CALL % (120, 420),
    "uivenus15": "[120, 420]",
    "maiui": '<grounding_think>There.</grounding_think>\n<answer>{"coordinate": [120, 420]}</answer>',
    "uivenus": [0.11, 0.41, 0.13, 0.43],
    "guig2": "[0.11, 0.41, 0.13, 0.43]",
    "stepgui": "point:120,420",
    "seed": "Not <point>1 2</point> but <point>120 420</point>",
    "kimi": "It is at (120, 420)",
}
"""The center of the target, as each model writes it."""


def write(folder: Path, *lines: dict[str, object], name: str = "predictions.jsonl") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    usual = {"image_size": SIZE, "answer": BOX}
    text = "\n".join(json.dumps({"id": f"a_{number}", **usual, **line}) for number, line in enumerate(lines))
    (folder / name).write_text(text + "\n")


def score(root: Path, *lines: dict[str, object], benchmark: str = "screenspot-pro") -> PredictionScores:
    write(root / f"{FORMS[benchmark].folder}-model", *lines, name="predictions_judge.jsonl")
    (scores,) = FORMS[benchmark].score(root)
    return scores


@pytest.mark.parametrize("model", sorted(REPLIES))
def test_the_replies_of_each_model_are_read_in_its_own_coordinates(tmp_path: Path, model: str) -> None:
    scores = score(tmp_path, {f"{model}_infer": REPLIES[model], "correct": True})
    assert (scores.overall.correct, scores.by_their_rules.correct, scores.differing) == (1, 1, [])


def test_every_model_that_can_be_read_is_tested() -> None:
    assert REPLIES.keys() == {name.rpartition(" ")[2] for name in READINGS}


def test_a_reply_without_a_point_and_a_failed_request_are_wrong(tmp_path: Path) -> None:
    scores = score(tmp_path, {"uitars_infer": "I do not see it."}, {"uitars_infer": ""}, {"uitars_infer": None})
    assert (scores.overall.correct, scores.overall.total, scores.unreadable) == (0, 3, 3)


def test_points_are_rounded_down_only_by_the_published_rules(tmp_path: Path) -> None:
    """140.9 is outside a target that ends at 140, unless it is rounded down to 140."""
    outside: dict[str, object] = {"stepgui_infer": "point:140.8,420"}  # 140.9 pixels
    scores = score(tmp_path, {**outside, "correct": True})
    assert (scores.overall.correct, scores.by_their_rules.correct, scores.differing) == (0, 1, [])


def test_another_grid_is_named_and_changes_the_judgement_of_an_evaluation_only(tmp_path: Path) -> None:
    """Qwen3-VL's grid ends at 999 in an evaluation, as in OSWorld's agent, and at 1000 in the published judgement."""
    scores = score(tmp_path, {"qwen3vl_infer": TOOL_CALL % (140, 420), "correct": True})
    assert (scores.overall.correct, scores.by_their_rules.correct, scores.differing) == (0, 1, [])
    assert str(scores.reading.published) == "a grid of 1000, whole pixels"


def test_predictions_that_were_published_with_another_judgement_are_named(tmp_path: Path) -> None:
    right: dict[str, object] = {"kimi_infer": "(120, 420)"}
    scores = score(tmp_path, {**right, "correct": True}, {**right, "correct": False, "id": "b"}, right)
    assert (scores.published.correct, scores.published.total, scores.differing) == (1, 2, ["b"])


def test_a_target_that_does_not_exist_takes_a_refusal(tmp_path: Path) -> None:
    absent: dict[str, object] = {"box_type": "refusal", "answer": [-1, -1, -1, -1], "ui_type": ["Icon"]}
    scores = score(
        tmp_path,
        {**absent, "uivenus15_infer": "[-1,-1]"},
        {**absent, "uivenus15_infer": "[5, 5]"},
        {"uivenus15_infer": "[120, 420]", "ui_type": ["Icon", "Slider"]},
        {"uivenus15_infer": "[-1, -1]", "ui_type": ["Label"]},
        benchmark="osworld-g",
    )
    groups = {name: (one.correct, one.total) for name, one in scores.groups["category of ui_type"].items()}
    assert groups == {
        "refusal": (1, 2),
        "element recognition": (1, 1),
        "fine-grained manipulation": (1, 1),
        "text matching": (0, 1),
    }
    assert (scores.overall.total, scores.existing.correct, scores.existing.total) == (4, 1, 2)


def test_the_corner_that_a_polygon_leaves_out_is_outside(tmp_path: Path) -> None:
    triangle: dict[str, object] = {"box_type": "polygon", "answer": [0, 0, 100, 0, 0, 100]}
    inside, outside = {"seed_infer": "<point>20 40</point>"}, {"seed_infer": "<point>90 180</point>"}
    scores = score(tmp_path, {**triangle, **inside}, {**triangle, **outside}, benchmark="osworld-g")
    assert (scores.overall.correct, scores.overall.total) == (1, 2)


def test_the_fields_of_a_data_set_are_its_groups(tmp_path: Path) -> None:
    right, wrong = {"kimi_infer": "(120, 420)"}, {"kimi_infer": "(1, 1)"}
    windows = {"platform": "windows", "grounding_type": "basic"}
    scores = score(tmp_path, {**right, **windows}, {**wrong, **windows}, benchmark="mmbench-gui")
    assert {(name, *group) for name, group in scores.groups.items()} == {
        ("grounding_type", "basic"),
        ("platform", "windows"),
        ("platform x grounding_type", "windows basic"),
    }
    assert scores.groups["platform"]["windows"].correct == 1


def test_the_command_prints_the_file_with_judgements_of_each_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line: dict[str, object] = {"uitars_infer": REPLIES["uitars"], "ui_type": "icon"}
    write(tmp_path / "a" / "screenspot-pro-uitars", line)
    write(tmp_path / "b" / "screenspot-pro", line)
    write(tmp_path / "b" / "screenspot-pro", {**line, "correct": False}, name="predictions_judge.jsonl")
    write(tmp_path / "b" / "uivision-uitars", line)
    assert main(["eval", "screenspot-pro", "--predictions", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert out.count("1 of 1 correct, 1.000 [0.207, 1.000]\n  by the published rules (pixels of the resized image") == 2
    assert "as published: 0 of 1 correct" in out
    assert "judged otherwise: a_0" in out
    assert "uivision" not in out


def test_a_model_without_a_known_dialect_is_read_by_the_one_that_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "screenspot-pro", {"mine_infer": REPLIES["uivenus15"]})
    command = ["eval", "screenspot-pro", "--predictions", str(tmp_path)]
    assert main(command) == 2
    assert "no dialect is known for the replies of 'mine': add --dialect NAME" in capsys.readouterr().err
    assert main([*command, "--dialect", "ui-venus-1.5"]) == 0
    assert "1 of 1 correct" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gallery"], "--predictions can be scored for screenspot, screenspot-pro"),
        ([], "name one of them as BENCHMARK"),
        (["osworld-g"], "has no folder osworld-g or osworld-g-MODEL with predictions.jsonl"),
        (["osworld-g", "--steps", "3"], "--steps has no meaning with --predictions: leave it out"),
    ],
)
def test_a_wrong_use_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["eval", *arguments, "--predictions", str(tmp_path)]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"kimi_infer": "(1, 1)", "image_size": [1]}, "line 2: image_size.1: Field required"),
        ({"kimi_infer": {"x": 1}}, "line 2: the reply {'x': 1} is neither text nor a list of numbers"),
        ({"kimi_infer": "(1, 1)", "answer": [1, 2, 3]}, "line 2: 3 numbers are no bbox"),
    ],
)
def test_an_invalid_line_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: dict[str, object], message: str
) -> None:
    write(tmp_path / "uivision", {"kimi_infer": "(1, 1)"}, line)
    assert main(["eval", "ui-vision", "--predictions", str(tmp_path)]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("make", "name", "more", "category"),
    [
        (screenspot, "screenspot-v2", {"platform": "web", "ui_type": "icon"}, "web icon"),
        (ui_vision, "uivision", {"task_type": "spatial", "platform": "linux"}, "linux spatial"),
        (mmbench_gui, "mmbench-gui", {"grounding_type": "basic", "platform": "ios"}, "ios basic"),
        (osworld_g, "osworld-g", {"ui_type": ["Icon"], "box_type": "bbox"}, "bbox"),
    ],
)
def test_a_data_set_of_the_collection_can_be_run(
    tmp_path: Path, make: Callable[[Path], Grounding], name: str, more: dict[str, object], category: str
) -> None:
    draw_image(tmp_path / "image" / name / "one.png")
    entry = {"id": "a", "question": "Save", "answer": SAVE, "image": f"image/{name}/one.png", "image_size": [640, 480]}
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / f"{name}.json").write_text(json.dumps([{**entry, **more}]))
    (tmp_path / "data" / f"{name}-uitars.json").write_text("[]")
    (task,) = make(tmp_path).tasks()
    assert (task.target, task.category) == ("Save", category)
    assert corners(task)[0] == SAVE[:2]
    assert corners(task)[2] == SAVE[2:]
