"""OSWorld without its virtual machine: what tasks need, the driver's given machine, and the machine's interface."""

import io
import json
import shutil
import urllib.error
import urllib.request
from collections.abc import Generator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from other_python import python_with
from PIL import Image

from screenwright.cli.main import main
from screenwright.envs.actions import Hotkey, Type
from screenwright.envs.env import EnvUnavailable
from screenwright.envs.osworld import OSWorldEnv
from screenwright.eval.benchmarks.osworld.benchmark import EXAMPLE, OSWorld
from screenwright.eval.benchmarks.osworld.sandbox import SandboxMachine
from screenwright.eval.benchmarks.osworld.sandbox import needs as needed
from screenwright.eval.benchmarks.osworld.sandbox.needs import needs_of
from screenwright.eval.benchmarks.osworld.sandbox.screen import shown_address
from screenwright.eval.benchmarks.subprocess_client import DRIVERS, SubprocessClient
from screenwright.eval.core.config import EvalConfig

RULE = {"type": "rule"}


@pytest.mark.parametrize(
    ("config", "result", "apps", "needs"),
    [
        ([], {"type": "vm_file"}, ["gimp"], ()),
        ([{"type": "download"}], {"type": "vm_file"}, ["gimp"], (needed.FILES,)),
        ([], {"type": "cloud_file"}, [], (needed.FILES,)),
        ([{"type": "update_browse_history"}], {"type": "history"}, [], (needed.FILES,)),
        ([{"type": "chrome_open_tabs", "parameters": {"urls_to_open": ["https://a.b"]}}], RULE, [], (needed.NETWORK,)),
        ([], {"type": "active_tab_html_parse"}, [], (needed.NETWORK,)),
        ([{"type": "googledrive"}], RULE, [], (needed.ACCOUNT,)),
        ([], {"type": "accessibility_tree"}, [], (needed.GNOME,)),
        ([], {"type": "vm_command_line", "command": "timedatectl status"}, [], (needed.SYSTEM,)),
        ([], RULE, ["vscode"], (needed.CODE,)),
        ([{"type": "download"}], RULE, ["vs_code"], (needed.FILES, needed.CODE)),
    ],
)
def test_what_a_task_needs_is_read_from_its_file(
    config: list[object], result: dict[str, object], apps: list[str], needs: tuple[str, ...]
) -> None:
    evaluator = {"func": "f", "result": result, "expected": RULE}
    one = {"id": "x", "instruction": "Do it.", "config": config, "related_apps": apps, "evaluator": evaluator}
    assert needs_of(EXAMPLE.validate_python(one)) == needs


def test_what_is_done_before_the_evaluation_counts_too() -> None:
    evaluator = {"func": "f", "result": RULE, "postconfig": [{"type": "download"}]}
    assert needs_of(EXAMPLE.validate_python({"id": "x", "instruction": "Do it.", "evaluator": evaluator})) == (
        needed.FILES,
    )


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://www.drugs.com/a?b=1", "drugs.com/a?b=1"),
        ("http://example.com/", "example.com"),
        ("chrome://settings/appearance", "chrome://settings/appearance"),
    ],
)
def test_addresses_are_shown_as_in_chromes_address_bar(url: str, shown: str) -> None:
    assert shown_address(url) == shown


DESKTOP_ENV = '''
"""A double of OSWorld's package, which asks its provider for the address of the machine."""

def create_vm_manager_and_provider(name, region, use_proxy=False):
    raise NotImplementedError(name)

class DesktopEnv:
    def __init__(self, action_space, require_a11y_tree, provider_name):
        manager, self.provider = create_vm_manager_and_provider(provider_name, None, use_proxy=False)
        self.path, self.action_history, self.is_environment_used = manager.get_vm_path(os_type="Ubuntu"), [], False
        self._start()

    def _start(self):
        self.provider.start_emulator(self.path, False, "Ubuntu")
        self.vm_ip, self.server_port, *_ = self.provider.get_ip_address(self.path).split(":")

    def reset(self, task_config):
        if self.is_environment_used:
            self.provider.revert_to_snapshot(self.path, "init_state")
            self._start()

    def close(self):
        self.provider.stop_emulator(self.path)
'''


def test_osworlds_code_gets_the_machine_of_each_task(tmp_path: Path) -> None:
    python = python_with({"desktop_env.desktop_env": DESKTOP_ENV}, tmp_path)
    options = {"machine": True, "ready_s": 0, "rest_s": 0}
    client = SubprocessClient(python, DRIVERS / "osworld_driver.py", options, "install it")
    try:
        for port in (5001, 5002):
            answer = client.request({"task": {}, "machine": f"127.0.0.1:{port}:1:2:3"}, 60)
            assert answer == {"server": f"http://127.0.0.1:{port}"}
    finally:
        client.close()


def test_results_from_sandboxes_have_a_name_of_their_own(tmp_path: Path) -> None:
    given = {"benchmark": "osworld", "python": python_with({}, tmp_path)}
    assert OSWorld(tmp_path).configured(EvalConfig.of(**given, provider="screenwright")).name == "osworld-novm"
    assert OSWorld(tmp_path).configured(EvalConfig.of(**given)).name == "osworld"
    with pytest.raises(ValueError, match="--provider is docker, but only screenwright is"):
        OSWorld(tmp_path).configured(EvalConfig.of(**given, provider="docker"))


