"""Every Python block of the docs runs, every command line is accepted by the real parser, and links exist."""

import re
import runpy
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from screenwright import Agent, FakeEnv, ScriptedModel, UiTars15
from screenwright.cli.arguments import given_flags
from screenwright.cli.main import parse_arguments
from screenwright.cli.settings import TREES, build_settings, given_settings
from screenwright.eval.core.local_server import HttpResponse, LocalServer

ROOT = Path(__file__).parent.parent.parent
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

EXAMPLE_PAGE = b"""<!doctype html><title>Example</title><body style="font: 20px DejaVu Sans; margin: 60px">
<h1>Example</h1><p>This page is for examples.</p><p><a href="/more">Learn more</a></p>"""


def blocks(language: str) -> list[tuple[str, str]]:
    return [
        (f"{page.relative_to(ROOT)}-{number}", code)
        for page in PAGES
        for number, (found, code) in enumerate(FENCE.findall(page.read_text()), start=1)
        if found == language
    ]


@pytest.fixture
def example_site() -> Iterator[str]:
    with LocalServer(lambda request: HttpResponse(EXAMPLE_PAGE)) as server:
        yield server.url


def example(name: str, code: str) -> object:
    needs = {"reader": '"reader"' in code, "browser": "BrowserEnv" in code or "miniwob" in code or "demo" in code}
    return pytest.param(name, code, marks=[getattr(pytest.mark, mark) for mark in needs if needs[mark]], id=name)


@pytest.mark.parametrize(("name", "code"), [example(*block) for block in blocks("python")])
def test_example_runs(
    name: str,
    code: str,
    example_site: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    if "LocalModel(" in code:
        pytest.skip("needs a model's weights")
    monkeypatch.chdir(tmp_path)
    if "read_run" in code:
        Agent(ScriptedModel(["Action: finished()"]), dialect=UiTars15()).run("a task", FakeEnv(), out="runs/an-example")
    program = tmp_path / "example.py"
    program.write_text(code.replace("https://example.org", example_site), encoding="utf-8")
    runpy.run_path(str(program), run_name="__main__")  # in this process: importing takes longer than most examples
    assert capfd.readouterr().out, f"the example {name} prints nothing"


def commands() -> list[str]:
    text = "\n".join(page.read_text() for page in PAGES).replace("\\\n", " ")
    fenced = [line.strip() for _, code in FENCE.findall(text) for line in code.splitlines()]
    inline = [" ".join(code.split()) for code in re.findall(r"`(screenwright [a-z]+ [^`]+)`", FENCE.sub("", text))]
    lines = [re.sub(r"^(\w+=\S* |echo .* \| )", "", line) for line in fenced + inline]
    return sorted({line for line in lines if line.startswith("screenwright ") and not re.search(r"COMMAND|\|", line)})


@pytest.mark.parametrize("command", commands())
def test_command_line_is_accepted(command: str) -> None:
    given = parse_arguments(shlex.split(command)[1:])
    tree = TREES.get(given.command)
    if tree and not {"--list", "--resume", "--repeat"} & set(shlex.split(command)):
        build_settings(tree, given_settings(tree, given_flags(given, tree), {}, None))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_relative_links_exist(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
