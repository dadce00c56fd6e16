"""ScreenSpot, ScreenSpot-Pro and OSWorld-G with tiny data sets of the same format."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from screenwright import ScreenPoint
from screenwright.eval.benchmarks.grounding.boxes import is_within
from screenwright.eval.benchmarks.grounding.data_sets import (
    Grounding,
    GroundingTask,
    osworld_g,
    screenspot,
    screenspot_pro,
)
from screenwright.eval.core.config import EvalConfig
from screenwright.eval.core.task import TaskError
from screenwright.eval.runner.evaluation import Evaluation

SAVE, OPEN = (300, 100, 380, 130), (300, 200, 380, 230)
"""Left, top, right and bottom of the drawn buttons."""


def draw_image(path: Path) -> None:
    image = Image.new("RGB", (640, 480), "white")
    draw = ImageDraw.Draw(image)
    for text, box in (("Save", SAVE), ("Open", OPEN)):
        draw.rectangle(box, outline="black", fill="#ddd")
        draw.text((box[0] + 18, box[1] + 4), text, fill="black", font_size=18)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)


def corners(task: GroundingTask) -> list[tuple[float, float]]:
    assert task.area is not None
    return list(task.area)


def sized(box: tuple[int, int, int, int]) -> list[int]:
    return [box[0], box[1], box[2] - box[0], box[3] - box[1]]


@pytest.fixture
def v2(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    draw_image(folder / "screenspotv2_image" / "one.png")
    kinds = {"data_type": "text", "data_source": "windows", "img_filename": "one.png"}
    entries = [
        {"instruction": "Save", "bbox": sized(SAVE), **kinds},
        {"instruction": "Open", "bbox": sized(OPEN), **kinds},
    ]
    (folder / "screenspot_desktop_v2.json").write_text(json.dumps(entries))
    return folder


@pytest.mark.reader
def test_the_first_click_is_the_answer(v2: Path, tmp_path: Path) -> None:
    settings = EvalConfig.of(benchmark="screenspot", root=v2, model="reader", workers=0)
    records = list(Evaluation.create(settings, tmp_path / "out").run())
    assert [record.done for record in records] == [True, True]
    assert [record.steps for record in records] == [1, 1]
    assert records[0].category == "windows text"
    assert records[0].found.endswith("in (300, 100) to (380, 130)")


def test_a_reply_without_a_point_is_wrong(v2: Path, tmp_path: Path) -> None:
    settings = EvalConfig.of(benchmark="screenspot", root=v2, agent="null", workers=0)
    records = list(Evaluation.create(settings, tmp_path / "out").run())
    assert {record.found for record in records} == {"wrong format: the reply contains no point"}


def test_screenspot_pro_boxes_are_two_corners(tmp_path: Path) -> None:
    draw_image(tmp_path / "images" / "app" / "one.png")
    entry = {
        "id": "a",
        "img_filename": "app/one.png",
        "bbox": list(SAVE),
        "instruction": "Save",
        "ui_type": "icon",
        "platform": "linux",
    }
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "app.json").write_text(json.dumps([entry]))
    (task,) = screenspot_pro(tmp_path).tasks()
    assert corners(task) == [(300, 100), (380, 100), (380, 130), (300, 130)]
    assert (task.name, task.category) == ("app.0", "linux icon")


def test_osworld_g_has_polygons_and_absent_targets(tmp_path: Path) -> None:
    draw_image(tmp_path / "one.png")
    entries = [
        {
            "image_path": "one.png",
            "instruction": "the corner",
            "box_type": "polygon",
            "box_coordinates": [0, 0, 9, 0, 0, 9],
        },
        {"image_path": "one.png", "instruction": "a cat", "box_type": "refusal", "box_coordinates": [-1, -1, -1, -1]},
    ]
    (tmp_path / "OSWorld-G.json").write_text(json.dumps(entries))
    corner, cat = osworld_g(tmp_path).tasks()
    assert corners(corner) == [(0, 0), (9, 0), (0, 9)]
    assert cat.area is None


def test_an_absent_target_must_be_refused(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    draw_image(folder / "one.png")
    entry = {"image_path": "one.png", "instruction": "a cat", "box_type": "refusal"}
    (folder / "OSWorld-G.json").write_text(json.dumps([entry]))
    done = {}
    for agent in ("null", "random"):
        settings = EvalConfig.from_flat({"benchmark": "osworld-g", "root": folder, "agent": agent, "workers": 0})
        (record,) = Evaluation.create(settings, tmp_path / agent).run()
        done[agent] = record.done
    assert done == {"null": True, "random": False}


@given(st.integers(0, 20), st.integers(0, 20))
def test_a_box_contains_its_edges_and_nothing_outside(x: int, y: int) -> None:
    box = ((5.0, 6.0), (15.0, 6.0), (15.0, 16.0), (5.0, 16.0))
    assert is_within(ScreenPoint(x, y), box) == (5 <= x <= 15 and 6 <= y <= 16)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "annotations.json: "),
        ('[{"instruction": "x"}]', "line 1: it names no image"),
        ('[{"instruction": "x", "img_filename": "no.png", "bbox": [1, 2, 3, 4]}]', "the image no.png is not below"),
        ('[{"img_filename": "no.png"}]', "line 1: instruction: Field required"),
    ],
)
def test_invalid_data_is_reported_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "annotations.json").write_text(text)
    with pytest.raises(TaskError) as raised:
        screenspot(tmp_path).tasks()
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def annotate(folder: Path, *boxes: list[float], **more: object) -> None:
    draw_image(folder / "one.png")
    entries = [{"img_filename": "one.png", "instruction": "x", "bbox": box, **more} for box in boxes]
    (folder / "a.json").write_text("[" + ",\n".join(map(json.dumps, entries)) + "]")


BOXES = {
    "a corner and a size in pixels": [[float(one) for one in sized(box)] for box in (SAVE, OPEN)],
    "two corners in pixels": [[float(one) for one in box] for box in (SAVE, OPEN)],
    "a corner and a size as fractions of the image": [
        [box[0] / 640, box[1] / 480, 80 / 640, 30 / 480] for box in (SAVE, OPEN)
    ],
    "two corners as fractions of the image": [
        [box[0] / 640, box[1] / 480, box[2] / 640, box[3] / 480] for box in (SAVE, OPEN)
    ],
}


@pytest.mark.parametrize("form", BOXES)
@pytest.mark.parametrize("make", [screenspot, screenspot_pro, osworld_g])
def test_boxes_in_another_form_are_converted_and_the_version_says_so(
    tmp_path: Path, form: str, make: Callable[[Path], Grounding]
) -> None:
    annotate(tmp_path, *BOXES[form])
    benchmark = make(tmp_path)
    save, _ = benchmark.tasks()
    assert save.area is not None
    assert [value for corner in save.area for value in corner] == pytest.approx(
        [300, 100, 380, 100, 380, 130, 300, 130]
    )
    assert ("a.json read as" in benchmark.version) == (form != str(benchmark.form))


@pytest.mark.parametrize(
    ("boxes", "more", "message"),
    [
        (
            [[10, 10, 50, 50], [600, 400, 90, 10]],
            {},
            "line 2: [600, 400, 90, 10] cannot be a corner and a size",
        ),
        ([[9, 9, 50, 50], [380, 130, 300, 100]], {}, "line 2: [380, 130, 300, 100] cannot be"),
        ([[9, 9, 50, 50], [9, 9, -5, 5]], {}, "line 2: [9, 9, -5, 5] cannot be"),
        ([[9, 9, 50, 50], [9, 9, 0, 5]], {}, "line 2: [9, 9, 0, 5] cannot be"),
        ([[9, 9, 50, 50], [0.1, 0.1, 0.2, 0.2]], {}, "line 2: [0.1, 0.1, 0.2, 0.2] cannot be"),
        ([[9, 9, 50, 50], [9, 9, float("nan"), 5]], {}, "line 2: [9, 9, nan, 5] cannot be"),
        (
            [[0.1, 0.1, 0.2, 0.2]],
            {},
            "may have a corner and a size as fractions of the image or two corners as",
        ),
        (
            [[9 + n, 9, 50 + n, 50] for n in range(5)],
            {},
            "can be a corner and a size in pixels or two corners",
        ),
        ([[9, 9, 50, 50]], {"img_size": [1280, 960]}, "the annotation is for an image of 1280x960, but"),
        ([[9, 9, 50, 50]], {"box_type": "polygon"}, "line 1: it has no box"),
        ([[9, 9, 50]], {}, "line 1: bbox.3: Field required"),
        ([[630, 9, 25, 9]], {}, "line 1: [630, 9, 25, 9] cannot be"),
    ],
)
def test_boxes_without_a_single_reading_are_an_error_with_the_line(
    tmp_path: Path, boxes: list[list[float]], more: dict[str, object], message: str
) -> None:
    annotate(tmp_path, *boxes, **more)
    with pytest.raises(TaskError) as raised:
        screenspot(tmp_path).tasks()
    assert message in str(raised.value)
    assert str(tmp_path / "a.json") in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_few_boxes_near_the_corner_keep_the_published_form(tmp_path: Path) -> None:
    annotate(tmp_path, [9, 9, 50, 50], [8, 9, 50, 50])
    assert corners(screenspot(tmp_path).tasks()[0])[2] == (59, 59)
    assert corners(screenspot_pro(tmp_path).tasks()[0])[2] == (50, 50)


def test_files_with_equal_names_have_distinct_tasks_and_ambiguous_images_are_an_error(tmp_path: Path) -> None:
    for folder in ("web", "mobile"):
        annotate(tmp_path / folder, [9, 9, 50, 50])
        annotations = tmp_path / folder / "a.json"
        annotations.write_text(annotations.read_text().replace("one.png", f"{folder}/one.png"))
    (tmp_path / "classification_result.json").write_text('{"text": ["id"]}')  # not annotations
    assert [task.name for task in screenspot(tmp_path).tasks()] == ["mobile-a.0", "web-a.0"]
    path = tmp_path / "mobile" / "a.json"
    path.write_text(path.read_text().replace("mobile/one.png", "one.png"))
    with pytest.raises(TaskError, match=r"a\.json, line 1: the image one\.png is ambiguous"):
        screenspot(tmp_path).tasks()


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="--root must be a copy of screenspot"):
        screenspot(tmp_path).tasks()