def test_other_benchmarks_have_no_provider(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "demo", "--agent", "null", "--provider", "screenwright"]) == 2
    assert "demo has no use for --provider" in capsys.readouterr().err


# -- the machine


@pytest.fixture(scope="module")
def machine() -> Generator[SandboxMachine]:
    try:
        with SandboxMachine() as started:
            yield started
    except EnvUnavailable as error:
        if "no sandbox" in str(error):
            pytest.skip(str(error))
        raise


def ask(machine: SandboxMachine, path: str, body: object = None, *, form: bool = False) -> bytes:
    """GET a path, or POST a form or JSON to it."""
    data = None if body is None else urlencode(dict(body)).encode() if form else json.dumps(body).encode()  # type: ignore[call-overload]
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    request = urllib.request.Request(f"{machine.url}{path}", data, {"Content-Type": kind})
    with urllib.request.urlopen(request, timeout=60) as answer:
        content: bytes = answer.read()
        return content


def run(machine: SandboxMachine, command: str) -> str:
    """The output of a command."""
    answer = json.loads(ask(machine, "/execute", {"command": command, "shell": True}))
    assert answer["status"] == "success"
    return str(answer["output"]).strip()


@pytest.mark.desktop
def test_vlc_is_not_the_default_for_videos_from_the_start(machine: SandboxMachine) -> None:
    assert run(machine, "xdg-mime query default video/mp4").strip() in ("", "chromium.desktop")


@pytest.mark.desktop
@pytest.mark.skipif(shutil.which("pulseaudio") is None, reason="needs pulseaudio and pactl")
def test_its_sound_is_not_at_the_maximum_from_the_start(machine: SandboxMachine) -> None:
    volume = "pactl list sinks | grep '^[[:space:]]Volume:' | head -n 1 | awk '{print $5}'"
    assert run(machine, f"pulseaudio --start; {volume}").strip() == "50%"
    assert run(machine, f"pactl set-sink-volume 0 100%; {volume}; pulseaudio --kill").strip() == "100%"


@pytest.mark.desktop
def test_its_home_bus_and_screen_are_those_of_osworlds_machine(machine: SandboxMachine) -> None:
    assert (
        run(machine, "echo $HOME; pwd; id -un; ls -d ~/Desktop") == "/home/user\n/home/user\nuser\n/home/user/Desktop"
    )
    assert run(machine, "test -S /run/user/$(id -u)/bus && echo there") == "there"
    assert run(machine, "echo password | sudo -S mkdir ~/Desktop/new; ls ~/Desktop") == "new"
    assert Image.open(io.BytesIO(ask(machine, "/screenshot"))).size == (1920, 1080)
    assert json.loads(ask(machine, "/screen_size", {})) == {"width": 1920, "height": 1080}
    assert ask(machine, "/platform") == b"Linux"


@pytest.mark.desktop
def test_files_are_listed_and_sent(machine: SandboxMachine) -> None:
    run(machine, "mkdir -p ~/Documents/a; printf '\\377\\r\\n' > ~/Documents/a/b.bin")
    assert ask(machine, "/file", {"file_path": "~/Documents/a/b.bin"}, form=True) == b"\xff\r\n"
    tree = json.loads(ask(machine, "/list_directory", {"path": "/home/user/Documents"}))["directory_tree"]
    assert tree["children"] == [
        {"type": "directory", "name": "a", "children": [{"type": "file", "name": "b.bin"}]},
    ]
    for fields, status in (({"file_path": "/home/user/none"}, 404), ({}, 400)):
        with pytest.raises(urllib.error.HTTPError) as refused:
            ask(machine, "/file", fields, form=True)
        refused.value.close()
        assert refused.value.code == status


@pytest.mark.desktop
def test_an_agent_operates_its_programs(machine: SandboxMachine) -> None:
    with OSWorldEnv(machine.url) as env:
        env.execute(Hotkey(("ctrl", "alt", "t")))
        run(machine, "for i in $(seq 100); do pgrep xterm && break; sleep 0.1; done; sleep 1")
        env.execute(Type("echo typed > ~/typed.txt", submit=True))
    assert run(machine, "for i in $(seq 50); do cat ~/typed.txt && break; sleep 0.1; done") == "typed"
    assert '<application name="XTerm">' in json.loads(ask(machine, "/accessibility"))["AT"].replace("xterm", "XTerm")
    ask(machine, "/setup/close_window", {"window_name": "XTERM", "by_class": True})
    assert run(machine, "for i in $(seq 100); do pgrep xterm > /dev/null || break; sleep 0.1; done; pgrep xterm") == ""


@pytest.mark.desktop
def test_a_closed_machine_leaves_no_process_and_no_folder() -> None:
    try:
        machine = SandboxMachine()
    except EnvUnavailable as error:
        pytest.skip(str(error))
    folder = machine.folder
    assert folder.exists()
    machine.close()
    machine.close()
    assert not folder.exists()
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(machine.url, timeout=5)
