"""The workbench: its templates and judges, on files that are written directly; one task with its program."""

import os
import random
from dataclasses import replace
from pathlib import Path

import pytest

from screenwright.agent.core.limits import Limits, StopReason
from screenwright.agent.core.model import Usage
from screenwright.agent.loop.agent import Result
from screenwright.cli.main import main
from screenwright.eval.benchmarks.workbench import Collection, Job, Template, Workbench, miss, template_problems
from screenwright.eval.benchmarks.workbench.answers import contains, reports_infeasible
from screenwright.eval.benchmarks.workbench.apps.editor import APP
from screenwright.eval.benchmarks.workbench.apps.mail import inbox
from screenwright.eval.benchmarks.workbench.documents import Folder, Gone, Text
from screenwright.eval.benchmarks.workbench.judging import snapshot, state_problems
from screenwright.eval.benchmarks.workbench.setup import missing_apps
from screenwright.eval.benchmarks.workbench.template import Case
from screenwright.eval.core.config import EvalConfig
from screenwright.eval.core.plan import EpisodeId
from screenwright.eval.core.record import Record
from screenwright.eval.core.task import TaskError
from screenwright.eval.runner.baselines import oracle
from screenwright.eval.runner.episode import EpisodeJob, EpisodeRunner

TEMPLATES = Workbench().templates
WORDINGS = ("Write it.", "Please write it.", "Write that.", "It should be written.")


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.name)
def test_the_judge_accepts_the_right_state_and_refuses_near_misses(template: Template) -> None:
    assert template_problems(template, random.Random(template.name).randrange(1000)) == []


@pytest.mark.parametrize("seed", range(30))
def test_no_two_mails_of_an_inbox_say_the_same(seed: int) -> None:
    texts = [mail.text for mail in inbox(Case("mail", seed)).mails]
    assert len({*texts}) == len(texts) == 5


def test_names_are_unique_and_about_a_twelfth_is_infeasible() -> None:
    assert len({template.name for template in TEMPLATES}) == len(TEMPLATES) >= 60
    jobs = [template.instance(0)[1] for template in TEMPLATES]
    assert 0.05 < sum(bool(job.infeasible) for job in jobs) / len(jobs) < 0.12
    assert {job.difficulty for job in jobs} == {"easy", "medium", "hard"}


def test_a_seed_makes_the_same_instance_and_other_seeds_make_others() -> None:
    template = TEMPLATES[0]
    assert template.instance(3) == template.instance(3)
    assert len({template.instance(seed)[0] for seed in range(8)}) > 4


# -- the judge


def judged(home: Path, *after: Text | Folder | Gone) -> list[str]:
    """The problems of a home whose file a.txt was there before, after a test changed it."""
    return state_problems(home, BEFORE, after)


