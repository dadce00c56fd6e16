"""Tasks in Node-RED, whose flows are in a file of JSON."""

from dataclasses import replace
from pathlib import Path

from ...oracle import Step, key, write
from ...template import Case, Job, miss
from ...words import ITEMS, TOPICS, TOWNS
from ..collection import WebCollection
from ..documents import Flow, FlowNode
from ..finding import InPage, press, pull
from ..program import WebProgram

_SETTINGS = """module.exports = { uiHost: "127.0.0.1", flowFile: process.env.FLOWS, userDir: process.env.FOLDER,
  editorTheme: { tours: false, codeEditor: { lib: "ace" } }, telemetry: { enabled: false, updateNotification: false },
  logging: { console: { level: "warn" } } };
"""


def _prepare(home: Path, apps: Path) -> None:
    folder = home / ".node-red"
    folder.mkdir(exist_ok=True)
    (folder / "settings.js").write_text(_SETTINGS, encoding="utf-8")


PROGRAM = WebProgram(
    "flows",
    ("NPM/node_modules/.bin/node-red", "-p", "PORT", "-s", "HOME/.node-red/settings.js"),
    npm=("node-red",),
    environment={"FLOWS": "HOME/Flows/flows.json", "FOLDER": "HOME/.node-red", "NODE_RED_DISABLE_TELEMETRY": "1"},
    prepare=_prepare,
)
TASKS = WebCollection(PROGRAM)
_OPEN = (("/",),)
_DEPLOY, _DONE = press("#red-ui-header-button-deploy"), press("Done")
_KINDS = ("inject", "function", "debug")


def _flow(case: Case) -> Flow:
    """Three chains of an inject, a function and a debug node."""
    names = iter(case.some(TOWNS, 9))
    words = iter(case.some(ITEMS, 3))
    nodes: list[FlowNode] = []
    for chain in range(3):
        ids = [f"{kind[0]}{chain}" for kind in _KINDS]
        settings: tuple[dict[str, object], ...] = ({"payload": next(words)}, {"func": "return msg;"}, {"active": True})
        for place, kind in enumerate(_KINDS):
            wires = (ids[place + 1],) if place < len(ids) - 1 else ()
            nodes.append(FlowNode(ids[place], kind, next(names), settings[place], wires))
    return Flow("Flows/flows.json", case.pick(TOPICS).capitalize(), tuple(nodes))


def _node(flow: Flow, name: str) -> FlowNode:
    return next(node for node in flow.nodes if node.id == name)


def _edit(node: FlowNode) -> tuple[InPage, ...]:
    return press(f"#{node.id} .red-ui-flow-node", count=2)


def _fill(field: str, text: str, nth: int = 0) -> tuple[Step, ...]:
    return (*press(field, nth), *key("ctrl+a"), *write(text))


@TASKS.task(
    "Rename the node {name} to {new} and deploy.",
    "The node {name} should be called {new}. Deploy the change.",
    "Change the name of the node {name} to {new}, then deploy the flows.",
    "Give {name} the new name {new} and press Deploy.",
)
def rename_node(case: Case) -> Job:
    """The name of a node."""
    flow = _flow(case)
    first, other = case.some([node for node in flow.nodes if node.kind != "debug"], 2)
    new = f"{case.pick(TOPICS)} {case.number(2, 40)}"
    right = flow.having(replace(first, name=new))
    return Job(
        {"name": first.name, "new": new},
        (flow,),
        _OPEN,
        (*_edit(first), *_fill("#node-input-name", new), *_DONE, *_DEPLOY),
        (right,),
        (
            miss("another node", flow.having(replace(other, name=new))),
            miss("the flow", replace(flow, tab=new)),
            miss("two nodes", right.having(replace(other, name=new))),
        ),
    )


@TASKS.task(
    "Let the node {name} send the text {word} instead of {old}, and deploy.",
    "The inject node {name} should send '{word}'. Change its payload and deploy.",
    "Change the payload of {name} from {old} to {word}, then deploy.",
    "{name} sends {old}. It should send {word}: change that and deploy the flow.",
)
def change_payload(case: Case) -> Job:
    """The payload of an inject node."""
    flow = _flow(case)
    first, other = (_node(flow, name) for name in case.some(("i0", "i1", "i2"), 2))
    word = f"{case.pick(TOPICS)} {case.number(2, 40)}"
    return Job(
        {"name": first.name, "word": word, "old": first.settings["payload"]},
        (flow,),
        _OPEN,
        (*_edit(first), *_fill(".red-ui-typedInput-input:not([type=hidden])", word, 1), *_DONE, *_DEPLOY),
        (flow.having(replace(first, settings={"payload": word})),),
        (
            miss("another node", flow.having(replace(other, settings={"payload": word}))),
            miss("as the name", flow.having(replace(first, name=word))),
        ),
    )


