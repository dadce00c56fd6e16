"""Official texts: extraction from source files, hashes, the data folder and installed packages."""

import hashlib
import re
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from screenwright.prompts.official import (
    OfficialPrompt,
    OfficialText,
    add_from,
    fill,
    load_official,
    prompts_folder,
    remove_texts,
)
from screenwright.prompts.official.extract import ExtractionError, extract_texts

SOURCE = r'''
"""Module docstring."""
import json, os
os.system("touch /tmp/never-executed")
PLAIN = "look\tand \u2192 act"
JOINED = ("one "
          "two")
ADDED = "start " + PLAIN + " end"
PROMPTS = {"en": {"system": "English", "users": ["first", "second"]}, "zh": JOINED}
PROMPTS["fr"] = "French"
ANNOTATED: str = "annotated"
TEMPLATE = Template("""Do $task""")
SCHEMA = {"name": "click", "x": 3, "flag": True, "none": None}
TWICE = "a"
TWICE = "b"
LINES = "\n".join(["one", f"two {PLAIN}", unknown()])
FORMATTED = "{{braces}} {task} {PLAIN}".format(task=compute(), PLAIN=PLAIN)
PERCENT = "%s steps" % 3
STRIPPED = """
    text
""".strip()
DEDENTED = textwrap.dedent("""\
    indented
      more
""")

class Agent:
    LIMIT = "class level"
    def ask(self, goal, *, PLAIN):
        tools = {"text": f"goal {goal!r}", "nested": "keep"}
        system = "Tools: " + json.dumps(tools) + f" {self.width}x{height} {JOINED} {PLAIN} {call(f'{goal}')}"
        if goal:
            system += "appended"
        self.messages = [{"role": "system", "content": f"Goal: {goal}"}]
        return "the {result}"

async def later():
    note = "later"
    return_value = "not a return"
'''

CASES = {
    "PLAIN": ["look\tand \u2192 act"],
    "JOINED": ["one two"],
    "ADDED": ["start look\tand \u2192 act end"],
    "PROMPTS['en']['system']": ["English"],
    "PROMPTS['en']['users'][1]": ["second"],
    "PROMPTS['zh']": ["one two"],
    "ANNOTATED": ["annotated"],
    "TEMPLATE": ["Do $task"],
    "SCHEMA": ['{"name": "click", "x": 3, "flag": true, "none": null}'],
    "TWICE": ["a", "b"],
    "LINES": ["one\ntwo look\tand \u2192 act\n{unknown()}"],
    "FORMATTED": ["{braces} {task} look\tand \u2192 act"],
    "PERCENT": ["%s steps"],
    "STRIPPED": ["text"],
    "DEDENTED": ["indented\n  more\n"],
    "Agent.LIMIT": ["class level"],
    "Agent.ask.system": [
        'Tools: {"text": "goal {goal}", "nested": "keep"} {self.width}x{height} one two {PLAIN} {f-string}',
        "appended",
    ],
    "Agent.ask.self.messages[0]['content']": ["Goal: {goal}"],
    "Agent.ask.return": ["the {result}"],
    "later.note": ["later"],
    "later.return_value": ["not a return"],
}


@pytest.mark.parametrize("name", CASES)
def test_a_text_is_read_from_source_as_python_would_evaluate_it(name: str) -> None:
    assert list(extract_texts(SOURCE, name)) == CASES[name]


def test_any_text_in_a_function_can_be_meant() -> None:
    assert {"Goal: {goal}", "appended", "the {result}"} <= set(extract_texts(SOURCE, "Agent.ask.*"))


@pytest.mark.parametrize("name", ["NONE", "PROMPTS['de']", "PROMPTS['en'][0][1]", "Agent.other.system", "not a name"])
def test_a_text_that_is_not_there_is_an_error(name: str) -> None:
    with pytest.raises(ExtractionError):
        extract_texts(SOURCE, name)


@pytest.mark.parametrize("source", ["NAME = 'a'" + " + 'a'" * 5_000, "NAME = " + "-" * 5_000 + "1"])
def test_a_file_that_is_nested_too_deeply_is_an_error(source: str) -> None:
    with pytest.raises(ExtractionError):
        extract_texts(source, "NAME")


