"""Wrong uses of every command: each is exit code 2 and one line that says what to do."""

import io
from pathlib import Path

import pytest
from PIL import Image

from screenwright.cli.main import main

WRONG: list[tuple[tuple[str, ...], str]] = [
    (("run",), "name a TASK"),
    (("run", "x", "--resume", "y"), "name a TASK"),
    (("run", "--resume", "nowhere"), "nowhere does not exist"),
    (("view", "nowhere"), "nowhere does not exist"),
    (("run", "x", "--steps", "many"), "--steps is 'many'"),
    (("run", "x", "--steps", "0"), "--steps"),
    (("run", "x", "--screen", "big"), "--screen"),
    (("run", "x", "--history", "window:0"), "window"),
    (("run", "x", "--env", "toaster"), "--env"),
    (("run", "x", "--model", "gpt"), "there is no model 'gpt'"),
    (("run", "x", "--model", "http://127.0.0.1:9", "--dialect", "klingon"), "klingon"),
    (("run", "x", "--config", "missing.toml"), "missing.toml"),
    (("run", "x", "--config", "broken.toml"), "broken.toml is not valid TOML"),
    (("run", "x", "--config", "unknown.toml"), "there is no setting 'stepz'; did you mean 'steps'?"),
    (("run", "x", "--config", "wrong.toml"), "wrong.toml: steps is 'x', but should be a valid integer"),
    (("run", "x", "--config", "table.toml"), "[env] is not a command with settings; use run, replay, eval,"),
    (("run", "x", "--env", "desktop"), "--virtual"),
    (("run", "x", "--env", "desktop", "--yes", "--hot-key", "a"), "is a character that gets typed"),
    (
        ("run", "x", "--env", "desktop", "--yes", "--hot-key", "twice esc"),
        "is not a hot key; use for example double escape",
    ),
    (("run", "x", "--env", "desktop", "--yes", "--pause-for-user", "-1"), "--pause-for-user"),
    (("run", "x", "--env", "desktop", "--virtual", "--monitor", "2"), "--monitor selects one of the real screen"),
    (("run", "x", "--env", "vnc"), "--address HOST:PORT"),
    (("run", "x", "--env", "vnc", "--address", "http://box"), "is not the address of a VNC server"),
    (("run", "x", "--env", "vnc", "--address", "127.0.0.1:9"), "add --yes"),
    (("run", "x", "--env", "vnc", "--address", "127.0.0.1:9", "--yes"), "no VNC server answers at 127.0.0.1:5909"),
    (("run", "x", "--env", "vnc", "--address", "box", "--password-file", "none"), "none: No such file"),
    (("run", "x", "--env", "android"), "this takes over a phone: add --yes"),
    (("run", "x", "--critic", "same"), "--critic cannot be the reader"),
    (("run", " "), "name a TASK"),
    (("run", "x", "--nonsense"), "screenwright run: there is no flag --nonsense; see screenwright run --help"),
    (("run", "x", "--ulr", "y"), "there is no flag --ulr (did you mean --url?); see screenwright run --help"),
    (("run", "x", "y"), "screenwright run: too many arguments: y"),
    (("config", "eval", "--setps=3"), "screenwright config eval: there is no flag --setps (did you mean --steps?)"),
    (("read", "text.png"), "text.png is not a complete PNG, JPEG, WEBP or BMP image"),
    (("ground", "text.png", "OK", "--model", "http://127.0.0.1:9"), "text.png is not a complete PNG, JPEG"),
    (("read", "none.png"), "none.png cannot be read: No such file or directory\n"),
    (("read", "/dev/null"), "/dev/null cannot be read: is not a regular file"),
    (("dance",), "dance"),
    ((), "the following arguments are required: COMMAND; see screenwright --help"),
    (("help", "dance"), "invalid choice: 'dance' (choose from 'demo', 'run'"),
    (("run", ""), "name a TASK, or --resume RUN to continue a recorded run"),
    (("run", "x", "--steps"), "argument --steps: expected one argument; see screenwright run --help"),
    (("run", "x", "--confirm=yes"), "argument --confirm"),
    (("run", "x", "--config", "."), ".: Is a directory"),
    (("run", "--resume", "text.png"), "text.png: it is neither the folder of a run nor a bundle"),
    # flags of another screen
    (("run", "x", "--watch"), "--watch applies to --env desktop, not to browser"),
    (("run", "x", "--window", "--watch"), "--watch applies to --env desktop, not to browser"),
    (("run", "x", "--virtual"), "--virtual applies to --env desktop, not to browser"),
    (("run", "x", "--program", "mousepad"), "--program applies to --env desktop, not to browser"),
    (("run", "x", "--device", "abc"), "--device applies to --env android, not to browser"),
    (("run", "x", "--address", "a:1"), "--address applies to --env vnc, not to browser"),
    (("run", "x", "--env", "desktop", "--virtual", "--url", "a"), "--url applies to --env browser, not to desktop"),
    (("run", "x", "--env", "desktop", "--virtual", "--proxy", "a"), "--proxy applies to --env browser, not to desktop"),
    (("run", "x", "--env", "desktop", "--virtual", "--headed"), "--headed applies to --env browser, not to desktop"),
    (("run", "x", "--env", "vnc", "--address", "a:1", "--screen", "800x600"), "--screen applies to --env browser or"),
    (("run", "x", "--env", "android", "--profile", "p"), "--profile applies to --env browser, not to android"),
    (("run", "x", "--env", "desktop", "--watch"), "--watch needs a display of its own: add --virtual"),
    (("run", "x", "--env", "desktop", "--virtual", "--watch-interactive"), "--watch-interactive needs --watch"),
    (
        ("run", "x", "--env", "desktop", "--virtual", "--program", "'a"),
        '--program is "\'a", but its quotes should match',
    ),
    (("run", "x", "--env", "desktop", "--yes", "--monitor", "0"), "--monitor is '0', but should be greater than"),
    # pages
    (("run", "x", "--screen", "10x10"), "--screen is 10x10, but each side should be 100 to 10000 pixels"),
    (("run", "x", "--screen", "99999x99999"), "each side should be 100 to 10000 pixels"),
    (("run", "x", "--env", "desktop", "--virtual", "--screen", "1280x9"), "each side should be 100 to 10000 pixels"),
    (("run", "x", "--scale", "9"), "--scale is '9', but should be less than or equal to 4"),
    (("run", "x", "--browser", "opera"), "--browser is 'opera', but should be 'chromium', 'firefox' or 'webkit'"),
    (("run", "x", "--window", "--headed"), "leave out --headed"),
    (("run", "x", "--window", "--allow-host", "a.b"), "--allow-host cannot be set for a browser window: leave it out"),
    (("run", "x", "--window", "--browser", "firefox"), "--browser cannot be set for a browser window: leave it out"),
    (("run", "x", "--window", "--tab-strip"), "--tab-strip cannot be set for a browser window: leave it out"),
    (("run", "x", "--display", ":1"), "--display shows a whole browser window: add --window"),
    (("run", "x", "--storage-state", "none.json"), "none.json: No such file or directory; a run with --save-storage"),
    (("run", "x", "--storage-state", "text.png"), "text.png is not a storage state: --save-storage and Playwright"),
    (("run", "x", "--save-storage", "none/x.json"), "name a file in an existing, writable folder"),
    (("run", "x", "--har", "none/x.har"), "none/x.har cannot be written: name a file in an existing, writable folder"),
    (("run", "x", "--downloads", "text.png"), "downloads cannot be saved in text.png: name a writable folder, or one"),
    (("run", "x", "--downloads", "text.png/in/it"), "downloads cannot be saved in text.png/in/it: name a writable"),
    (("run", "x", "--upload-from", "none"), "the upload folder none does not exist: create it, or name another one"),
    (("run", "x", "--proxy", "ftp://x:1"), "write it as http://HOST:PORT or socks5://HOST:PORT"),
    (("run", "x", "--cdp", "nonsense"), "is not the address of a browser: write it as http://127.0.0.1:9222"),
    (("run", "x", "--cdp", "http://127.0.0.1:9", "--profile", "p"), "--profile cannot be changed in a running browser"),
    (("run", "x", "--geolocation", "here"), "is not a location: write LATITUDE,LONGITUDE such as 52.52,13.4"),
    (("run", "x", "--timezone", "Mars/Base"), "there is no time zone 'Mars/Base': write one such as Europe/Berlin"),
    (("run", "x", "--locale", "klingon!"), "'klingon!' is not a locale: write one such as de-DE"),
    (("run", "x", "--allow-host", "http://a b"), "'http://a b' cannot be allowed: it is not a host"),
    # models
    (("run", "x", "--model", ""), "--model is empty: name a value, or leave it out"),
    (("run", "x", "--model", ","), "--model names no model"),
    (("run", "x", "--out", ""), "--out is empty: name a value, or leave it out"),
    (("run", "x", "--url", ""), "--url is empty: name a value, or leave it out"),
    (("run", "x", "--allow-host", ""), "--allow-host is empty: name a value, or leave it out"),
    (
        ("run", "x", "--url", "localhost", "--out", "recorded"),
        "recorded already contains a run: choose another folder, or resume it",
    ),
    (("run", "x", "--model", "http://"), "is not a model server address; use http://host:port"),
    (("run", "x", "--model", "/nowhere"), "there is no model '/nowhere': name one of"),
    (("run", "x", "--thoughts", "planned"), "--thoughts does not apply to the reader: leave it out, or name another"),
    (("run", "x", "--model", "http://127.0.0.1:9", "--thoughts", "planned"), "--thoughts needs --dialect"),
    (("run", "x", "--temperature", "0.5"), "--temperature does not apply to the reader"),
    (("eval", "demo", "--agent", "null", "--temperature", "1"), "--temperature applies to models, not to --agent null"),
    (("run", "x", "--prompt", "tv"), "--prompt is 'tv', but should be 'computer', 'browser' or 'mobile'"),
    (("run", "x", "--temperature", "hot"), "--temperature is 'hot', but should be a valid number"),
    (("run", "x", "--top-p", "2"), "--top-p is '2', but should be less than or equal to 1"),
    (("run", "x", "--seconds", "nan"), "--seconds is 'nan', but should be a finite number"),
    (("run", "x", "--temperature", "inf"), "--temperature is 'inf', but should be a finite number"),
    (("run", "x", "--policy", "nobody"), "there is no policy 'nobody'; available: "),
    (("run", "x", "--policy", "null", "--dialect", "holo2"), "--dialect applies to models, not to --policy"),
    (("run", "x", "--model", "http://a,http://b"), "--model names 2 replicas, which only eval uses: name one address"),
    (("ground", "white.png", "OK", "--model", "http://a,http://b"), "--model names 2 replicas, which only eval uses"),
    (("ground", "white.png", "OK", "--history", "window:2"), "screenwright ground: there is no flag --history"),
    (("ground", "white.png", "OK", "--thoughts", "planned"), "screenwright ground: there is no flag --thoughts"),
    (("ground", "white.png", "OK", "--several-actions"), "screenwright ground: there is no flag --several-actions"),
    (("ground", "white.png", "OK", "--policy", "null"), "screenwright ground: there is no flag --policy"),
    (("run", "x", "--guard", "nobody"), "there is no guard 'nobody'; available: "),
    (("run", "x", "--critic", "gpt"), "there is no model 'gpt': name one of"),
    # other commands
    (("view", "a", "b"), "screenwright view: too many arguments: b; see screenwright view --help"),
    (
        ("eval", "demo", "--agent", "nobody"),
        "--agent is 'nobody', but should be one of model, null, obedient, oracle, random",
    ),
    (("eval", "demo", "--task", "x*"), "no task matches 'x*'; there are edit-text, order-paper"),
    (("eval", "demo", "--url", "x"), "screenwright eval: there is no flag --url; see screenwright eval --help"),
    (("eval", "demo", "--preset", "none"), "there is no preset 'none'; available: "),
    (("eval", "demo", "--resume", "x"), "use only one of BENCHMARK, --resume RUN and --repeat RUN"),
    (("eval", "screenspot", "--root", "none"), "--root none does not exist"),
    (("compare", "a"), "the following arguments are required: B; see screenwright compare --help"),
    (("export", "."), "the following arguments are required: --out; see screenwright export --help"),
    (("export", "none", "--out", "x", "--keep", "good"), "unknown condition 'good': use all, done, changed"),
    (("export", ".", "--out", "x", "--prompt", "computer"), "--history and --max-image-pixels need --dialect"),
    (("grounding-set", "x", "--pages", "0"), "--pages: '0' should be an integer above 0"),
    (("ground", "white.png", " "), "TEXT is empty: describe the element, such as 'the Save button'"),
    (
        ("ground", "white.png", "OK", "--draw", "none/x.png"),
        "--draw is none/x.png, but should be a file in an existing",
    ),
    (("read", "white.png", "--draw", "x.doc"), "--draw is x.doc, but should be a .png or .jpg file"),
    (("ground", "white.png"), "the following arguments are required: TEXT; see screenwright ground --help"),
    (("parse", "--dialect", "holo2"), "a plain reply needs both --dialect NAME and --screen WxH"),
    (("parse", "--dialect", "holo2", "--screen", "big"), "--screen is 'big', but should have the form 1280x720"),
    (("parse", "--dialect", "holo2", "--screen", "9x9"), "standard input is empty: pass the reply of a model"),
    (("serve", "a", "--model", "b"), "name the model once: as MODEL or as --model MODEL"),
    (("serve",), "name the model to serve: a name on the Hugging Face hub, a folder, or reader"),
    (("serve", "reader", "--port", "99999"), "port"),
    (("doctor", "--dialect", "holo2"), "--dialect applies to a model server: add --model ADDRESS"),
    (("doctor", "--model", "."), "the folder . contains no model: it has no config.json"),
    (("doctor", "--env", "vnc"), "--env is 'vnc', but should be 'browser', 'desktop' or 'android'"),
    (("config", "demo"), "invalid choice: 'demo' (choose from 'run', 'replay', 'eval',"),
    (("completion", "powershell"), "invalid choice: 'powershell' (choose from 'bash', 'zsh', 'fish')"),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder but for a few files, with no display and no user at the terminal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    monkeypatch.setenv("DISPLAY", ":4711")
    (tmp_path / "text.png").write_text("not an image")
    Image.new("RGB", (300, 200), "white").save(tmp_path / "white.png")
    (tmp_path / "broken.toml").write_text("steps = ")
    (tmp_path / "unknown.toml").write_text("stepz = 3")
    (tmp_path / "wrong.toml").write_text("steps = 'x'")
    (tmp_path / "table.toml").write_text("[env]\nname = 'browser'")
    (tmp_path / "recorded").mkdir()
    (tmp_path / "recorded/events.jsonl").touch()
    return tmp_path


@pytest.mark.parametrize(("arguments", "message"), WRONG, ids=[" ".join(arguments)[:60] for arguments, _ in WRONG])
def test_wrong_use_is_one_line_and_exit_code_2(
    folder: Path, arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert message in printed.err
    assert printed.err.count("\n") == 1, printed.err
    assert not (folder / "runs").exists()
