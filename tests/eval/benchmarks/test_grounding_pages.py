"""Grounding on generated pages: the boxes match what Chromium draws, and depend on the seed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from page_site import Site

from screenwright import BrowserEnv, Navigate
from screenwright.agent.core.limits import Limits
from screenwright.agent.policy.baselines import NullPolicy
from screenwright.eval.benchmarks.grounding.data_sets import screenspot
from screenwright.eval.benchmarks.grounding.pages import KINDS, VIEWPORT, PageGrounding, make_page, page_html, write_set
from screenwright.eval.benchmarks.registry import benchmark_named
from screenwright.eval.core.plan import EpisodeId
from screenwright.eval.core.record import Record
from screenwright.eval.runner.baselines import AgentFactory, oracle, same_for_all
from screenwright.eval.runner.episode import EpisodeJob, EpisodeRunner
from screenwright.testing import eventually

BOXES = """<script>report("boxes", [...document.querySelectorAll("button.w, a.w, input.w, label.checkbox")].map(it => {
const at = it.getBoundingClientRect(); return [at.left, at.top, at.width, at.height]; }))</script>"""


@pytest.fixture(scope="module")
def grounding() -> Iterator[PageGrounding]:
    grounding = PageGrounding()
    yield grounding
    grounding.close()


@pytest.mark.browser
@pytest.mark.parametrize("seed", [0, 7])
def test_boxes_match_what_chromium_draws_and_are_on_the_page(seed: int) -> None:
    widgets = make_page(seed)
    with Site() as site, BrowserEnv(viewport=VIEWPORT) as env:
        env.execute(Navigate(site.add("/", page_html(widgets) + BOXES)))
        eventually(lambda: "boxes" in site.reported, True)
    assert site.reported["boxes"] == [[one.left, one.top, one.width, one.height] for one in widgets]
    assert all(one.left + one.width < VIEWPORT.width and one.top + one.height < VIEWPORT.height for one in widgets)


@pytest.mark.parametrize("seed", range(5))
def test_widgets_do_not_overlap_and_have_unique_descriptions(seed: int) -> None:
    widgets = make_page(seed)
    assert len({widget.description for widget in widgets}) == len(widgets)
    assert {widget.kind for widget in widgets} == set(KINDS)
    for one in widgets:
        for other in widgets:
            apart = (
                one.left + one.width <= other.left
                or other.left + other.width <= one.left
                or one.top + one.height <= other.top
                or other.top + other.height <= one.top
            )
            assert one is other or apart


def test_a_page_is_determined_by_its_seed() -> None:
    assert make_page(3) == make_page(3)
    assert make_page(3) != make_page(4)


@pytest.mark.browser
@pytest.mark.parametrize(("factory", "right"), [(oracle, {*KINDS, "absent"}), (same_for_all(NullPolicy), {"absent"})])
def test_the_oracle_finds_every_target_and_no_click_is_right_only_for_absent_targets(
    grounding: PageGrounding, tmp_path: Path, factory: AgentFactory, right: set[str]
) -> None:
    runner, done = EpisodeRunner(grounding, factory), set[str]()
    for task in grounding.tasks():
        record = runner.run(EpisodeJob(EpisodeId(task.name, 1), tmp_path / task.name, Limits(1)))
        assert isinstance(record, Record), record
        assert record.category == {"icon": "icon", "absent": "refusal"}.get(task.name, "text")
        if record.done:
            done.add(task.name)
    assert done == right


@pytest.mark.browser
def test_pages_can_be_exported_as_a_screenspot_data_set(grounding: PageGrounding, tmp_path: Path) -> None:
    boxes = write_set(tmp_path / "set", range(2))
    written = screenspot(tmp_path / "set")
    assert len(written.tasks()) == boxes == 2 * len(make_page(0))
    assert {task.category for task in written.tasks()} == {f"{kind} {_text_or_icon(kind)}" for kind in KINDS}
    runner = EpisodeRunner(written, oracle)
    for task in written.tasks()[:: len(KINDS) + 1]:
        record = runner.run(EpisodeJob(EpisodeId(task.name, 0), tmp_path / task.name, Limits(1)))
        assert isinstance(record, Record), record
        assert record.done


def _text_or_icon(kind: str) -> str:
    return "icon" if kind == "icon" else "text"


def test_a_root_folder_is_refused(tmp_path: Path) -> None:
    assert isinstance(benchmark_named("grounding"), PageGrounding)
    with pytest.raises(ValueError, match="leave out --root"):
        benchmark_named("grounding", tmp_path)