@TASKS.task(
    "Delete the node {name} and deploy.",
    "The node {name} is not needed any more. Remove it and deploy the flows.",
    "Take {name} out of the flow, then deploy.",
    "Remove only the node {name}, and deploy.",
)
def delete_node(case: Case) -> Job:
    """A node with its wires."""
    flow = _flow(case)
    first, other = case.some(flow.nodes, 2)
    return Job(
        {"name": first.name},
        (flow,),
        _OPEN,
        (*press(f"#{first.id} .red-ui-flow-node"), *key("delete"), *_DEPLOY),
        (flow.without(first.id),),
        (
            miss("another node", flow.without(other.id)),
            miss("two nodes", flow.without(first.id, other.id)),
            miss("only disabled", flow.having(replace(first, disabled=True))),
        ),
    )


@TASKS.task(
    "Disable the node {name} and deploy.",
    "The node {name} should be disabled for now; deploy that.",
    "Switch the node {name} to disabled, without deleting it, and deploy.",
    "Set {name} to disabled in its dialog, then deploy the flow.",
)
def disable_node(case: Case) -> Job:
    """A node that is kept but off."""
    flow = _flow(case)
    first, other = case.some([node for node in flow.nodes if node.kind != "inject"], 2)
    return Job(
        {"name": first.name},
        (flow,),
        _OPEN,
        (*_edit(first), *press("Enabled"), *_DONE, *_DEPLOY),
        (flow.having(replace(first, disabled=True)),),
        (
            miss("another node", flow.having(replace(other, disabled=True))),
            miss("deleted", flow.without(first.id)),
        ),
    )


@TASKS.task(
    "Connect the node {a} also to the node {b}, and deploy.",
    "Draw a wire from {a} to {b}; keep all other wires. Deploy afterwards.",
    "The output of {a} should go to {b} as well. Add the wire and deploy.",
    "Wire {a} to {b} in addition to what is there, then deploy.",
)
def add_wire(case: Case) -> Job:
    """A wire between two chains."""
    flow = _flow(case)
    one, other = case.some((0, 1, 2), 2)
    start, end = _node(flow, f"f{one}"), _node(flow, f"d{other}")
    right = replace(start, wires=(*start.wires, end.id))
    return Job(
        {"a": start.name, "b": end.name},
        (flow,),
        _OPEN,
        (
            *pull(f"#{start.id} .red-ui-flow-port-output rect", f"#{end.id} .red-ui-flow-port-input rect"),
            *_DEPLOY,
        ),
        (flow.having(right),),
        (
            miss("instead of the other wire", flow.having(replace(start, wires=(end.id,)))),
            miss("from another node", flow.having(replace(_node(flow, f"i{one}"), wires=(f"f{one}", end.id)))),
        ),
    )


@TASKS.task(
    "Rename the flow {tab} to {new} and deploy.",
    "The tab of the flow {tab} should be called {new}. Deploy it.",
    "Change the name of the flow from {tab} to {new}, then deploy.",
    "Call the flow {new} instead of {tab} and deploy.",
)
def rename_flow(case: Case) -> Job:
    """The name of the tab."""
    flow = _flow(case)
    new = f"{case.pick(TOWNS)} {case.number(2, 40)}"
    return Job(
        {"tab": flow.tab, "new": new},
        (flow,),
        _OPEN,
        (*press(".red-ui-tab.active", count=2), *_fill("#node-input-name", new), *_DONE, *_DEPLOY),
        (replace(flow, tab=new),),
        (
            miss("a node", flow.having(replace(flow.nodes[0], name=new))),
            miss("disabled too", replace(flow, tab=new, disabled=True)),
        ),
    )


@TASKS.task(
    "Let the function {name} do this only: {code} Deploy afterwards.",
    "The code of the function node {name} should be exactly: {code} Deploy it.",
    "Replace the code in the function {name} by {code} and deploy.",
    "Change the function {name} so that its code is {code} Then deploy.",
)
def write_function(case: Case) -> Job:
    """The code of a function node."""
    flow = _flow(case)
    first, other = (_node(flow, name) for name in case.some(("f0", "f1", "f2"), 2))
    code = f"msg.payload = {case.number(100, 999)}; return msg;"
    return Job(
        {"name": first.name, "code": code},
        (flow,),
        _OPEN,
        (
            *_edit(first),
            *press(".ace_content"),
            *key("ctrl+a"),
            *write(code),
            *_DONE,
            *_DEPLOY,
        ),
        (flow.having(replace(first, settings={"func": code})),),
        (
            miss("another node", flow.having(replace(other, settings={"func": code}))),
            miss("added to it", flow.having(replace(first, settings={"func": f"{code}return msg;"}))),
        ),
    )


@TASKS.task(
    "What text does the node {name} send? Answer with it.",
    "Look up the payload of the inject node {name}.",
    "Which text is sent by {name}? Do not change anything.",
    "Open the node {name} and tell me its payload.",
)
def payload_of(case: Case) -> Job:
    """A question about a node."""
    flow = _flow(case)
    first, other = (_node(flow, name) for name in case.some(("i0", "i1", "i2"), 2))
    return Job(
        {"name": first.name},
        (flow,),
        _OPEN,
        (*_edit(first), *press("Cancel")),
        answer=str(first.settings["payload"]),
        near=(miss("that of another", answer=str(other.settings["payload"])), miss("its name", answer=first.name)),
    )
