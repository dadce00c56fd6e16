"""OSWorld's tasks in sandboxes: solutions and an agent that does nothing, scored by OSWorld's own evaluators.

    .venv/bin/python tests/acceptance/osworld_solutions.py CHECKOUT PYTHON FOLDER [--task 'vlc.*'] [--null] [--failed]

CHECKOUT is one of github.com/xlang-ai/OSWorld, and PYTHON has its package `desktop-env`. Only tasks run that need no
download. A solution acts by keys only: it opens a terminal and types commands there; an infeasible task is reported.
Results are appended to FOLDER/episodes.jsonl; what is there is not run again.
"""

import argparse
import json
import time
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from screenwright import Agent
from screenwright.agent.core.decision import Finish, GiveUp
from screenwright.agent.core.limits import Limits
from screenwright.agent.policy.baselines import NullPolicy, ScriptedPolicy
from screenwright.agent.policy.policy import Policy
from screenwright.envs.actions import Action, Hotkey, Type, Wait
from screenwright.envs.env import EnvError
from screenwright.eval.benchmarks.data_files import read_json
from screenwright.eval.benchmarks.osworld.benchmark import EXAMPLE, OSWorld, OSWorldTask
from screenwright.eval.benchmarks.osworld.sandbox.needs import needs_of
from screenwright.eval.core.config import EvalConfig
from screenwright.eval.core.task import TaskError

CHROME = "~/.config/google-chrome/Default/Preferences"
STOP_CHROME = "pkill chrom; sleep 3"
START_CHROME = "(google-chrome --remote-debugging-port=1337 >/dev/null 2>&1 &) ; sleep 4"


def preference(path: str, value: object) -> str:
    """The command that changes a preference of Chrome."""
    return preferences({path: value})


def preferences(values: Mapping[str, object]) -> str:
    """The command that changes preferences of Chrome, which writes its file when it ends."""
    changes: list[str] = []
    for path, value in values.items():
        *parents, name = path.split(".")
        changes.append(f"d{''.join(f'.setdefault({one!r}, {{}})' for one in parents)}[{name!r}]={value!r}")
    code = f"import json,os; p=os.path.expanduser({CHROME!r}); d=json.load(open(p)); {'; '.join(changes)}"
    return f'{STOP_CHROME}; python3 -c "{code}; json.dump(d, open(p, {"w"!r}))"; {START_CHROME}'


def bookmarks(name: str) -> str:
    """The command that adds a folder to the bookmark bar."""
    folder = {
        "children": [],
        "date_added": "1",
        "guid": "0bc5d13f-2cba-5d74-951f-3f233fe6c908",
        "id": "5",
        "name": name,
    }
    tree = {"bookmark_bar": {"children": [{**folder, "type": "folder"}], "name": "Bookmarks bar", "type": "folder"}}
    tree |= {one: {"children": [], "name": one, "type": "folder"} for one in ("other", "synced")}
    file = CHROME.replace("Preferences", "Bookmarks")
    return f"{STOP_CHROME}; echo '{json.dumps({'roots': tree, 'version': 1})}' > {file}; {START_CHROME}"


def vlc(line: str) -> str:
    """The command that sets an option of VLC."""
    name = line.partition("=")[0]
    return f"sed -i '/^{name}=/d' ~/.config/vlc/vlcrc; echo {line} >> ~/.config/vlc/vlcrc"


def gimp(line: str, file: str = "gimprc") -> str:
    """The command that sets an option of GIMP, which writes its files when it ends."""
    return f"pkill gimp; sleep 4; mkdir -p ~/.config/GIMP/2.10; echo '({line})' >> ~/.config/GIMP/2.10/{file}"


def office(path: str, name: str, value: object) -> str:
    """The command that sets an option of LibreOffice, which writes its file when it ends."""
    option = f'<prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop>'
    item = f'<item oor:path="/org.openoffice.{path}">{option}</item>'
    file = "~/.config/libreoffice/4/user/registrymodifications.xcu"
    return f"pkill soffice; sleep 4; sed -i 's|</oor:items>|{item}</oor:items>|' {file}"


SOLUTIONS = {
    "030eeff7": preference("enable_do_not_track", True),
    "2ad9387a": bookmarks("Favorites"),
    "2ae9ba84": preference("profile.name", "Thomas"),
    "3299584d": preference("session", {"restore_on_startup": 5}),
    "93eabf48": preferences(
        {"browser.theme.color_scheme": 1, "browser.theme.color_scheme2": 1, "extensions.theme.system_theme": 0}
    ),
    "9656a811": preference("safebrowsing", {"enabled": True, "enhanced": False}),
    "99146c54": preference("profile.default_content_setting_values.cookies", 4),
    "af630914": preference("webkit.webprefs.default_font_size", 24),
    "bb5e4c0d": preference(
        "default_search_provider_data.template_url_data",
        {"short_name": "Microsoft Bing", "keyword": "bing.com", "url": "https://www.bing.com/search?q={searchTerms}"},
    ),
    "7767eef2": gimp('theme "Light"'),
    "7b7617bd": gimp("undo-levels 100"),
    "d52d6308": gimp("hide-docks yes", "sessionrc"),
    "2cd43775": office("Office.Common/Save/Document", "AutoSaveTimeIntervall", 3),
    "2373b66a": "sar -u 1 30 > ~/Desktop/System_Resources_Report.txt; sleep 1",
    "937087b6": "for kind in $(grep ^MimeType= /usr/share/applications/vlc.desktop | cut -d= -f2 | tr ';' ' '); do "
    "xdg-mime default vlc.desktop $kind; done",
    "28cc3b7e": "pulseaudio --start; pactl set-sink-volume 0 100%",
    "3ce045a0": "gsettings set org.gnome.desktop.interface text-scaling-factor 1.5",
    "a4d98375": "gsettings set org.gnome.desktop.screensaver lock-enabled true",
    "bedcedc4": "gsettings set org.gnome.settings-daemon.plugins.power idle-dim false; "
    "gsettings set org.gnome.desktop.session idle-delay 0",
    "e0df059f": "mv ~/Desktop/todo_list_Jan_1 ~/Desktop/todo_list_Jan_2",
    "ec4e3f68": "gsettings set org.gnome.shell favorite-apps \"['thunderbird.desktop', 'google-chrome.desktop']\"",
    "f9be0997": "gsettings set org.gnome.desktop.notifications show-banners false",
    "215dfd39": vlc("qt-bgcone=0"),
    "5ac2891a": vlc("play-and-exit=0"),
    "8ba5ae7a": vlc("input-record-path=/home/user/Desktop"),
    "9195653c": vlc("qt-max-volume=200"),
    "a5bbbcd5": vlc("qt-minimal-view=1"),
    "d06f0d4d": vlc(f'qt-slider-colours="{";".join(["20"] * 12)}"'),
    "f3977615": vlc("one-instance-when-started-from-file=0"),
}
"""Commands by the start of the ids of feasible tasks."""

