"""The evaluation report in Chromium: its content, hostile texts, and its load time."""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from headless_chromium import headless_chromium
from playwright.sync_api import Page

from screenwright.agent.core.model import Usage
from screenwright.eval.analysis.compare import compare
from screenwright.eval.analysis.report import Entry, render_report
from screenwright.eval.analysis.summary import summarize
from screenwright.eval.analysis.tables import as_csv, as_text
from screenwright.eval.core.config import EvalConfig
from screenwright.eval.core.manifest import Manifest
from screenwright.eval.core.plan import EpisodeId
from screenwright.eval.core.record import Moment, Phases, Record, Triage
from screenwright.eval.core.store import Store
from screenwright.eval.core.task import Rules

HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"


def records(count: int, share: float, seed: int = 0, tasks: int = 50) -> list[Record]:
    """`count` records over `tasks` tasks, of which about `share` are done."""
    generator = random.Random(seed)
    made = []
    for number in range(count):
        episode = EpisodeId(f"task-{number % tasks}", number // tasks)
        done = generator.random() < share
        base = Record(episode, f"kind {number % 3}", "Do it", done, float(done), "found this", "finished")
        made.append(
            replace(
                base,
                steps=generator.randint(1, 20),
                seconds=generator.uniform(1, 60),
                usage=Usage(1000, 50, 400),
                phases=Phases(0.1, 0.1, 2.0, 0.1, 0.3, 0.01),
                triage=None if done else Triage(generator.choice(["plan", "grounding"]), "2 of 3 clicks had no effect"),
                moments=() if done else tuple(Moment(step, f"click at {step}, {step}") for step in range(1, 7)),
            )
        )
    return made


def manifest(made: list[Record]) -> Manifest:
    settings = EvalConfig.of(benchmark="toy", price="1:2:0.5")
    episodes = tuple(record.id for record in made)
    return Manifest(settings, "toy 1.0", Rules(), episodes, "abc", {"pillow": "1"}, {"cores": "2"}, "now", "f" * 64)


def entry(made: list[Record], folder: Path, name: str = "toy, reader") -> Entry:
    return Entry(name, Store(folder), manifest(made), made)


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with headless_chromium() as browser:
        yield browser.new_page(viewport={"width": 1200, "height": 900})


def opened(page: Page, html: str, path: Path) -> list[str]:
    """Open the page; return its script errors."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    path.write_text(html, encoding="utf-8")
    page.goto(path.as_uri())
    return errors


@pytest.mark.browser
def test_report_shows_the_figures_of_the_records(page: Page, tmp_path: Path) -> None:
    made = records(30, 0.4)
    assert opened(page, render_report([entry(made, tmp_path)], tmp_path), tmp_path / "report.html") == []
    done = sum(record.done is True for record in made)
    assert f"{done} of 30 episodes done" in page.inner_text("header")
    assert page.inner_text("#count") == f"20 of {30 - done}" if 30 - done > 20 else True
    assert page.locator("#tasks tbody tr").count() == 30
    page.select_option("#choice", "all")
    page.fill("#filter", "task-7/")
    assert page.locator(".episode").count() == 1
    assert "task-7/0" in page.inner_text("#episodes")
    assert "abc" in page.inner_text("#facts")


@pytest.mark.browser
def test_text_of_tasks_and_models_is_never_parsed_as_html(page: Page, tmp_path: Path) -> None:
    record = replace(records(1, 0.0)[0], instruction=HOSTILE, answer=HOSTILE, found=HOSTILE, errors=(HOSTILE,))
    assert opened(page, render_report([entry([record], tmp_path, HOSTILE)], tmp_path), tmp_path / "report.html") == []
    assert page.title() == HOSTILE
    assert page.locator(".instruction").inner_text() == HOSTILE
    assert page.locator("img").count() == 0


@pytest.mark.browser
def test_two_evaluations_are_compared_on_one_page(page: Page, tmp_path: Path) -> None:
    a, b = records(60, 0.2), records(60, 0.8, seed=1)
    assert opened(page, render_report([entry(a, tmp_path), entry(b, tmp_path)], tmp_path), tmp_path / "both.html") == []
    assert page.inner_text("#verdict") == compare(a, b).verdict
    assert page.inner_text("#verdict").startswith("B is better: +")
    assert page.locator("path").count() == 4


@pytest.mark.browser
def test_episodes_link_to_their_recordings(page: Page, tmp_path: Path) -> None:
    (made,) = records(1, 0.0)
    recorded = replace(made, id=EpisodeId("a task #1", 0))
    (tmp_path / "eval/episodes" / recorded.id.path).mkdir(parents=True)
    html = render_report([entry([recorded, made], tmp_path / "eval")], tmp_path)
    assert opened(page, html, tmp_path / "report.html") == []
    links = page.locator(".episode a")
    assert links.count() == 1  # the other episode was not recorded
    assert links.inner_text() == f"eval/episodes/{recorded.id.path}"
    target = links.evaluate("link => decodeURIComponent(new URL(link.href).pathname)")
    assert Path(target) == tmp_path / "eval/episodes" / recorded.id.path


@pytest.mark.browser
def test_thumbnails_of_a_failure_link_to_the_steps_on_the_page_of_its_run(page: Page, tmp_path: Path) -> None:
    (made,) = records(1, 0.0)
    folder = tmp_path / "eval/episodes" / made.id.path
    folder.mkdir(parents=True)
    (folder / "filmstrip.jpg").write_bytes(b"an image")
    (folder / "view.html").write_text("<title>The run</title>")
    html = render_report([entry([made], tmp_path / "eval")], tmp_path)
    assert opened(page, html, tmp_path / "report.html") == []
    assert page.locator(".filmstrip a").count() == len(made.moments)
    page.locator(".filmstrip a").nth(2).click()
    assert (page.title(), page.url) == ("The run", f"{(folder / 'view.html').as_uri()}#step-3")


@pytest.mark.browser
def test_report_with_a_thousand_episodes_loads_quickly(page: Page, tmp_path: Path) -> None:
    made = records(1000, 0.3)
    for record in made:
        if record.moments:
            folder = tmp_path / "episodes" / record.id.path
            folder.mkdir(parents=True)
            (folder / "filmstrip.jpg").write_bytes(random.Random(record.id.path).randbytes(12_000))
    html = render_report([entry(made, tmp_path)], tmp_path)
    assert len(html) > 8_000_000
    assert opened(page, html, tmp_path / "report.html") == []
    assert page.locator(".episode").count() == 20
    for _ in range(3):
        page.click("#more")
    assert page.locator(".episode").count() == 80


@pytest.mark.browser
def test_details_of_episodes_are_read_when_they_are_shown(page: Page, tmp_path: Path) -> None:
    made = [replace(record, answer=f"answer {number}") for number, record in enumerate(records(450, 0.0, tasks=3))]
    html = render_report([entry(made, tmp_path), entry(made, tmp_path)], tmp_path)
    data, *parts = html.split('<script type="text/plain"')
    assert ("answer" in data.partition('id="data"')[2].partition("</script>")[0], len(parts)) == (False, 6)
    assert opened(page, html, tmp_path / "report.html") == []
    page.fill("#filter", "task-2/149")
    assert [page.locator(".episode").nth(run).locator("text=answer 449").count() for run in (0, 1)] == [1, 1]


def test_embedded_filmstrips_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("screenwright.eval.analysis.report.render.MAX_FILMSTRIP_BYTES", 100_000)
    made = records(40, 0.0)
    for record in made:
        folder = tmp_path / "episodes" / record.id.path
        folder.mkdir(parents=True)
        (folder / "filmstrip.jpg").write_bytes(b"x" * 12_000)
    assert len(render_report([entry(made, tmp_path)], tmp_path)) < 220_000


def test_csv_has_one_line_per_episode() -> None:
    lines = as_csv(records(5, 0.5)).splitlines()
    assert lines[0].startswith("task,seed,trial,category,done,score,stop,triage,steps")
    assert len(lines) == 6


def test_csv_has_no_formulas() -> None:
    (_, row) = as_csv([Record(EpisodeId("task", 0), done=False, category="=1+1", found="@SUM(A1)")]).splitlines()
    assert ",'=1+1," in row
    assert row.endswith(",'@SUM(A1)")


def test_text_summary_shows_errors_and_cost() -> None:
    made = [*records(9, 1.0), Record(EpisodeId("task-9", 0), done=None, errors=("env_lost: gone",), stop="error")]
    text = as_text(summarize(made, 12, "1:2:0.5"))
    assert "9 of 10 episodes done: 0.900 [0.596, 0.982]" in text
    assert "not run yet: 2 episodes" in text
    assert "infrastructure errors: 1, counted as not done; without them 1.000" in text
    assert "cost: 0.01" in text


def test_attacks_that_succeeded_are_counted_among_those_that_were_made() -> None:
    attacked = [True, False, None, True]
    made = [
        Record(EpisodeId(f"t{n}", 0), category="ab"[n % 2], done=True, attacked=one) for n, one in enumerate(attacked)
    ]
    summary = summarize(made, 4)
    assert (summary.total.attacks, summary.total.attackable) == (2, 3)
    assert "2 of 3 attacks succeeded: 0.667 [0.208, 0.939]" in as_text(summary)
    assert "attacks succeeded" not in as_text(summarize(made[2:3], 1))


def test_trials_give_pass_at_k_and_pass_all_k() -> None:
    done = [(1, 4), (3, 4)]
    made = [
        Record(EpisodeId(f"t{task}", 0, trial), done=trial < successes)
        for task, (successes, trials) in enumerate(done)
        for trial in range(trials)
    ]
    rates = {one.k: (one.pass_at_k, one.pass_all_k) for one in summarize(made, 8).pass_rates}
    assert rates[1] == pytest.approx((0.5, 0.5))
    assert rates[2] == pytest.approx((0.75, 0.25))
    assert rates[4] == pytest.approx((1.0, 0.0))
