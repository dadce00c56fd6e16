"""The embedded reader in ten real web applications: 33 instructions, checked in files, databases and models.

    .venv/bin/python tests/acceptance/reader_apps.py [--apps gradio,dash] [--folder build/reader-apps]

Installs the applications into the folder, with pip and npm, at the first run. A run that finished without its effect
is a false finish; data that no instruction asked for are a wrong click. Prints a table; the exit code is 0 if there are
none of either.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from screenwright import Agent, BrowserEnv, Limits
from screenwright.agent.record.events import Acted, Decided, Ended
from screenwright.testing import eventually

HERE = Path(__file__).parent / "reader_apps"
PACKAGES = ("django", "streamlit", "gradio", "nicegui", "dash", "panel", "jupyterlab", "mlflow", "datasette")
LOGIN = 'Type "admin" into Username. Type "secret-pass" into Password. Click "Log in". '
FLOW = [
    {"id": "t1", "type": "tab", "label": "Greetings"},
    {"id": "n1", "type": "inject", "z": "t1", "name": "greet", "x": 160, "y": 120, "wires": [["n2"]], "topic": "",
     "props": [{"p": "payload"}], "payload": "hello", "payloadType": "str", "repeat": ""},
    {"id": "n2", "type": "debug", "z": "t1", "name": "shown", "x": 400, "y": 120, "wires": [], "active": True},
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Task:
    """An instruction, and what it leaves: a change of the data, or an answer."""

    text: str
    expected: object = None
    answer: str = ""


@dataclass(frozen=True, slots=True)
class App:
    """An application: the command that serves it, the page to open, and how to read its data."""

    command: tuple[str, ...]
    tasks: tuple[Task, ...]
    path: str = "/"
    data: Callable[[Path, int], object] = lambda folder, port: order(folder)
    prepare: Callable[[Path], object] = lambda folder: None


def order(folder: Path) -> object:
    """The order that a form saved."""
    file = folder / "order.json"
    if not file.exists():
        return None
    values = json.loads(file.read_text())
    return values | {"name": values["name"] or ""}


def saved(**changed: object) -> dict[str, object]:
    """An order with the values that the form starts with, and the `changed` ones."""
    return {"name": "", "pieces": 1, "colour": "Red", "size": "Small", "gift": False} | changed


def form(save: str = 'Click "Save order".', before: str = "") -> tuple[Task, ...]:
    """What is done in every order form."""
    return (
        Task(f'{before}Type "Nora Lindqvist" into Full name. {save}', saved(name="Nora Lindqvist")),
        Task(f'{before}Type "3" into Pieces. {save}', saved(pieces=3)),
        Task(f'{before}Choose "Cobalt" from Colour. {save}', saved(colour="Cobalt")),
        Task(f"{before}Select Medium. Check Gift wrap. {save}", saved(size="Medium", gift=True)),
    )


def groups(folder: Path, _port: int) -> object:
    """The groups and users of the Django site."""
    with closing(sqlite3.connect(folder / "site.db")) as database:
        names = database.execute("select name from auth_group order by name").fetchall()
        users = database.execute("select username from auth_user where username != 'admin'").fetchall()
    return [name for (name,) in (*names, *users)]


def files(folder: Path, _port: int) -> object:
    """The files in JupyterLab's folder with their contents."""
    root = folder / "files"
    return {path.name: path.read_text() for path in root.iterdir() if path.is_file() and not path.name.startswith(".")}


def make_files(folder: Path) -> None:
    """The files in JupyterLab's folder at the start; it does not offer to build the extensions of other packages."""
    shutil.rmtree(folder / "files", ignore_errors=True)
    (folder / "files").mkdir()
    (folder / "settings").mkdir(exist_ok=True)
    (folder / "settings" / "page_config.json").write_text('{"buildAvailable": false, "buildCheck": false}')
    (folder / "files" / "draft.txt").write_text("a draft")
    (folder / "files" / "useless.txt").write_text("nothing")


def nodes(folder: Path, _port: int) -> object:
    """The names of the nodes that Node-RED has deployed."""
    flow = json.loads((folder / "flows.json").read_text())
    return sorted(
        node.get("label") or node.get("name", "") for node in flow if node["type"] in ("tab", "inject", "debug")
    )


