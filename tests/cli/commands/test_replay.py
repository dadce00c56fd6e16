"""`screenwright replay` and `screenwright recipe`, on the fake screen of a plugin."""

import csv
import json
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import ImageDraw

from screenwright import Action, Agent, Click, FakeEnv, Observation, ScriptedModel, ScriptedPolicy, Type
from screenwright.agent.core.decision import Finish
from screenwright.agent.models.http_server import serve
from screenwright.agent.record.events import Acted, Intended, Replied, Started
from screenwright.agent.record.trajectory import read_run
from screenwright.agent.replay.recipe import Reading
from screenwright.agent.replay.recipe_file import read_recipe, write_recipe
from screenwright.cli.main import main
from screenwright.envs.screenshot import Screenshot

ACME = Path(__file__).parents[2] / "helpers" / "acme"

pytestmark = pytest.mark.reader


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The current folder, with `run`: a recorded run on the fake screen, which the plugin `acme` opens too."""
    monkeypatch.syspath_prepend(ACME)
    monkeypatch.chdir(tmp_path)
    env = FakeEnv()
    script: list[tuple[Action, ...]] = [(Click(env.where("Name")),), (Type("Ada"),), (Click(env.where("Greet")),)]
    Agent(policy=ScriptedPolicy([*script, Finish("done")])).run("Greet Ada", env, out="run")
    yield tmp_path
    sys.modules.pop("acme_screens", None)


def typed(run: Path | str) -> list[str]:
    """What a run typed."""
    actions = [event.action for event in read_run(run).events if isinstance(event, Acted)]
    return [action.text for action in actions if isinstance(action, Type)]


def test_recipe_has_parameters_that_can_be_set(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipe", "run", "--out", "recipe"]) == 0
    assert capsys.readouterr().out == "recipe/recipe.toml\n"
    recipe = tomllib.loads((folder / "recipe" / "recipe.toml").read_text())
    assert recipe["parameters"] == {"name": "Ada"}
    assert [step["action"]["type"] for step in recipe["steps"]] == ["click", "type", "click"]
    assert recipe["steps"][2]["targets"][0]["text"] == "Greet"
    assert main(["replay", "recipe", "--env", "acme", "--set", "name=Grace", "--out", "grace"]) == 0
    assert typed("grace") == ["Grace"]
    assert main(["replay", "recipe", "--env", "acme", "--set", "nane=Grace", "--out", "wrong"]) == 2
    assert "the recipe has no parameter 'nane': it has name" in capsys.readouterr().err


def test_run_is_performed_again_with_its_settings(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--env", "acme", "--acme-width", "700", "--policy", "acme", "--out", "first", "Greet"]) == 0
    assert main(["replay", "first", "--out", "again"]) == 0
    assert read_run("again").started.env.settings == {"size": "700x480"}
    assert read_run("again").started.policy.model.name == "replay"
    assert main(["replay", "run"]) == 2
    assert "run has no settings: name the screen, such as --url or --env desktop" in capsys.readouterr().err


class Answering(FakeEnv):
    """Says far from the button what pressing it has led to."""

    def observe(self) -> Observation:
        """See `Env`."""
        seen = super().observe()
        image = seen.screenshot.image.copy()
        ImageDraw.Draw(image).text((360, 420), "Order placed" if self.state.presses else "", "black", font_size=20)
        return replace(seen, screenshot=Screenshot(image))


def test_run_whose_result_does_not_appear_again_diverges(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    env = Answering()
    Agent(policy=ScriptedPolicy([(Click(env.where("Greet")),), Finish()])).run("Order", env, out="ordered")
    command = ["replay", "ordered", "--env", "acme", "--wait", "0.1", "--out"]
    assert main([*command, "again"]) == 14  # the button is pressed, and the other screen says nothing
    assert "'Order placed' is not on the screen" in capsys.readouterr().err


def test_each_row_is_done_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipe", "run", "--out", "recipe"]) == 0
    (folder / "rows.csv").write_text("number,name\n1,Grace\n2,Alan\n3,Barbara\n")
    command = ["replay", "recipe", "--env", "acme", "--each", "rows.csv", "--out", "rows"]
    assert main(command) == 0
    assert [typed(f"rows/row-000{row}") for row in (1, 2, 3)] == [["Grace"], ["Alan"], ["Barbara"]]

    # The second row was killed before its last step, and the third one while it was carried out.
    for row, last in ((2, "click"), (3, None)):
        path = folder / "rows" / f"row-000{row}" / "events.jsonl"
        lines = path.read_bytes().splitlines(keepends=True)
        intended = [number for number, line in enumerate(lines) if b'"event":"intended"' in line]
        path.write_bytes(b"".join(lines[: intended[2] + (last is None)]))
    assert main(command) == 1
    assert "2 of 3 rows finished" in capsys.readouterr().err
    assert sorted(path.name for path in (folder / "rows").glob("row-*")) == [
        *("row-0001", "row-0002", "row-0002.2", "row-0003")
    ]
    with (folder / "rows" / "results.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["name"], row["result"], row["run"]) for row in rows] == [
        ("Grace", "finished", "row-0001"),
        ("Alan", "finished", "row-0002.2"),
        ("Barbara", "unconfirmed", "row-0003"),
    ]


def test_rows_of_another_file_are_not_taken_for_those_that_were_done(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["recipe", "run", "--out", "recipe"]) == 0
    table = folder / "rows.csv"
    table.write_bytes("\ufeffname\r\nGrace\r\n".encode())  # as spreadsheets write it
    command = ["replay", "recipe", "--env", "acme", "--each", "rows.csv", "--out", "rows"]
    assert main(command) == 0
    assert typed("rows/row-0001") == ["Grace"]
    for changed in ("name\nAlan\n", "name\nAlan\nGrace\n", "name,x\nGrace,1\n"):
        table.write_text(changed)
        assert main(command) == 2
        assert "row 1 is not the one that was performed in rows: name another" in capsys.readouterr().err
    table.write_text("name\n")
    assert main(command) == 2
    assert "--each rows.csv has no rows below its header" in capsys.readouterr().err
    table.write_text("name\nGrace\nAlan\n")
    assert main(command) == 0
    assert typed("rows/row-0002") == ["Alan"]
    table.write_text("name\nGrace\n")
    assert main(command) == 2
    assert "row 2 is not the one" in capsys.readouterr().err


def test_results_of_one_recipe_can_be_the_rows_of_another(folder: Path) -> None:
    assert main(["recipe", "run", "--out", "recipe"]) == 0
    (folder / "rows.csv").write_text("name,result,answer\nGrace,paid,yes\n")
    command = ["replay", "recipe", "--env", "acme", "--each"]
    assert main([*command, "rows.csv", "--out", "first"]) == 0
    with (folder / "first" / "results.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert row == {
        "name": "Grace",
        "result": "paid",
        "answer": "yes",
        "result_2": "finished",
        "answer_2": "",
        "run": "row-0001",
    }
    assert main([*command, "first/results.csv", "--out", "second"]) == 0


@pytest.mark.parametrize("separator", [";", "\t"])
def test_rows_may_be_separated_as_spreadsheets_write_them(folder: Path, separator: str) -> None:
    assert main(["recipe", "run", "--out", "recipe"]) == 0
    (folder / "rows.csv").write_text(f'place{separator}name\n"Paris, 2"{separator}Grace\n')
    assert main(["replay", "recipe", "--env", "acme", "--each", "rows.csv", "--out", "rows"]) == 0
    with (folder / "rows" / "results.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert (row["place"], row["name"], row["result"]) == ("Paris, 2", "Grace", "finished")


def test_row_whose_record_is_damaged_is_not_done_again(folder: Path) -> None:
    assert main(["recipe", "run", "--out", "recipe"]) == 0
    (folder / "rows.csv").write_text("name\nGrace\n")
    command = ["replay", "recipe", "--env", "acme", "--each", "rows.csv", "--out", "rows"]
    assert main(command) == 0
    path = folder / "rows" / "row-0001" / "events.jsonl"
    started, *others = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([started, b"{}\n", *others]))
    assert main(command) == 1
    assert not (folder / "rows" / "row-0001.2").exists()
    assert "unconfirmed" in (folder / "rows" / "results.csv").read_text()
    path.write_bytes(started[:20])
    assert main(command) == 0
    assert typed("rows/row-0001.2") == ["Grace"]


def test_diverged_run_shows_both_screens(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    env = FakeEnv()
    env.execute(Click(env.where("File")))
    menu = env.where("About")
    fresh = FakeEnv()
    Agent(policy=ScriptedPolicy([(Click(fresh.where("File")),), (Click(menu),), Finish()])).run(
        "About", fresh, out="menu"
    )
    (folder / "menu" / "events.jsonl").read_text()
    assert main(["recipe", "menu", "--out", "recipe"]) == 0
    text = (folder / "recipe" / "recipe.toml").read_text()
    first, *others = text.split("[[steps]]")
    (folder / "recipe" / "recipe.toml").write_text("[[steps]]".join([first, *others[1:]]))  # the menu stays closed
    capsys.readouterr()
    assert main(["replay", "recipe", "--env", "acme", "--wait", "0.1", "--out", "diverged"]) == 14
    printed = capsys.readouterr().err
    assert "diverged after" in printed
    assert "at step 1 of 1" in printed
    assert "side by side: diverged/diverged.png" in printed
    assert (folder / "diverged" / "diverged.png").is_file()
    assert main(["view", "diverged"]) == 0
    assert '"divergence":"data:image/webp' in (folder / "diverged" / "view.html").read_text().replace(" ", "")
    assert main(["view", "diverged", "--share"]) == 0
    assert '"divergence":""' in (folder / "diverged" / "shared.html").read_text().replace(" ", "")
    acted = [event.action for event in read_run("diverged").events if isinstance(event, Intended)]
    assert not any(isinstance(action, Click) for action in acted)
    assert isinstance(read_run("diverged").events[0], Started)


def test_settings_of_a_model_need_heal(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "run", "--env", "acme", "--dialect", "acme"]) == 2
    assert "--dialect applies to a model: add --heal" in capsys.readouterr().err
    assert main(["replay", "run", "--env", "acme", "--accept"]) == 2
    assert "name a recipe and --heal, without --each" in capsys.readouterr().err


def test_one_changed_element_costs_one_call_of_the_model(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The button of the recipe looks otherwise than that on the screen, and a model on a server presses it."""
    assert main(["recipe", "run", "--out", "recipe"]) == 0
    changed = read_recipe(Path("recipe"))
    image = changed.steps[2].before.image.copy()
    ImageDraw.Draw(image).ellipse((22, 42, 128, 74), fill="green")
    step = replace(changed.steps[2], before=Screenshot(image))
    write_recipe(replace(changed, steps=(*changed.steps[:2], step)), Path("recipe"))
    at = FakeEnv().where("Greet")
    model = ScriptedModel([f"Thought: There.\nAction: click(start_box='({at.x:.0f},{at.y:.0f})')"])
    with serve(model, name="ui-tars-1.5") as server:
        heal = ["--heal", server.url, "--no-calibrate", "--wait", "0.1"]
        assert main(["replay", "recipe", "--env", "acme", *heal, "--out", "healed"]) == 0
        assert len(model.asked) == 1
        printed = capsys.readouterr().err
        assert "1 call of the model for 3 steps" in printed
        assert "a new anchor for step 3 is in healed/recipe" in printed
        assert main(["replay", "healed/recipe", "--env", "acme", *heal, "--out", "again"]) == 0
        assert len(model.asked) == 1
        assert "0 calls of the model for 3 steps" in capsys.readouterr().err
        assert main(["replay", "recipe", "--env", "acme", "--wait", "0.1", "--out", "diverged"]) == 14
    replied = [event for event in read_run("healed").events if isinstance(event, Replied)]
    assert len(replied) == 1


