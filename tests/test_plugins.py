"""Entry points: how our own plugins and those of other packages are found."""

from importlib.metadata import distribution
from pathlib import Path

import pytest

from screenwright._plugins import PluginError, load_plugin, plugin_names


def install(folder: Path, package: str, entry_points: str) -> None:
    """A package that consists of its metadata."""
    metadata = folder / f"{package}-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(entry_points)


def test_every_entry_point_of_ours_can_be_loaded() -> None:
    ours = [point for point in distribution("screenwright").entry_points if point.group.startswith("screenwright.")]
    assert {"screenwright.benchmarks", "screenwright.dialects", "screenwright.models"} <= {one.group for one in ours}
    for point in ours:
        assert callable(point.load()), point


def test_a_plugin_of_another_package_is_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "acme", "[screenwright.guards]\nacme = builtins:print\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert "acme" in plugin_names("guard")
    assert load_plugin("guard", "acme") is print


def test_an_unknown_name_lists_the_available_ones() -> None:
    with pytest.raises(PluginError, match=r"there is no benchmark 'x'; available: androidworld, .*workbench$"):
        load_plugin("benchmark", "x")


def test_of_many_names_only_those_that_are_close_are_listed() -> None:
    with pytest.raises(PluginError, match=r"there is no dialect 'ui-tars'; did you mean ui-tars-1.0 or ui-tars-1.5"):
        load_plugin("dialect", "ui-tars")
    with pytest.raises(PluginError, match=r"there is no dialect 'Ui-Tars-15'; did you mean ui-tars-1.5"):
        load_plugin("dialect", "Ui-Tars-15")
    with pytest.raises(PluginError, match=r"there is no dialect ''; available: "):
        load_plugin("dialect", "")


def test_a_name_that_two_packages_provide_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("acme", "rival"):
        install(tmp_path, package, "[screenwright.policies]\nsame = builtins:print\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(PluginError, match="the policy 'same' is provided by acme and rival: uninstall one of them"):
        load_plugin("policy", "same")


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        ("no_such_module:it", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("broken:it", "ZeroDivisionError: division by zero"),
        ("math:no_such_name", "AttributeError: .*no_such_name"),
    ],
)
def test_a_plugin_that_cannot_be_imported_is_one_line_that_names_its_package(
    value: str, cause: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken.py").write_text("1 / 0\n")
    install(tmp_path, "acme", f"[screenwright.envs]\nacme = {value}\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(PluginError, match=f"the env 'acme' of acme cannot be loaded from {value}: {cause}"):
        load_plugin("env", "acme")


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "needs_ray.py").write_text("raise ModuleNotFoundError('x', name='ray')\n")
    install(tmp_path, "acme", "[screenwright.models]\nacme = needs_ray:it\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImportError, match=r"this needs the package ray: pip install 'screenwright\[ray\]'"):
        load_plugin("model", "acme")
