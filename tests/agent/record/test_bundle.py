"""Bundles: what is left out of them, and that one from someone else is read only as data."""

import json
import zipfile
from pathlib import Path

import pytest

from screenwright import FakeEnv, RunError, ScriptedPolicy, Type, read_run
from screenwright.agent.core.decision import Finish
from screenwright.agent.loop.agent import Agent
from screenwright.agent.record.bundle import write_bundle
from screenwright.agent.record.privacy import without_private
from screenwright.cli.main import main
from screenwright.envs.check import Check, CheckStatus


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    script: list[tuple[Type, ...] | Finish] = [(Type("api_key=abcdef123456 /home/grace/notes"),), Finish("done")]
    Agent(policy=ScriptedPolicy(script)).run("Open /home/grace/notes.txt", FakeEnv(), out=folder)
    return folder


def test_bundle_is_read_like_the_folder_of_its_run(run: Path, tmp_path: Path) -> None:
    write_bundle(run, tmp_path / "run.zip")
    original, bundled = read_run(run), read_run(tmp_path / "run.zip")
    assert [event.event for event in bundled.events] == [event.event for event in original.events]
    assert [shot.png for shot in bundled.screenshots] == [shot.png for shot in original.screenshots]
    assert bundled.started.task == "Open /home/xxxxx/notes.txt"


def test_bundle_has_no_user_names_and_no_keys(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "correct-horse-battery")
    (run / "settings.toml").write_text(
        'url = "https://bob:pw@shop.example/?q=correct-horse-battery"\nsecret = ["bank=x"]\nproxy = "http://p"\n'
    )
    checks = [Check("browser", CheckStatus.OK, "Chromium in /home/grace/.cache")]
    write_bundle(run, tmp_path / "run.zip", checks)
    with zipfile.ZipFile(tmp_path / "run.zip") as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist() if not name.endswith(".png")}
    assert sorted(texts) == ["bundle.json", "events.jsonl", "settings.toml"]
    for private in ("grace", "abcdef123456", "correct-horse", "bob", "bank", "http://p"):
        assert private not in "".join(texts.values())
    assert texts["settings.toml"] == f'url = "https://xxxxxx@shop.example/?q={"x" * 21}"\n'
    assert json.loads(texts["bundle.json"])["checks"][0]["found"] == "Chromium in /home/xxxxx/.cache"


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Authorization: Bearer abc.def-123456", "Authorization: Bearer xxxxxxxxxxxxxx"),
        ("key sk-" + 20 * "a", "key " + 23 * "x"),
        (r"C:\Users\Grace\Desktop", r"C:\Users\xxxxx\Desktop"),
        ("click(start_box='(100,200)'), hotkey(key='pagedown')", None),
        ('{"action": "key", "key": "Return", "text": "{{bank}}"}', None),
        ("password: {{bank}}", None),
        ("https://shop.example/cart?item=12345678", None),
    ],
)
def test_hidden_texts_keep_their_length_and_actions_stay_as_they_are(text: str, hidden: str | None) -> None:
    assert without_private(text) == (text if hidden is None else hidden)
    assert len(without_private(text)) == len(text)


def archive_of(path: Path, files: dict[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


LINK = zipfile.ZipInfo("events.jsonl")
LINK.external_attr = 0o120777 << 16
BZIP = zipfile.ZipInfo("events.jsonl")
BZIP.compress_type = zipfile.ZIP_BZIP2


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"../events.jsonl": b""}, "has the file '../events.jsonl'"),
        ({"/etc/passwd": b""}, "has the file '/etc/passwd'"),
        ({"images/x.png": b""}, "has the file 'images/x.png'"),
        ({LINK: b"/etc/passwd"}, "is a link"),
        ({BZIP: b"x"}, "packed in another way"),
        ({"bundle.json": b"{}"}, "events.jsonl is missing"),
        ({"events.jsonl": b"[]\n"}, "line 1"),
    ],
)
def test_archive_that_is_no_bundle_is_refused(
    tmp_path: Path, files: dict[str | zipfile.ZipInfo, bytes], problem: str
) -> None:
    with pytest.raises(RunError, match=problem):
        read_run(archive_of(tmp_path / "run.zip", files))


def test_bundle_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("screenwright.agent.record.archive.MAX_BYTES", 100_000)
    with pytest.raises(RunError, match="when it is unpacked"):
        read_run(archive_of(tmp_path / "run.zip", {"events.jsonl": b"\n" * 200_000}))


def test_damaged_bundle_is_refused(run: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.zip"
    write_bundle(run, path)
    data = bytearray(path.read_bytes())
    data[60:80] = bytes(20)
    path.write_bytes(data)
    with pytest.raises(RunError, match="damaged"):
        read_run(path)
    path.write_bytes(b"no archive")
    with pytest.raises(RunError, match="neither the folder of a run nor a bundle"):
        read_run(path)


def test_command_writes_a_bundle_that_can_be_viewed(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bundle", str(run), "--no-doctor"]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'run.zip'}\n"
    assert main(["view", str(tmp_path / "run.zip")]) == 0
    assert "notes.txt" in (tmp_path / "run.view.html").read_text()
    assert main(["bundle", str(tmp_path / "run.zip")]) == 2
    assert "is a bundle already" in capsys.readouterr().err
