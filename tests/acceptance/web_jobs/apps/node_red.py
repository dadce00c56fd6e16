"""Node-RED: an SVG editor with jQuery UI, Monaco, and notices."""

import json
from pathlib import Path
from typing import Any

from ..app import App, Check, Site
from ..hand import Hand

FLOW = [
    {"id": "t1", "type": "tab", "label": "Greetings"},
    {"id": "n1", "type": "inject", "z": "t1", "name": "greet", "x": 160, "y": 120, "wires": [["n2"]], "topic": "",
     "props": [{"p": "payload"}], "payload": "hello", "payloadType": "str", "repeat": ""},
    {"id": "n2", "type": "function", "z": "t1", "name": "shape", "x": 360, "y": 120, "wires": [["n3"]], "outputs": 1,
     "func": "return msg;"},
    {"id": "n3", "type": "file", "z": "t1", "name": "save", "x": 560, "y": 120, "wires": [[]],
     "filename": "FOLDER/out.txt", "filenameType": "str", "appendNewline": False, "overwriteFile": "true"},
    {"id": "n4", "type": "debug", "z": "t1", "name": "shown", "x": 360, "y": 240, "wires": [], "active": True},
    {"id": "n5", "type": "inject", "z": "t1", "name": "lonely", "x": 160, "y": 240, "wires": [[]], "topic": "",
     "props": [{"p": "payload"}], "payload": "x", "payloadType": "str", "repeat": ""},
]  # fmt: skip
SETTINGS = """module.exports = { uiHost: "127.0.0.1", flowFile: "flows.json", editorTheme: { tours: false },
  telemetry: { enabled: false, updateNotification: false } };"""
DEPLOY = "#red-ui-header-button-deploy"


def prepare(folder: Path) -> None:
    (folder / "settings.js").write_text(SETTINGS)
    (folder / "flows.json").write_text(json.dumps(FLOW).replace("FOLDER", str(folder)))


APP = App(
    "node-red",
    (),
    ("NPM/node_modules/.bin/node-red", "-p", "PORT", "-u", "FOLDER", "-s", "FOLDER/settings.js"),
    npm=("node-red",),
    moves=((970, 560, 1270, 680),),  # tips
    prepare=prepare,
)


def nodes(site: Site) -> list[dict[str, Any]]:
    return json.loads(site.file("flows.json"))


def node(site: Site, name: str) -> dict[str, Any]:
    return next((each for each in nodes(site) if name in (each.get("name"), each.get("label"))), {})


@APP.job
def press_the_button_of_a_node(hand: Hand, site: Site) -> Check:
    hand.open("/")
    hand.finish(".red-ui-flow-node-button")
    return lambda: site.file("out.txt") == "hello"


@APP.job
def rename_a_node(hand: Hand, site: Site) -> Check:
    hand.open("/")
    hand.double_click("greet")
    hand.fill("#node-input-name", "welcome")
    hand.click("Done")
    hand.finish(DEPLOY)
    return lambda: bool(node(site, "welcome"))


@APP.job
def write_a_function(hand: Hand, site: Site) -> Check:
    code = "if (msg.payload) {\n    msg.payload = [1, 2].map(n => {\n        return n * 2;\n    });\n}\nreturn msg;"
    hand.open("/")
    hand.double_click("shape")
    hand.click(".monaco-editor .view-lines")
    hand.press("ctrl", "a")
    hand.type(code)
    hand.click("Done")
    hand.finish(DEPLOY)
    return lambda: node(site, "shape")["func"] == code


@APP.job
def add_a_node_from_the_palette(hand: Hand, site: Site) -> Check:
    hand.open("/")
    hand.drag(hand.at("[data-palette-type=debug]"), hand.at("lonely", dy=120))
    hand.finish(DEPLOY)
    return lambda: sum(each["type"] == "debug" for each in nodes(site)) == 2


@APP.job
def wire_two_nodes(hand: Hand, site: Site) -> Check:
    hand.open("/")
    hand.drag(hand.at("#n5 .red-ui-flow-port-output rect"), hand.at("#n4 .red-ui-flow-port-input rect"))
    hand.finish(DEPLOY)
    return lambda: node(site, "lonely")["wires"] == [["n4"]]


@APP.job
def move_a_node(hand: Hand, site: Site) -> Check:
    hand.open("/")
    hand.drag(hand.at("shown"), hand.at("shown", dy=100))
    hand.finish(DEPLOY)
    return lambda: node(site, "shown")["y"] == 340


@APP.job
def disable_a_node(hand: Hand, site: Site) -> Check:
    hand.open("/")
    hand.double_click("shown")
    hand.click("Enabled")
    hand.click("Done")
    hand.finish(DEPLOY)
    return lambda: node(site, "shown").get("d") is True


@APP.job
def add_a_flow(hand: Hand, site: Site) -> Check:
    hand.open("/")
    hand.click("#red-ui-workspace .fa-plus")
    hand.finish(DEPLOY)
    return lambda: bool(node(site, "Flow 1") or node(site, "Flow 2"))


@APP.job
def import_a_node(hand: Hand, site: Site) -> Check:
    hand.open("/")
    hand.click("lonely", dy=150)
    hand.press("ctrl", "i")
    hand.click("#red-ui-clipboard-dialog-import-text")
    hand.type('[{"id":"a1","type":"comment","name":"imported","info":"","wires":[]}]')
    hand.click("#red-ui-clipboard-dialog-ok")
    hand.click("lonely", dy=180)
    hand.finish(DEPLOY)
    return lambda: bool(node(site, "imported"))


@APP.job
def delete_a_node(hand: Hand, site: Site) -> Check:
    hand.open("/")
    hand.click("shown")
    hand.press("delete")
    hand.finish(DEPLOY)
    return lambda: not node(site, "shown")