def test_recipes_are_joined_and_values_are_read_out(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipe", "run", "--out", "first"]) == 0
    env = FakeEnv()
    env.execute(Click(env.where("Name")))
    env.execute(Type("Ada"))
    env.execute(Click(env.where("Greet")))
    Agent(policy=ScriptedPolicy([(Click(env.where("Express")),), Finish()])).run("Tick Express", env, out="second")
    assert main(["recipe", "first", "second", "--out", "both"]) == 0
    recipe = read_recipe(Path("both"))
    assert recipe.task == "Greet Ada. Tick Express"
    assert recipe.parameters == {"name": "Ada"}
    assert [step.words for step in recipe.steps[2:]] == ['click "Greet" button', 'click "Express"']
    write_recipe(replace(recipe, expect=(), read=(Reading("who", "Name"),)), Path("both"))
    capsys.readouterr()
    assert main(["replay", "both", "--env", "acme", "--out", "done", "--set", "name=Grace"]) == 0
    assert json.loads(capsys.readouterr().out) == {"who": "Grace"}
    (folder / "rows.csv").write_text("name\nAlan\n")
    assert main(["replay", "both", "--env", "acme", "--each", "rows.csv", "--out", "rows"]) == 0
    with (folder / "rows" / "results.csv").open() as file:
        assert [row["who"] for row in csv.DictReader(file)] == ["Alan"]