BEFORE = {
    "Documents": "folder",
    "Documents/a.txt": "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9",  # of "0"
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    Text("Documents/a.txt", "0").write(tmp_path)
    return tmp_path


def test_what_a_task_does_not_ask_for_must_not_change(home: Path) -> None:
    assert snapshot(home) == BEFORE
    assert judged(home) == []
    Text("Documents/b.txt", "").write(home)
    (home / ".hidden").write_text("settings")
    assert judged(home) == ["Documents/b.txt is new"]
    assert judged(home, Text("Documents/b.txt", "")) == []
    Text("Documents/a.txt", "1").write(home)
    assert judged(home, Text("Documents/b.txt", "")) == ["Documents/a.txt has changed"]
    Gone("Documents/a.txt").write(home)
    assert judged(home, Text("Documents/b.txt", "")) == ["Documents/a.txt is gone"]
    assert judged(home, Text("Documents/b.txt", ""), Gone("Documents/a.txt")) == []


def test_new_folders_of_expected_files_are_expected(home: Path) -> None:
    Text("New/inner/b.txt", "b").write(home)
    assert judged(home, Text("New/inner/b.txt", "b")) == []
    assert judged(home, Text("New/b.txt", "b"))[0] == "New/b.txt is missing"
    assert "New/inner is new" in judged(home, Text("New/b.txt", "b"))


def test_a_link_in_place_of_a_file_is_a_change(home: Path) -> None:
    (home / "Documents/a.txt").rename(home / ".a")
    (home / "Documents/a.txt").symlink_to(home / ".a")
    assert judged(home) == ["Documents/a.txt has changed"]


def test_a_link_is_no_copy(home: Path) -> None:
    (home / "Documents/b.txt").symlink_to("a.txt")
    assert judged(home, Text("Documents/b.txt", "0")) == ["Documents/b.txt is a link or cannot be read"]
    (home / "New").symlink_to("Documents")
    assert "New is a link or cannot be read" in judged(home, Folder("New"))


def test_pipes_and_endless_files_are_judged_without_reading_them(home: Path) -> None:
    with (home / "Documents/b.txt").open("wb") as large:
        large.truncate(1 << 40)
    os.mkfifo(home / "pipe")
    assert judged(home) == ["Documents/b.txt is new", "pipe is new"]
    wanted = (Text("Documents/b.txt", "b"), Text("pipe", "p"))
    assert judged(home, *wanted) == [f"{one.path} is a link or cannot be read" for one in wanted]


def test_differences_are_named(home: Path) -> None:
    assert Text("Documents/a.txt", "0\n").problems(home) == []
    assert Text("Documents/a.txt", "1").problems(home) == ["Documents/a.txt: line 1 is '0' instead of '1'"]
    assert Text("Documents/a.txt", "0\n1").problems(home) == ["Documents/a.txt: 1 lines instead of 2"]
    assert Text("c.txt", "").problems(home) == ["c.txt is missing"]


@pytest.mark.parametrize(
    ("answer", "wanted", "is_in"),
    [
        ("There are 12 files.", "12", True),
        ("1,234 in total", "1234", True),
        ("It is 12.", "12", True),
        ("12.5", "12", False),
        ("112", "12", False),
        ("greta LINDQVIST sent it", "Greta Lindqvist", True),
        ("", "12", False),
    ],
)
def test_an_answer_contains_what_was_asked_as_whole_words(answer: str, wanted: str, is_in: bool) -> None:
    assert contains(answer, wanted) is is_in


def ended(stop: StopReason, answer: str = "") -> Result:
    return Result(stop, answer, "", 1, Usage(), 1.0)


def test_an_infeasible_task_is_reported_by_giving_up_or_in_words() -> None:
    assert reports_infeasible(ended(StopReason.INFEASIBLE))
    assert reports_infeasible(ended(StopReason.NEEDS_USER))
    assert reports_infeasible(ended(StopReason.FINISHED, "The file does not exist."))
    assert not reports_infeasible(ended(StopReason.FINISHED, "Done."))
    assert not reports_infeasible(ended(StopReason.STEP_LIMIT, "it cannot be done"))


# -- templates


def test_a_template_needs_four_different_wordings() -> None:
    with pytest.raises(ValueError, match="has 1 wordings, but should have 4"):
        Collection(APP).task("Write it.", "Write it.")(lambda case: Job({}, (), ()))


def test_the_check_finds_a_judge_that_accepts_a_wrong_state() -> None:
    def write(case: Case) -> Job:
        right = Text("a.txt", "a")
        return Job({}, (), (), after=(right,), near=(miss("the same", right), miss("nothing")))

    tasks = Collection(APP)
    tasks.task(*WORDINGS)(write)
    assert template_problems(tasks.templates[0], 0) == ["editor-write: accepted: the same"]


# -- the benchmark


def test_tasks_of_missing_programs_are_left_out_and_named_in_the_version() -> None:
    absent = Template("paint-a", (replace(APP, name="paint", program="no-such-program"),), WORDINGS, TEMPLATES[0].make)
    bench = Workbench(templates=(TEMPLATES[0], absent))
    assert [app.name for app in missing_apps(bench.templates)] == ["paint"]
    assert [task.name for task in bench.tasks()] == [TEMPLATES[0].name]
    assert bench.version.endswith("; without paint")


def test_its_options_are_the_sandbox_and_the_difficulty(capsys: pytest.CaptureFixture[str]) -> None:
    easy = Workbench().configured(EvalConfig.of(benchmark="workbench", option=("difficulty=easy", "sandbox=auto")))
    assert {task.template.instance(0)[1].difficulty for task in easy.tasks()} == {"easy"}
    assert {task.sandbox for task in easy.tasks()} == {"auto"}
    assert main(["eval", "workbench", "--agent", "oracle", "--option", "speed=3"]) == 2
    assert "workbench has no option speed" in capsys.readouterr().err


def test_setup_is_for_benchmarks_that_install_something(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "demo", "--setup"]) == 2
    assert "demo has no --setup" in capsys.readouterr().err


def test_setup_names_the_packages_of_missing_programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TaskError, match=r"Debian packages .* mousepad .* inkscape"):
        list(Workbench().install())
    with pytest.raises(TaskError, match="screenwright eval workbench --setup"):
        Workbench(templates=TEMPLATES[:1]).tasks()


@pytest.mark.desktop
def test_the_oracle_solves_a_task_in_its_program_and_doing_nothing_does_not(tmp_path: Path) -> None:
    bench = Workbench(sandbox="auto")
    episode = EpisodeJob(EpisodeId("editor-append-line", 4), tmp_path / "run", Limits(30))
    record = EpisodeRunner(bench, oracle).run(episode)
    assert isinstance(record, Record), record
    assert record.done, record.found
