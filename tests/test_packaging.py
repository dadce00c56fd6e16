"""What is built is what is written: every package is listed, the wheel brings one name, and the layers hold."""

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import screenwright

ROOT = Path(__file__).parent.parent
REAL_FOLDERS = ("agent", "envs", "prompts", "eval")


@pytest.fixture(scope="module")
def project() -> dict[str, dict[str, object]]:
    settings: dict[str, dict[str, object]] = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return settings


def test_every_folder_with_code_is_a_listed_package(project: dict[str, dict[str, object]]) -> None:
    tool = project["tool"]["setuptools"]
    assert isinstance(tool, dict)
    ours = [path.name for path in (ROOT / "screenwright").iterdir() if path.is_dir() and not path.is_symlink()]
    folders = {"screenwright"}
    for top in (*REAL_FOLDERS, *(f"screenwright/{name}" for name in ours)):
        for init in (ROOT / top).rglob("__init__.py"):
            parts = init.parent.relative_to(ROOT).parts
            folders.add(".".join(parts if parts[0] == "screenwright" else ("screenwright", *parts)))
    assert sorted(tool["packages"]) == sorted(folders)


def test_the_four_links_lead_to_the_folders() -> None:
    for name in REAL_FOLDERS:
        link = ROOT / "screenwright" / name
        assert link.is_symlink()
        assert link.resolve() == ROOT / name


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built by way of the source archive as for a release."""
    built = ROOT / "build" / "wheel"
    wheels = list(built.glob("*.whl"))
    if not wheels:
        built = tmp_path_factory.mktemp("wheel")
        # Without isolation, which would install setuptools twice.
        command = [sys.executable, "-W", "ignore", "-m", "build", "--no-isolation", "--outdir", str(built), str(ROOT)]
        subprocess.run(command, check=True, capture_output=True)
        wheels = list(built.glob("*.whl"))
    return wheels[0]


@pytest.mark.slow
def test_the_wheel_installs_exactly_one_name(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"screenwright"}


@pytest.mark.slow
def test_the_wheel_holds_every_source_file_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    tracked = subprocess.run(
        ["git", "ls-files", *REAL_FOLDERS, "screenwright"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    source = {
        name if name.startswith("screenwright/") else f"screenwright/{name}"
        for name in tracked
        if name not in {f"screenwright/{folder}" for folder in REAL_FOLDERS} and not name.startswith("eval/bench/")
    }
    assert packed == source


def test_the_wheel_is_typed_and_says_its_version(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert "screenwright/py.typed" in archive.namelist()
    assert f"-{screenwright.__version__}-" in wheel.name


@pytest.mark.slow
def test_the_core_needs_at_most_25_packages(wheel: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--dry-run", "--ignore-installed", "--report", report, wheel],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"no package index can be reached: {done.stderr.strip().splitlines()[-1]}")
    assert report.read_text().count('"is_direct"') <= 25