def make_flow(folder: Path) -> None:
    """The flow in Node-RED at the start."""
    (folder / "flows.json").write_text(json.dumps(FLOW))


def experiments(_folder: Path, port: int) -> object:
    """The experiments that MLflow has."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/2.0/mlflow/experiments/search",
        json.dumps({"max_results": 100}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as response:
        return sorted(each["name"] for each in json.load(response)["experiments"] if each["name"] != "Default")


def make_library(folder: Path) -> None:
    """The database that Datasette shows."""
    with closing(sqlite3.connect(folder / "library.db")) as database, database:
        database.execute("create table if not exists books (title text, shelf text, pages integer)")
        database.execute("delete from books")
        database.execute("insert into books values ('The red house', 'B 14', 212), ('A long walk', 'C 2', 340)")


APPS: dict[str, App] = {
    "streamlit": App(
        ("BIN/streamlit", "run", "HERE/form_streamlit.py", "--server.port", "PORT", "--server.headless", "true"), form()
    ),
    "gradio": App(("BIN/python", "HERE/form_gradio.py"), form()),
    "nicegui": App(("BIN/python", "HERE/form_nicegui.py"), form('Click "Create".', 'Click "Create". ')),
    "dash": App(("BIN/python", "HERE/form_dash.py"), form()),
    "panel": App(("BIN/panel", "serve", "HERE/form_panel.py", "--port", "PORT"), form(), "/form_panel"),
    "django": App(
        ("BIN/python", "HERE/site_django.py"),
        (
            Task(LOGIN + 'Click "Groups". Click "Add group". Type "Editors" into Name. Click "Save".', ["Editors"]),
            Task(LOGIN + 'Click "Users". Click "Add user". Click "Coupon".', []),
            Task(LOGIN + 'Click "Log out".', []),
        ),
        "/admin/",
        groups,
        lambda folder: (folder / "site.db").exists() and _forget(folder / "site.db"),
    ),
    "jupyterlab": App(
        ("BIN/jupyter", "lab", "--no-browser", "--allow-root", "--port", "PORT", "--ServerApp.root_dir=FOLDER/files",
         "--LabApp.app_settings_dir=FOLDER/settings", "--IdentityProvider.token=", "--ServerApp.password="),
        (
            Task('Wait for "draft.txt". Right-click "draft.txt". Click "Rename". Press ctrl+a. Type "final.txt". '
                 "Press Enter.", {"final.txt": "a draft", "useless.txt": "nothing"}),
            Task('Wait for "useless.txt". Right-click "useless.txt". Click "Move to Trash". Click "Move to Trash".',
                 {"draft.txt": "a draft"}),
            Task('Wait for "draft.txt". Double-click "draft.txt". Click "Coupon".',
                 {"draft.txt": "a draft", "useless.txt": "nothing"}),
        ),
        "/lab?reset",
        files,
        make_files,
    ),
    "node-red": App(
        ("FOLDER/../npm/node_modules/.bin/node-red", "-p", "PORT", "-u", "FOLDER",
         "-D", "telemetry.enabled=false", "-D", "editorTheme.tours=false", "FOLDER/flows.json"),
        (
            Task('Wait for "greet". Double-click "greet". Type "welcome" into Name. Click "Done". Click "Deploy".',
                 ["Greetings", "shown", "welcome"]),
            Task('Wait for "shown". Click "shown". Press delete. Click "Deploy".', ["Greetings", "greet"]),
        ),
        "/",
        nodes,
        make_flow,
    ),
    "mlflow": App(
        ("BIN/mlflow", "server", "--port", "PORT", "--backend-store-uri", "sqlite:///FOLDER/mlflow.db"),
        (
            Task('Wait for "Experiments". Click "Create". Type "alpha" into "Experiment Name". Click "Create".',
                 ["alpha"]),
            Task('Click "Coupon".', []),
        ),
        "/#/experiments",
        experiments,
        lambda folder: None,
    ),
    "datasette": App(
        ("BIN/datasette", "serve", "FOLDER/library.db", "--port", "PORT"),
        (
            Task('Click "library". Tell me the description.', answer="ask"),
            Task('Click "library". Click "books". Click "shelf".', None),
            Task('Click "library". Click "books". Click "Advanced export".', None),
        ),
        "/",
        lambda folder, port: None,
        make_library,
    ),
}  # fmt: skip


def _forget(database: Path) -> None:
    with closing(sqlite3.connect(database)) as opened, opened:
        opened.execute("delete from auth_group")


def install(folder: Path, apps: list[str]) -> None:
    """Install the applications that are missing."""
    if not (folder / "venv").exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    subprocess.run([str(folder / "venv/bin/pip"), "install", "--quiet", *PACKAGES], check=True)
    if "node-red" in apps and not (folder / "npm/node_modules/node-red").exists():
        if shutil.which("npm") is None:
            sys.exit("reader_apps: npm is missing: leave node-red out with --apps")
        (folder / "npm").mkdir(exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "--prefix", str(folder / "npm"), "node-red"], check=True)


@contextmanager
def served(app: App, folder: Path, base: Path) -> Generator[int]:
    """The application on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    app.prepare(folder)
    places = {"BIN": str(base / "venv/bin"), "HERE": str(HERE), "FOLDER": str(folder), "PORT": str(port)}
    command = list(app.command)
    for name, place in places.items():
        command = [part.replace(name, place) for part in command]
    environment = os.environ | {"PORT": str(port), "STATE": str(folder / "order.json")}
    environment |= {"DATABASE": str(folder / "site.db"), "GRADIO_ANALYTICS_ENABLED": "0"}
    environment.pop("PYTHONPATH", None)
    with open(folder / "server.log", "wb") as log:  # noqa: PTH123
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=folder, start_new_session=True)
        try:
            eventually(lambda: _answers(f"http://127.0.0.1:{port}{app.path}"), True, within_s=240)
            yield port
        finally:
            os.killpg(server.pid, signal.SIGTERM)  # with the processes that it started
            server.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except OSError:
        return False