def test_a_file_that_is_not_python_is_an_error() -> None:
    with pytest.raises(ExtractionError, match="not Python"):
        extract_texts("const prompt = `text`", "prompt")


def test_placeholders_are_filled_in_one_pass_and_other_braces_stay() -> None:
    assert fill('{"a": {task}} {task}', task="{task} x") == '{"a": {task} x} {task} x'
    assert fill("size {self.width}", **{"self.width": "7"}) == "size 7"
    assert fill("{unfilled}") == "{unfilled}"
    with pytest.raises(ValueError, match="no placeholder"):
        fill("nothing", task="x")


def declared(text: str, name: str = "TWICE", path: str = "agents/one.py") -> OfficialPrompt:
    return OfficialPrompt(
        "acme/agents", {"system": OfficialText(path, name, hashlib.sha256(text.encode()).hexdigest())}
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "repo" / "agents").mkdir(parents=True)
    (tmp_path / "repo" / "agents" / "one.py").write_bytes(SOURCE.replace("\n", "\r\n").encode())
    (tmp_path / "repo" / "prompt.md").write_text("whole file\n")
    return tmp_path / "repo"


def test_the_hash_chooses_among_several_texts_and_the_added_text_is_loaded(checkout: Path, tmp_path: Path) -> None:
    prompt, folder = declared("b"), tmp_path / "data"
    assert load_official((prompt,), folder) is None
    add_from(checkout, (prompt,), folder)
    loaded = load_official((prompt,), folder)
    assert loaded is not None
    assert loaded.texts == {"system": "b"}
    assert loaded.source == "acme/agents agents/one.py, sha256 3e23e8160039"
    assert remove_texts((prompt,), folder) == 1
    assert load_official((prompt,), folder) is None
    assert not Path("/tmp/never-executed").exists()


def test_a_text_is_found_in_a_parent_folder_a_wheel_and_a_single_file(checkout: Path, tmp_path: Path) -> None:
    wheel = tmp_path / "agents-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("agents/one.py", SOURCE)
    sources = (checkout.parent, wheel, checkout / "agents" / "one.py")
    for source, path in zip(sources, ("agents/one.py", "code/agents/one.py", "agents/one.py"), strict=True):
        folder = tmp_path / f"data-{source.name}"
        add_from(source, (declared("a", path=path),), folder)
        assert load_official((declared("a", path=path),), folder) is not None


def test_a_whole_file_is_a_text(checkout: Path, tmp_path: Path) -> None:
    prompt = declared("whole file\n", name="", path="prompt.md")
    add_from(checkout, (prompt,), tmp_path / "data")
    loaded = load_official((prompt,), tmp_path / "data")
    assert loaded is not None
    assert loaded.texts["system"] == "whole file\n"


def test_another_version_is_refused_with_both_hashes_unless_asked_for(checkout: Path, tmp_path: Path) -> None:
    prompt, folder = declared("c"), tmp_path / "data"
    found, expected = (hashlib.sha256(text).hexdigest() for text in (b"a", b"c"))
    [refused] = add_from(checkout, (prompt,), folder).refused
    assert re.search(f"{found}.*{expected}.*--any-version", refused)
    assert load_official((prompt,), folder) is None
    assert [added.sha256 for added in add_from(checkout, (prompt,), folder, any_version=True).added] == [found]
    loaded = load_official((prompt,), folder)
    assert loaded is not None
    assert ", another version, sha256" in loaded.source


def test_texts_that_match_are_added_although_another_is_refused(checkout: Path, tmp_path: Path) -> None:
    result = add_from(checkout, (declared("c", name="PLAIN"), declared("b")), tmp_path / "data")
    assert (len(result.added), len(result.refused)) == (1, 1)
    assert load_official((declared("b"),), tmp_path / "data") is not None