ADDRESSES = {"12086550": "chrome://password-manager/passwords", "93eabf48": "chrome://settings/appearance"}
"""What is typed into Chrome's address bar, after the command if there is one."""

_TERMINAL_S, _DONE_S = 4.0, 3.0
_SLOW_PROGRAMS, _SLOW_START_S = ("gimp", "libreoffice_impress"), 20.0
"""Programs whose window would open over the terminal and take the keys."""
_SLOW = {"2373b66a": 35.0}


def solution(task: OSWorldTask) -> Policy | None:
    """The solution of a task; None if there is none here."""
    example = read_json(task.file, EXAMPLE)
    if example.is_infeasible:
        return ScriptedPolicy([GiveUp("it cannot be done")])
    command, address = SOLUTIONS.get(example.id[:8]), ADDRESSES.get(example.id[:8])
    waits = _DONE_S + _SLOW.get(example.id[:8], 10.0 * ("sleep" in (command or "")))
    in_terminal: tuple[Action, ...] = (
        (Hotkey(("ctrl", "alt", "t")), Wait(_TERMINAL_S), Type(command, submit=True), Wait(waits)) if command else ()
    )
    in_chrome: tuple[Action, ...] = (
        (Wait(_DONE_S), Hotkey(("ctrl", "l")), Type(address, submit=True), Wait(_DONE_S)) if address else ()
    )
    opening: tuple[Action, ...] = (Wait(_SLOW_START_S),) if task.category in _SLOW_PROGRAMS else ()
    steps = in_terminal + in_chrome
    return ScriptedPolicy([*((step,) for step in opening + steps), Finish("done")]) if steps else None


def run(task: OSWorldTask, policy: Policy, agent: str, pictures: Path) -> dict[str, object]:
    """Run a task."""
    row: dict[str, object] = {"task": task.name, "agent": agent}
    started = time.monotonic()
    try:
        with task.set_up(0) as instance:
            row["set_up_s"] = time.monotonic() - started
            result = Agent(policy=policy, limits=Limits(12)).run(instance.instruction, instance.env)
            pictures.mkdir(parents=True, exist_ok=True)
            instance.env.observe().screenshot.image.save(pictures / f"{task.name}-{agent}.png")
            outcome = instance.judge(result)
            row |= {"score": outcome.score, "found": outcome.found, "stop": str(result.stop), "reason": result.reason}
    except (TaskError, EnvError) as error:
        row |= {"score": None, "found": f"{type(error).__name__}: {error}"}
    return row | {"seconds": time.monotonic() - started}


def main() -> None:
    """Run what is missing and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("checkout", type=Path)
    parser.add_argument("python", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--task", action="append", default=[])
    parser.add_argument("--null", action="store_true", help="also run the agent that does nothing")
    parser.add_argument("--failed", action="store_true", help="run again what was not accepted")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    file = given.folder / "episodes.jsonl"
    rows = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    known = {(row["task"], row["agent"]): row for row in rows}
    options = ("pause_s=1", "ready_s=2", "rest_s=1", f"cache_dir={given.folder.resolve() / 'cache'}")
    settings = EvalConfig.of(
        benchmark="osworld", root=given.checkout, python=given.python, provider="screenwright", option=options
    )
    bench = OSWorld(given.checkout).configured(settings)
    for task in bench.tasks():
        if given.task and not any(fnmatchcase(task.name, one) for one in given.task):
            continue
        if needs_of(read_json(task.file, EXAMPLE)):
            continue
        for agent, policy in (("oracle", solution(task)), ("null", NullPolicy() if given.null else None)):
            before = known.get((task.name, agent))
            again = before is None or (given.failed and agent == "oracle" and before["score"] != 1)
            if policy is None or not again:
                continue
            row = known[task.name, agent] = run(task, policy, agent, given.folder / "pictures")
            with file.open("a") as log:
                log.write(json.dumps(row) + "\n")
            print(f"{task.name} {agent}: {row['score']} {row['seconds']:.0f} s {row['found']}", flush=True)
    bench.close()
    for agent in ("oracle", "null"):
        mine = [row for (_, one), row in known.items() if one == agent]
        print(f"{agent}: {len(mine)} tasks, {sum(row['score'] == 1 for row in mine)} with a score of 1")


if __name__ == "__main__":
    main()