def run(text: str, url: str, screenshot: Path | None) -> tuple[Ended, list[str]]:
    """Run the reader on the page."""
    lines: list[str] = []
    with BrowserEnv(url) as env:
        ended: Ended | None = None
        for event in Agent("reader", limits=Limits(steps=40)).stream(text, env):
            match event:
                case Decided():
                    lines.append(event.thought or "")
                case Acted():
                    lines.append(f"    {event.action}")
                case Ended():
                    ended = event
                case _:
                    pass
        if screenshot is not None:
            env.observe().screenshot.image.save(screenshot)
    assert ended is not None
    return ended, lines


def main() -> int:
    """Print the table; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--apps", default=",".join(APPS))
    parser.add_argument("--only", type=int, nargs="+", default=[], help="numbers of instructions, from 0")
    parser.add_argument("--folder", type=Path, default=Path("build/reader-apps"))
    given = parser.parse_args()
    base, apps = given.folder.resolve(), given.apps.split(",")
    base.mkdir(parents=True, exist_ok=True)
    install(base, apps)
    counted = {"done": 0, "asked": 0, "false finish": 0, "wrong click": 0}
    for name in apps:
        app = APPS[name]
        folder = base / name
        folder.mkdir(exist_ok=True)
        for number, task in enumerate(app.tasks):
            if given.only and number not in given.only:
                continue
            (folder / "order.json").unlink(missing_ok=True)
            with served(app, folder, base) as port:
                start = app.data(folder, port)
                ended, lines = run(task.text, f"http://127.0.0.1:{port}{app.path}", folder / f"{number}.png")
                data = app.data(folder, port)
            finished = ended.stop == "finished"
            done = data == task.expected and task.answer in ended.answer
            verdict = ("done" if done else "false finish") if finished else "asked" if data == start else "wrong click"
            counted[verdict] += 1
            print(
                f"| {name} | {task.text} | {verdict} | {ended.stop}: {ended.reason or ended.answer} {data} |",
                flush=True,
            )
            (folder / f"{number}.txt").write_text("\n".join(lines))
    print(", ".join(f"{count} {verdict}" for verdict, count in counted.items()))
    return 1 if counted["false finish"] or counted["wrong click"] else 0


if __name__ == "__main__":
    sys.exit(main())