@pytest.mark.parametrize("any_version", [False, True])
def test_of_two_declared_versions_the_one_in_the_source_is_added(
    checkout: Path, tmp_path: Path, *, any_version: bool
) -> None:
    versions = (declared("other", name="PLAIN"), declared("look\tand \u2192 act", name="PLAIN"))
    assert len(add_from(checkout, versions, tmp_path / "data", any_version=any_version).added) == 1
    loaded = load_official(versions, tmp_path / "data")
    assert loaded is not None
    assert "another version" not in loaded.source


def test_a_checkout_is_read_at_the_declared_commit(checkout: Path, tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        command = ["git", "-C", str(checkout), "-c", "user.name=x", "-c", "user.email=x@example.org", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    (checkout / "empty").mkdir()
    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "first")
    first = git("rev-parse", "--short", "HEAD")
    git("rm", "-q", "agents/one.py")
    old = replace(declared("b"), commit=first)
    with pytest.raises(ValueError, match=f"published in acme/agents@{first} agents/one.py"):
        add_from(checkout / "empty", (old,), tmp_path / "data")
    assert len(add_from(checkout, (old,), tmp_path / "data").added) == 1


def test_a_file_that_only_has_the_same_name_is_passed_over(checkout: Path, tmp_path: Path) -> None:
    other = declared("a", name="ELSEWHERE", path="one.py")
    assert len(add_from(checkout, (other, declared("b")), tmp_path / "data").added) == 1
    [refused] = add_from(checkout / "agents", (other,), tmp_path / "data").refused
    assert "it has no text ELSEWHERE" in refused


def test_the_first_complete_choice_is_used(checkout: Path, tmp_path: Path) -> None:
    incomplete = OfficialPrompt(
        "acme/agents", {**declared("a").texts, "user": OfficialText("agents/gone.py", "USER", "0" * 64)}
    )
    add_from(checkout, (incomplete, declared("b")), tmp_path / "data")
    loaded = load_official((incomplete, declared("b")), tmp_path / "data")
    assert loaded is not None
    assert loaded.texts == {"system": "b"}


def test_a_changed_file_in_the_data_folder_is_an_error(checkout: Path, tmp_path: Path) -> None:
    add_from(checkout, (declared("a"),), tmp_path / "data")
    file = next((tmp_path / "data").iterdir())
    file.write_text("changed")
    with pytest.raises(ValueError, match="was changed"):
        load_official((declared("a"),), tmp_path / "data")


@pytest.mark.parametrize("source", ["missing", "repo/agents/empty.py", "repo/empty"])
def test_a_source_without_the_file_is_one_line(checkout: Path, tmp_path: Path, source: str) -> None:
    (checkout / "empty").mkdir()
    (checkout / "agents" / "empty.py").write_text("")
    with pytest.raises(ValueError, match=r"acme/agents agents/one.py|there is no file or folder"):
        add_from(tmp_path / source, (declared("a"),), tmp_path / "data")


def test_an_installed_package_is_a_source(tmp_path: Path) -> None:
    from ui_tars.prompt import COMPUTER_USE_DOUBAO

    sha256 = hashlib.sha256(COMPUTER_USE_DOUBAO.encode()).hexdigest()
    text = OfficialText("codes/ui_tars/prompt.py", "COMPUTER_USE_DOUBAO", sha256)
    loaded = load_official((OfficialPrompt("bytedance/UI-TARS", {"user": text}, package="ui-tars"),), tmp_path)
    assert loaded is not None
    assert loaded.texts == {"user": COMPUTER_USE_DOUBAO}
    assert loaded.source.startswith("ui-tars 0.")
    for package in ("ui-tars", "not-installed"):
        other = OfficialText("codes/ui_tars/prompt.py", "COMPUTER_USE_DOUBAO", "0" * 64)
        assert load_official((OfficialPrompt("a/b", {"user": other}, package=package),), tmp_path) is None


def test_the_data_folder_follows_the_xdg_specification(tmp_path: Path) -> None:
    assert prompts_folder({"XDG_DATA_HOME": str(tmp_path)}) == tmp_path / "screenwright" / "prompts"
    assert (
        prompts_folder({"XDG_DATA_HOME": "relative"}) == Path.home() / ".local" / "share" / "screenwright" / "prompts"
    )
